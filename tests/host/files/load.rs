// SPDX-License-Identifier: GPL-2.0-or-later
//! `load` and its kind.

use cmd::testing::RAM_BASE;
use tests::machine::*;

#[test]
fn load() {
    let (mut context, _) = usual();
    let hello = b"Hello from the disk!\n";
    loads(
        &mut context,
        "load pvblock 0:2 0x43000000 /boot/Image",
        &kernel(),
    );
    assert_eq!(context.env.get("fileaddr"), Some("43000000"));
    loads(
        &mut context,
        "ext4load pvblock 0:2 43000000 vmlinuz",
        &kernel(),
    );
    loads(
        &mut context,
        "load pvblock 0#root ${loadaddr} hello.txt",
        hello,
    );
    loads(&mut context, "load pvblock 0 ${loadaddr} HELLO.TXT", hello);
    loads(
        &mut context,
        "fatload pvblock 0:auto ${loadaddr} /hello.txt",
        hello,
    );
    loads(
        &mut context,
        "load pvblock 0:2 ${loadaddr} hello.txt 4 6",
        b"from",
    );
    loads(
        &mut context,
        "load pvblock 0:2 ${loadaddr} hello.txt 0 6",
        b"from the disk!\n",
    );
    loads(
        &mut context,
        "load pvblock 0:2 ${loadaddr} hello.txt 100 100",
        b"",
    );
    loads(
        &mut context,
        "setenv bootfile hello.txt; setenv bootdevice 0:2; load pvblock",
        hello,
    );
    assert_eq!(context.env.get("fileaddr"), Some("42000000"));
}

#[test]
fn what_cannot_be_loaded() {
    let (mut context, disks) = usual();
    for (args, output) in [
        (
            "pvblock 0:2 42000000 none",
            "Failed to load 'none': not found\n",
        ),
        (
            "pvblock 0:2 42000000 hello.txt/x",
            "Failed to load 'hello.txt/x': not a directory\n",
        ),
        (
            "pvblock 0:2 42000000 boot",
            "Failed to load 'boot': is a directory\n",
        ),
        (
            "pvblock 9:2 42000000 x",
            "** Bad device specification pvblock 9 **\n",
        ),
        (
            "usb 0:2 42000000 x",
            "** Bad device specification usb 0 **\n",
        ),
        ("pvblock 0:7 42000000 x", "** Invalid partition 7 **\n"),
        (
            "pvblock 2:1 42000000 x",
            "** No partition table - pvblock 2 **\n",
        ),
        (
            "pvblock 0#none 42000000 x",
            "Could not find \"none\" partition\n",
        ),
        (
            "pvblock 1:1 42000000 x",
            "** Can't use the file system on pvblock 1:1: not supported: no file system that is known\n",
        ),
        ("pvblock 0:2", "** No boot file defined **\n"),
    ] {
        fails(&mut context, &format!("load {args}"), output);
    }
    for bad in [
        "zzz hello.txt",
        "42000000 hello.txt x",
        "42000000 hello.txt 1 x",
    ] {
        let (status, output) = shell(&mut context, &format!("load pvblock 0:2 {bad}"));
        assert_eq!((status, output.lines().count()), (1, 1), "{output}");
    }
    assert!(
        shell(&mut context, "load")
            .1
            .contains("Usage:\nload <interface>")
    );
    let needle = &kernel()[1_000_000..1_000_032];
    let bad = disks[0]
        .bytes()
        .windows(32)
        .position(|window| window == needle)
        .unwrap() as u64
        / 512;
    disks[0].break_block(bad);
    let output = format!("Failed to load 'vmlinuz': I/O error at block {bad}\n");
    fails(&mut context, "load pvblock 0:2 42000000 vmlinuz", &output);
    assert_eq!(context.env.get("filesize"), None);
}

#[test]
fn a_load_that_would_do_harm_is_refused_before_its_first_byte() {
    let (mut context, disks) = usual();
    // With its first block broken, a read would say something else.
    let start = tests::machine::kernel()[..8].to_vec();
    let at = disks[0].bytes()[18 * MIB..]
        .windows(8)
        .position(|window| window == start)
        .unwrap();
    disks[0].break_block((18 * MIB + at) as u64 / 512);
    let kernel = KERNEL as u64;
    for (address, part) in [
        (0, "is not in RAM"),
        (RAM_BASE - 1, "is not in RAM"),
        (u64::MAX - 4, "is not in RAM"),
        (LOADER, "it would overwrite the loader"),
        (LOADER - kernel + 1, "it would overwrite the loader"),
        (RAM_BASE + 0x100_1000, "it would overwrite the device tree"),
        (
            RAM_BASE + 0x100_0000 - kernel + 1,
            "it would overwrite the device tree",
        ),
    ] {
        let (status, output) = shell(
            &mut context,
            &format!("load pvblock 0:2 {address:x} /boot/Image"),
        );
        assert_eq!(status, 1);
        assert!(
            output.contains(part) && !output.contains("I/O"),
            "{address:x}: {output}"
        );
    }
    let reason = "it would overwrite the loader (0x43c00000-0x43ffffff)";
    let output = format!(
        "** Reading file would overwrite reserved memory **\nFailed to load '/boot/Image': {reason}\n"
    );
    fails(
        &mut context,
        &format!("load pvblock 0:2 {LOADER:x} /boot/Image"),
        &output,
    );
}

#[test]
fn xxd() {
    let (mut context, _) = usual();
    prints(
        &mut context,
        "xxd pvblock 0:2 /hello.txt",
        "00000000: 48 65 6c 6c 6f 20 66 72 6f 6d 20 74 68 65 20 64  Hello from the d\n\
         00000010: 69 73 6b 21 0a                                   isk!.\n",
    );
    for (file, message) in [
        (
            "none",
            "File does not exist: ifname=pvblock dev=0:2 file=none\n",
        ),
        (
            "boot",
            "Cannot read file: ifname=pvblock dev=0:2 file=boot: is a directory\n",
        ),
    ] {
        fails(&mut context, &format!("xxd pvblock 0:2 {file}"), message);
    }
}
