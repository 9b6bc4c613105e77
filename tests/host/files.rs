// SPDX-License-Identifier: GPL-2.0-or-later
//! The commands for disks and files, on disks made by the real tools.

use arch::mem::{Access, Ram, Reserved};
use cmd::Context;
use cmd::testing::{RAM_BASE, RAM_SIZE, capture};
use env::Env;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tests::image::{self, ImageDisk};
use tests::tool::{arg, run, run_with_input};

const MIB: usize = 1 << 20;
/// Where the pretended loader is.
const LOADER: u64 = RAM_BASE + RAM_SIZE as u64 - 4 * MIB as u64;
const KERNEL: usize = 3_000_000;

fn kernel() -> Vec<u8> {
    tests::random::Random::new(5).bytes(KERNEL)
}

/// A GPT disk with FAT16 and ext4.
fn gpt_disk() -> Vec<u8> {
    static MADE: OnceLock<Vec<u8>> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("boot")).unwrap();
        std::fs::write(root.join("boot/Image"), kernel()).unwrap();
        std::fs::write(root.join("hello.txt"), "Hello from the disk!\n").unwrap();
        std::os::unix::fs::symlink("boot/Image", root.join("vmlinuz")).unwrap();
        let path = folder.path();
        let fat = formatted(
            path,
            "mkfs.fat",
            &["-F", "16", "-n", "BOOT", "-i", "0123abcd"],
        );
        run(
            "mcopy",
            &[
                "-i",
                arg(&fat),
                arg(&root.join("hello.txt")),
                "::/hello.txt",
            ],
        );
        run("mmd", &["-i", arg(&fat), "::/dir"]);
        let ext4 = formatted(
            path,
            "mke2fs",
            &[
                "-q",
                "-F",
                "-t",
                "ext4",
                "-U",
                "01234567-89ab-cdef-0123-456789abcdef",
                "-d",
                arg(&root),
            ],
        );
        let disk = tests::tool::image(path, "disk.img", 40 << 20);
        let guid = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
        run(
            "sgdisk",
            &[
                "-n",
                "1:2048:+16M",
                "-t",
                "1:ef00",
                "-c",
                "1:system",
                "-n",
                "2:36864:+16M",
                "-c",
                "2:root",
                "-u",
                &format!("2:{guid}"),
                arg(&disk),
            ],
        );
        let mut bytes = std::fs::read(disk).unwrap();
        for (at, part) in [(MIB, fat), (18 * MIB, ext4)] {
            bytes[at..at + 16 * MIB].copy_from_slice(&std::fs::read(part).unwrap());
        }
        bytes
    })
    .clone()
}

fn formatted(folder: &Path, tool: &str, options: &[&str]) -> std::path::PathBuf {
    let path = tests::tool::image(folder, tool, 16 << 20);
    run(tool, &[options, &[arg(&path)]].concat());
    path
}

fn dos_disk() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = tests::tool::image(folder.path(), "dos.img", 8 << 20);
    run_with_input(
        "sfdisk",
        &["-q", arg(&path)],
        "label: dos\nlabel-id: 0xcafe1234\nstart=2048, size=4096, type=83\n",
    );
    std::fs::read(path).unwrap()
}

/// A machine with these disks, a loader and a device tree in memory.
fn machine(disks: &[Arc<ImageDisk>]) -> Context {
    let reserved = vec![
        Reserved {
            range: LOADER..RAM_BASE + RAM_SIZE as u64,
            what: "loader",
            access: Access::Private,
        },
        Reserved {
            range: RAM_BASE + 0x100_0000..RAM_BASE + 0x100_2000,
            what: "device tree",
            access: Access::NoLoad,
        },
    ];
    let ram = Ram::in_buffer(RAM_BASE, RAM_SIZE, reserved);
    let mut env = Env::default();
    env.set("loadaddr", "42000000").unwrap();
    Context::new(ram, Arc::new(image::model(disks)), env)
}

/// A machine with the GPT disk, the DOS disk and a disk without partitions.
fn usual() -> (Context, [Arc<ImageDisk>; 3]) {
    let disks = [gpt_disk(), dos_disk(), vec![0; MIB]].map(|bytes| ImageDisk::new(bytes, 512));
    (machine(&disks), disks)
}

/// The status and the output of a script.
fn shell(context: &mut Context, script: &str) -> (i32, String) {
    let console = capture();
    let status = context.run_script(script);
    (status, console.take())
}

/// Checks that a script fails with this as its whole output.
fn fails(context: &mut Context, script: &str, output: &str) {
    assert_eq!(shell(context, script), (1, output.to_string()), "{script}");
}

/// Checks that a script succeeds with this as its whole output.
fn prints(context: &mut Context, script: &str, output: &str) {
    assert_eq!(shell(context, script), (0, output.to_string()), "{script}");
}

fn loads(context: &mut Context, script: &str, expected: &[u8]) {
    let (status, output) = shell(context, script);
    assert_eq!(status, 0, "{script}: {output}");
    let line = format!("{} bytes read in ", expected.len());
    assert!(
        output.starts_with(&line) && output.contains(" ms"),
        "{script}: {output}"
    );
    assert_eq!(
        context.env.get_hex("filesize", u64::MAX),
        expected.len() as u64,
        "{script}"
    );
    let address = context.env.get_hex("fileaddr", 0);
    assert!(
        context.ram.slice(address, expected.len()).unwrap() == expected,
        "{script}"
    );
}

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
    let start = self::kernel()[..8].to_vec();
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

#[test]
fn part() {
    let (mut context, disks) = usual();
    assert!(
        shell(&mut context, "part list pvblock 0")
            .1
            .contains("Partition Map for pvblock device 0  --   Partition Type: EFI")
    );
    assert!(
        shell(&mut context, "part list pvblock 1")
            .1
            .contains("  1\t2048      \t4096      \tcafe1234-01\t83\n")
    );
    prints(
        &mut context,
        "part list pvblock 2",
        "## Unknown partition table type 0\n",
    );
    prints(
        &mut context,
        "part list pvblock 0 a; part list pvblock 0 -bootable b; echo ${a}/${b}",
        "1 2/1\n",
    );
    let guid = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    prints(
        &mut context,
        "part uuid pvblock 0:2; part uuid pvblock 1:1 u; echo ${u}",
        &format!("{guid}\ncafe1234-01\n"),
    );
    prints(
        &mut context,
        "part start pvblock 0 2; part size pvblock 0 root s; echo ${s}",
        "9000\n8000\n",
    );
    prints(
        &mut context,
        &format!(
            "part number pvblock 0 {}; part name pvblock 0 1",
            guid.to_uppercase()
        ),
        "0x2\nsystem\n",
    );
    prints(
        &mut context,
        "part types",
        "Supported partition tables: EFI, DOS\n",
    );
    fails(
        &mut context,
        "part start pvblock 0 7",
        "** No partition '7' on pvblock 0 **\n",
    );
    fails(
        &mut context,
        "part uuid pvblock 2:1",
        "** No partition table - pvblock 2 **\n",
    );
    fails(
        &mut context,
        "part list pvblock x",
        "** Bad device specification pvblock x **\n",
    );
    assert!(
        shell(&mut context, "part list pvblock 0 -x v")
            .1
            .starts_with("Unknown option -x\n")
    );
    let end = disks[0].bytes().len();
    disks[0].bytes()[512..1024].fill(0);
    disks[0].bytes()[end - 512..].fill(0);
    let output = "** Can't use device pvblock 0: corrupt: GPT: no header signature **\n";
    fails(&mut context, "part list pvblock 0", output);
    fails(&mut context, "load pvblock 0:2 42000000 hello.txt", output);
}

#[cfg(CONFIG_CMD_PVBLOCK)]
#[test]
fn pvblock() {
    let (mut context, disks) = usual();
    let facts = "Vendor: (Xen) Rev: 1.0 Prod: (Xen Virtual)\n            Type: Hard Disk\n            Capacity: ";
    let sizes = [
        "40.0 MB = 0.0 GB (81920 x 512)",
        "8.0 MB = 0.0 GB (16384 x 512)",
        "1.0 MB = 0.0 GB (2048 x 512)",
    ];
    let info: String = sizes
        .iter()
        .enumerate()
        .map(|(i, size)| format!("Device {i}: {facts}{size}\n"))
        .collect();
    prints(&mut context, "pvblock info", &info);
    prints(
        &mut context,
        "pvblock device",
        &format!("\nIDE device 0: {facts}{}\n", sizes[0]),
    );
    let set = format!(
        "\nDevice 2: {facts}{}\n... is now current device\n",
        sizes[2]
    );
    prints(&mut context, "pvblock device 2", &set);
    fails(
        &mut context,
        "pvblock device 42",
        "\nDevice 42: unknown device\n",
    );
    fails(
        &mut context,
        "pvblock device x",
        "\nDevice x: unknown device\n",
    );
    prints(
        &mut context,
        "pvblock device",
        &format!("\nIDE device 2: {facts}{}\n", sizes[2]),
    );
    assert_eq!(
        shell(&mut context, "pvblock part")
            .1
            .matches("Partition Map for")
            .count(),
        2
    );
    fails(
        &mut context,
        "pvblock part 42",
        "\npvblock device 42 not available\n",
    );

    shell(&mut context, "mw.b 42000000 5a 400");
    prints(
        &mut context,
        "pvblock write 42000000 10 2",
        "\npvblock write: device 2 block # 16, count 2 ... 2 blocks written: OK\n",
    );
    assert!(
        disks[2].bytes()[0x2000..0x2400]
            .iter()
            .all(|&byte| byte == 0x5a)
    );
    assert_eq!(
        disks[2].bytes().iter().filter(|&&byte| byte != 0).count(),
        0x400
    );
    assert_eq!(disks[2].flushes(), 1);
    prints(
        &mut context,
        "pvblock read 42000001 11 1",
        "\npvblock read: device 2 block # 17, count 1 ... 1 blocks read: OK\n",
    );
    let beyond =
        "\npvblock read: device 2 block # 2047, count 2 ... 0 blocks read: ERROR (out of range)\n";
    fails(&mut context, "pvblock read 42000000 7ff 2", beyond);
    disks[2].break_block(20);
    let bad = "\npvblock read: device 2 block # 16, count 8 ... 0 blocks read: ERROR (I/O error at block 20)\n";
    fails(&mut context, "pvblock read 42000000 10 8", bad);
    for address in [LOADER, 0, RAM_BASE + 0x100_0000] {
        let (status, output) = shell(&mut context, &format!("pvblock read {address:x} 0 1"));
        assert!(
            status == 1 && output.lines().count() == 1 && !output.contains("read:"),
            "{output}"
        );
    }
    let (status, output) = shell(&mut context, "pvblock write 42000000 0 ffffffffffffffff");
    assert!(status == 1 && !output.contains("OK"), "{output}");
    assert!(
        shell(&mut context, "pvblock")
            .1
            .contains("Usage:\npvblock info")
    );

    let mut context = machine(&[ImageDisk::read_only(vec![0; MIB], 4096)]);
    let refused =
        "\npvblock write: device 0 block # 0, count 1 ... 0 blocks written: ERROR (read-only)\n";
    fails(&mut context, "pvblock write 42000000 0 1", refused);
    prints(
        &mut context,
        "pvblock part",
        "\nno pvblock partition table available\n",
    );
    fails(
        &mut machine(&[]),
        "pvblock device",
        "\nno pvblock devices available\n",
    );
}

#[cfg(all(CONFIG_CMD_READ, CONFIG_CMD_WRITE))]
#[test]
fn read_and_write() {
    let (mut context, disks) = usual();
    prints(&mut context, "read pvblock 0:2 42000000 2 2", "");
    let expected = disks[0].bytes()[18 * MIB + 1024..18 * MIB + 2048].to_vec();
    assert!(context.ram.slice(RAM_BASE + 0x200_0000, 1024).unwrap() == expected);
    prints(
        &mut context,
        "write pvblock 1:1 42000000 fff 1; read pvblock 0#root 42000000 0 1",
        "",
    );
    assert!(disks[1].bytes()[6143 * 512..6144 * 512] == expected[..512]);
    assert_eq!(disks[1].flushes(), 1);
    fails(
        &mut context,
        "write pvblock 1:1 42000000 fff 2",
        "write out of range\n",
    );
    fails(
        &mut context,
        "read pvblock 1:0 42000000 4000 1",
        "read out of range\n",
    );
    disks[2].break_block(3);
    fails(
        &mut context,
        "read pvblock 2 42000000 0 8",
        "read error: I/O error at block 3\n",
    );
    fails(
        &mut context,
        "read pvblock 1:2 42000000 0 8",
        "** Invalid partition 2 **\n",
    );
    assert_eq!(
        shell(&mut context, &format!("read pvblock 2 {LOADER:x} 0 1")).0,
        1
    );
}
