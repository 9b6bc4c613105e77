// SPDX-License-Identifier: GPL-2.0-or-later
//! The commands for disks and files, on disks made by the real tools.

mod blk;
mod blkmap;
#[cfg(CONFIG_FAT_WRITE)]
mod change;
#[cfg(CONFIG_AUTO_COMPLETE)]
mod complete;
#[cfg(CONFIG_CMD_GPT)]
mod gpt;
mod load;
mod lsblk;
mod mbr;
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
    fails(&mut context, "ls pvblock 0:2 /none", "");
    fails(&mut context, "ls pvblock 0:2 hello.txt", "");
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
        "size pvblock 0:2 boot",
        "Failed to get the size of 'boot': is a directory\n",
    );
    fails(
        &mut context,
        "size pvblock 0:2 none",
        "Failed to get the size of 'none': not found\n",
    );
    prints(
        &mut context,
        "fstype pvblock 0:1; fstype pvblock 0:2 kind; echo ${kind}; fstypes",
        &format!(
            "fat\next4\nSupported filesystems: {}\n",
            fs::names().join(", ")
        ),
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
        "\n** Unable to use pvblock 0:2 for fatinfo **\n",
    );
}

#[test]
fn cat_fsuuid_and_fsinfo() {
    let (mut context, _) = usual();
    let context = &mut context;
    prints(
        context,
        "cat pvblock 0:2 /hello.txt",
        "Hello from the disk!\n",
    );
    fails(
        context,
        "cat pvblock 0:2 none",
        "File does not exist: ifname=pvblock dev=0:2 file=none\n",
    );
    fails(
        context,
        "cat pvblock 0:2 boot",
        "File-read failed: ifname=pvblock dev=0:2 file=boot: is a directory\n",
    );
    prints(
        context,
        "fsuuid pvblock 0:1; fsuuid pvblock 0:2 u; echo ${u}",
        "0123-ABCD\n01234567-89ab-cdef-0123-456789abcdef\n",
    );
    prints(
        context,
        "fsinfo pvblock 0:1",
        "Type:  fat\nLabel: BOOT\nUUID:  0123-ABCD\n\
         Size:  16 MiB (8167 x 2048)\nFree:  15.9 MiB (8165 x 2048)\n",
    );
    let (status, output) = shell(context, "fsinfo pvblock 0:2");
    let size = "Size:  16 MiB (16384 x 1024)\nFree:  ";
    assert!(status == 0 && output.contains(size), "{output}");
    let wrong = "** Can't use the file system on pvblock 1:1: not supported: no file system that is known\n";
    for command in [
        "cat pvblock 1:1 x",
        "fsuuid pvblock 1:1",
        "fsinfo pvblock 1:1",
    ] {
        fails(context, command, wrong);
    }
}
