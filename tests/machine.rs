// SPDX-License-Identifier: GPL-2.0-or-later
//! A machine with disks made by the real tools, to run commands on.

use crate::image::{self, ImageDisk};
use crate::tool::{arg, run, run_with_input};
use arch::mem::{Access, Ram, Reserved};
use cmd::Context;
use cmd::testing::{RAM_BASE, RAM_SIZE, capture};
use env::Env;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// Bytes of a mebibyte.
pub const MIB: usize = 1 << 20;

/// Where the pretended loader is.
pub const LOADER: u64 = RAM_BASE + RAM_SIZE as u64 - 4 * MIB as u64;

/// Bytes of the pretended kernel.
pub const KERNEL: usize = 3_000_000;

/// The pretended kernel, `/boot/Image` of the GPT disk.
pub fn kernel() -> Vec<u8> {
    crate::random::Random::new(5).bytes(KERNEL)
}

/// A GPT disk with FAT16 and ext4.
pub fn gpt_disk() -> Vec<u8> {
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
        let disk = crate::tool::image(path, "disk.img", 40 << 20);
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
    let path = crate::tool::image(folder, tool, 16 << 20);
    run(tool, &[options, &[arg(&path)]].concat());
    path
}

/// A disk with an MBR and one empty partition.
pub fn dos_disk() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = crate::tool::image(folder.path(), "dos.img", 8 << 20);
    run_with_input(
        "sfdisk",
        &["-q", arg(&path)],
        "label: dos\nlabel-id: 0xcafe1234\nstart=2048, size=4096, type=83\n",
    );
    std::fs::read(path).unwrap()
}

/// A machine with these disks, a loader and a device tree in memory.
pub fn machine(disks: &[Arc<ImageDisk>]) -> Context {
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
pub fn usual() -> (Context, [Arc<ImageDisk>; 3]) {
    let disks = [gpt_disk(), dos_disk(), vec![0; MIB]].map(|bytes| ImageDisk::new(bytes, 512));
    (machine(&disks), disks)
}

/// The status and the output of a script.
pub fn shell(context: &mut Context, script: &str) -> (i32, String) {
    let console = capture();
    let status = context.run_script(script);
    (status, console.take())
}

/// Checks that a script fails with this as its whole output.
pub fn fails(context: &mut Context, script: &str, output: &str) {
    assert_eq!(shell(context, script), (1, output.to_string()), "{script}");
}

/// Checks that a script succeeds with this as its whole output.
pub fn prints(context: &mut Context, script: &str, output: &str) {
    assert_eq!(shell(context, script), (0, output.to_string()), "{script}");
}

/// Checks that a script loads these bytes, and says so.
pub fn loads(context: &mut Context, script: &str, expected: &[u8]) {
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
