// SPDX-License-Identifier: GPL-2.0-or-later
//! `save`, `mkdir`, `rm`, `mv`, `ln` and the FAT commands of their kind.

use cmd::Context;
use tests::fsimage::fsck_fat;
use tests::image::ImageDisk;
use tests::machine::*;

/// Checks that a script says how many bytes were written.
fn saves(context: &mut Context, script: &str, len: usize) {
    let (status, output) = shell(context, script);
    let line = format!("{len} bytes written in ");
    assert!(
        status == 0 && output.starts_with(&line),
        "{script}: {output}"
    );
}

fn check(disk: &ImageDisk) {
    assert_eq!(fsck_fat(&disk.bytes()[MIB..17 * MIB]), None);
    assert!(disk.is_flushed());
}

#[test]
fn save() {
    let (mut context, disks) = usual();
    let context = &mut context;
    loads(context, "load pvblock 0:2 43000000 boot/Image", &kernel());
    saves(
        context,
        "save pvblock 0:1 43000000 /dir/Image ${filesize}",
        KERNEL,
    );
    loads(context, "load pvblock 0:1 42000000 dir/image", &kernel());
    // The file ends where the written part ends.
    saves(context, "fatwrite pvblock 0:1 43000001 dir/Image 10 8", 16);
    let expected = [&kernel()[..8], &kernel()[1..17]].concat();
    loads(context, "fatload pvblock 0:1 42000000 dir/Image", &expected);
    saves(context, "save pvblock 0:1 43000000 dir/Image 0", 0);
    prints(
        context,
        "size pvblock 0:1 dir/Image; echo ${filesize}",
        "0\n",
    );
    check(&disks[0]);
}

#[test]
fn what_cannot_be_saved() {
    let (mut context, disks) = usual();
    let before = disks[0].bytes().clone();
    let context = &mut context;
    for (args, file, why) in [
        ("none/x 10", "none/x", "not found"),
        (
            "hello.txt 10 100",
            "hello.txt",
            "invalid: an offset beyond the end of the file",
        ),
        (
            "new 10 1",
            "new",
            "invalid: an offset beyond the end of the file",
        ),
        ("/. 10", "/.", "invalid: the names . and .. are taken"),
        ("dir 10", "dir", "is a directory"),
        (
            "a:b 10",
            "a:b",
            "invalid: a character that FAT has not in file names",
        ),
        ("big 1000000", "big", "no space left"),
    ] {
        let output = format!("** Unable to write file {file} ** ({why})\n");
        fails(
            context,
            &format!("save pvblock 0:1 42000000 {args}"),
            &output,
        );
    }
    let (status, output) = shell(context, "save pvblock 0:1 0 x 10");
    assert!(status == 1 && output.contains("is not in RAM"), "{output}");
    assert!(
        shell(context, "save pvblock 0:1 42000000 x")
            .1
            .contains("Usage:\nsave <interface>")
    );
    fails(
        context,
        "fatwrite pvblock 0:2 42000000 x 1",
        "** Can't use the FAT on pvblock 0:2: not supported: no file system that is known\n",
    );
    assert!(*disks[0].bytes() == before);

    let mut context = machine(&[ImageDisk::read_only(before, 512)]);
    let output = "** Unable to write file x ** (read-only)\n";
    fails(&mut context, "save pvblock 0:1 42000000 x 10", output);
}

#[test]
fn ext4_is_overwritten_in_place() {
    let (mut context, disks) = usual();
    let context = &mut context;
    let text = b"What is written here.";
    context
        .ram
        .slice_mut(0x4200_0000, 21)
        .unwrap()
        .copy_from_slice(text);
    saves(context, "save pvblock 0:2 42000000 hello.txt 15", 21);
    loads(context, "ext4load pvblock 0:2 43000000 hello.txt", text);
    saves(context, "save pvblock 0:2 42000000 hello.txt 4 11", 4);
    loads(
        context,
        "load pvblock 0:2 43000000 hello.txt",
        b"What is written hWhat",
    );
    let before = disks[0].bytes().clone();
    for (args, why) in [
        (
            "hello.txt 14",
            "a write that would change the size of the file",
        ),
        ("new 14", "making a file that is not there yet"),
    ] {
        let file = args.split(' ').next().unwrap();
        let output = format!("** Unable to write file {file} ** (not supported: ext4: {why})\n");
        fails(
            context,
            &format!("save pvblock 0:2 42000000 {args}"),
            &output,
        );
    }
    let output = "** Unable to create link hello.txt -> link ** (not supported: making symbolic links on this file system)\n";
    fails(context, "ln pvblock 0:2 hello.txt link", output);
    fails(
        context,
        "mkdir pvblock 0:2 new",
        "** Unable to create a directory \"new\" ** (not supported: writing to this file system)\n",
    );
    assert!(*disks[0].bytes() == before);
}

#[test]
fn mkdir_and_rm() {
    let (mut context, disks) = usual();
    let context = &mut context;
    prints(
        context,
        "mkdir pvblock 0:1 dir/sub; fatmkdir pvblock 0:1 /dir/sub/x",
        "",
    );
    let listing = "            ./\n            ../\n            x/\n\n0 file(s), 3 dir(s)\n\n";
    prints(context, "ls pvblock 0:1 dir/sub", listing);
    for (path, why) in [
        ("none/dir", "not found"),
        (".", "invalid: the names . and .. are taken"),
        ("dir", "exists already"),
    ] {
        let output = format!("** Unable to create a directory \"{path}\" ** ({why})\n");
        fails(context, &format!("mkdir pvblock 0:1 {path}"), &output);
    }
    for (path, output) in [
        ("dir/none", "none: doesn't exist (-2)\n"),
        ("dir/sub", "Error: directory is not empty\n"),
        ("dir/sub/.", "Error: directory is not empty\n"),
        ("dir/sub/..", "Error: directory is not empty\n"),
        ("/", "Error: invalid: cannot remove root\n"),
    ] {
        fails(context, &format!("rm pvblock 0:1 {path}"), output);
    }
    prints(
        context,
        "rm pvblock 0:1 dir/sub/x; fatrm pvblock 0:1 dir/sub",
        "",
    );
    prints(context, "rm pvblock 0:1 hello.txt", "");
    fails(context, "ls pvblock 0:1 dir/sub", "");
    prints(
        context,
        "ls pvblock 0:1",
        "            dir/\n\n0 file(s), 1 dir(s)\n\n",
    );
    check(&disks[0]);
}

#[test]
fn mv() {
    let (mut context, disks) = usual();
    let context = &mut context;
    let hello = b"Hello from the disk!\n";
    prints(
        context,
        "mkdir pvblock 0:1 other; mkdir pvblock 0:1 dir/in",
        "",
    );
    // Into a directory, then to another name, then over a file.
    prints(context, "mv pvblock 0:1 /hello.txt dir/", "");
    prints(
        context,
        "fatrename pvblock 0:1 dir/hello.txt other/greeting",
        "",
    );
    saves(context, "save pvblock 0:1 42000000 other/file 100", 256);
    prints(context, "mv pvblock 0:1 other/greeting other/file", "");
    loads(context, "load pvblock 0:1 43000000 other/file", hello);
    prints(context, "mv pvblock 0:1 other/file other/file", "");
    prints(context, "mv pvblock 0:1 other dir", "");
    loads(context, "load pvblock 0:1 43000000 dir/other/file", hello);
    check(&disks[0]);
    for args in [
        "none x",
        "dir dir/in",
        "dir dir/in/../in/x",
        "dir/in dir/other/file",
        "dir none/x",
        "dir/in a?b",
    ] {
        fails(context, &format!("mv pvblock 0:1 {args}"), "");
    }
    fails(
        context,
        "mv pvblock 0:2 hello.txt x",
        "** Unable to rename hello.txt -> x ** (not supported: writing to this file system)\n",
    );
    check(&disks[0]);
}
