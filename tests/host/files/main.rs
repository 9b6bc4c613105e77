// SPDX-License-Identifier: GPL-2.0-or-later
//! The commands for disks and files, on disks made by the real tools.

mod blk;
#[cfg(CONFIG_CMD_GPT)]
mod gpt;
mod load;
mod progress;

use tests::machine::*;

#[test]
fn ls_and_size() {
    let (mut context, _) = usual();
    let ext4 = "            ./\n            ../\n            lost+found/\n            boot/\n\
        \x20      21   hello.txt\n    <SYM>   vmlinuz\n\n2 file(s), 4 dir(s)\n\n";
    let (_, output) = shell(&mut context, "ls pvblock 0:2");
    let mut lines: Vec<_> = output.lines().collect();
    let mut expected: Vec<_> = ext4.lines().collect();
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);
    prints(
        &mut context,
        "fatls pvblock 0:1",
        "       21   hello.txt\n            dir/\n\n1 file(s), 1 dir(s)\n\n",
    );
    fails(
        &mut context,
        "ls pvblock 0:2 /none",
        "Failed to list '/none': not found\n",
    );
    fails(
        &mut context,
        "ls pvblock 0:2 hello.txt",
        "Failed to list 'hello.txt': not a directory\n",
    );
    let wrong = "not supported: no file system that is known\n";
    fails(
        &mut context,
        "ext4ls pvblock 0:1",
        &format!("** Can't use the ext4 on pvblock 0:1: {wrong}"),
    );
    fails(
        &mut context,
        "fatls pvblock 0:2",
        &format!("** Can't use the FAT on pvblock 0:2: {wrong}"),
    );
    prints(
        &mut context,
        "size pvblock 0:2 boot/Image; echo ${filesize}",
        "2dc6c0\n",
    );
    prints(
        &mut context,
        "ext4size pvblock 0:2 vmlinuz; fatsize pvblock 0:1 hello.txt; echo ${filesize}",
        "15\n",
    );
    fails(
        &mut context,
        "size pvblock 0:2 none",
        "Failed to get the size of 'none': not found\n",
    );
    prints(
        &mut context,
        "fstype pvblock 0:1; fstype pvblock 0:2 kind; echo ${kind}; fstypes",
        "fat\next4\nSupported filesystems: fat, ext4\n",
    );
}

#[test]
fn fatinfo() {
    let (mut context, _) = usual();
    let output = "Interface:  pvblock\n  Device 0: Vendor: (Xen) Rev: 1.0 Prod: (Xen Virtual)\n            Type: Hard Disk\n\
        \x20           Capacity: 40.0 MB = 0.0 GB (81920 x 512)\nFilesystem: FAT16 \"BOOT       \"\n";
    prints(&mut context, "fatinfo pvblock 0:1", output);
    fails(
        &mut context,
        "fatinfo pvblock 0:2",
        "** Unable to use pvblock 0:2 for fatinfo **\n",
    );
}
