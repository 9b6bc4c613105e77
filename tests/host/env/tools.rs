// SPDX-License-Identifier: GPL-2.0-or-later
//! `fw_printenv`, `fw_setenv` and `mkenvimage` read and write the same bytes.

use super::*;
use common::Error;
use common::testing::capture;
use env::By;
use env::file::Files;
use std::path::Path;
use tests::image::ImageDisk;
use tests::tool::run_with_input;

const SIZE: usize = 0x20000;

/// A file with a disk's bytes, and the configuration of the tools for it.
struct File {
    folder: tempfile::TempDir,
    copies: usize,
}

impl File {
    fn new(bytes: &[u8], redundant: bool) -> File {
        let folder = tempfile::tempdir().unwrap();
        let copies = if redundant { 2 } else { 1 };
        let path = folder.path().join("disk.img");
        let lines: String = OFFSETS[..copies]
            .iter()
            .map(|offset| format!("{} {offset:#x} {SIZE:#x}\n", path.display()))
            .collect();
        std::fs::write(&path, bytes).unwrap();
        std::fs::write(folder.path().join("fw_env.config"), lines).unwrap();
        std::fs::write(folder.path().join("default"), "none=1\n").unwrap();
        File { folder, copies }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Runs one of the two tools.
    fn tool(&self, tool: &str, args: &[&str]) -> String {
        let (config, default) = (self.path("fw_env.config"), self.path("default"));
        let options = ["-c", arg(&config), "-f", arg(&default)];
        run(tool, &[&options[..], args].concat())
    }

    fn disk(&self) -> std::sync::Arc<ImageDisk> {
        ImageDisk::open(&self.path("disk.img"), 512)
    }
}

/// The variables as the tools print them.
fn printed(env: &Env) -> Vec<String> {
    let line = |(name, value)| format!("{name}={value}");
    env.sorted().into_iter().map(line).collect()
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<_> = text.lines().map(String::from).collect();
    lines.sort();
    lines
}

#[test]
fn the_tools_read_what_is_saved() {
    let console = capture();
    for redundant in [false, true] {
        let disk = ImageDisk::new(disk(), 512);
        let drivers = place("0:0", SIZE, redundant);
        for saves in 1..=3 {
            let mut env = started(drivers, &disk);
            env.set("saves", &saves.to_string()).unwrap();
            env.set("text", "a = \"b\" # gr\u{fc}n").unwrap();
            console.take();
            env.save(&model(&disk)).unwrap();
            let which = if redundant && saves == 2 {
                "redundant "
            } else {
                ""
            };
            assert_eq!(
                console.take(),
                format!("Saving Environment to BLK... Writing to {which}pvblock(0)... OK\n")
            );
            let file = File::new(&disk.bytes(), redundant);
            assert_eq!(sorted(&file.tool("fw_printenv", &[])), printed(&env));
        }
        assert_eq!(disk.flushes(), 3);
    }
}

#[test]
fn what_fw_setenv_writes_is_loaded() {
    let _console = capture();
    for redundant in [false, true] {
        let disk = ImageDisk::new(disk(), 512);
        let drivers = place("0:0", SIZE, redundant);
        let mut env = started(drivers, &disk);
        env.set("old", "1").unwrap();
        env.save(&model(&disk)).unwrap();
        let file = File::new(&disk.bytes(), redundant);
        for number in ["2", "3", "4"] {
            file.tool("fw_setenv", &["number", number]);
            file.tool("fw_setenv", &["words", "a b  c=d"]);
            let disk = file.disk();
            let mut env = started(drivers, &disk);
            assert!(!env.is_default());
            assert_eq!(env.get("number"), Some(number));
            assert_eq!(env.get("words"), Some("a b  c=d"));
            assert_eq!(env.get("old"), Some("1"));
            assert_eq!(sorted(&file.tool("fw_printenv", &[])), printed(&env));
            // And back again.
            env.put("words", number, By::User).unwrap();
            env.save(&model(&disk)).unwrap();
            let again = File::new(&disk.bytes(), redundant);
            assert_eq!(
                again.tool("fw_printenv", &["words"]),
                format!("words={number}\n")
            );
        }
        assert_eq!(file.copies, if redundant { 2 } else { 1 });
    }
}

#[test]
fn an_image_of_mkenvimage_is_loaded_and_the_same_bytes_are_saved() {
    let _console = capture();
    for redundant in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let made = made_image(folder.path(), "b=2\na=gr\u{fc}n\n", SIZE, redundant);
        let mut bytes = disk();
        bytes[OFFSETS[0] as usize..][..SIZE].copy_from_slice(&made);
        let disk = ImageDisk::new(bytes, 512);
        let drivers = place("0:0", SIZE, redundant);
        let mut env = started(drivers, &disk);
        assert_eq!((env.get("a"), env.get("b")), (Some("gr\u{fc}n"), Some("2")));
        assert!(!env.is_default());
        env.save(&model(&disk)).unwrap();
        let saved = OFFSETS[usize::from(redundant)] as usize;
        let sorted_text = made_image(folder.path(), "a=gr\u{fc}n\nb=2\n", SIZE, redundant);
        let mut saved = disk.bytes()[saved..][..SIZE].to_vec();
        if redundant {
            // mkenvimage makes the serial number 1.
            assert_eq!((made[4], saved[4]), (1, 2));
            saved[4] = 1;
        }
        assert!(saved == sorted_text);
    }
}

/// What mkenvimage makes of a text.
fn made_image(folder: &Path, text: &str, size: usize, redundant: bool) -> Vec<u8> {
    let out = folder.join("made");
    let size = size.to_string();
    let mut args = vec!["-s", &size, "-p", "0x00", "-o", arg(&out), "-"];
    if redundant {
        args.insert(0, "-r");
    }
    run_with_input("mkenvimage", &args, text);
    std::fs::read(out).unwrap()
}

#[test]
fn env_import_and_export_know_mkenvimage() {
    let (mut context, _) = tests::machine::usual();
    let folder = tempfile::tempdir().unwrap();
    let made = made_image(folder.path(), "a=1\nb=2\n", 0x1000, env::Env::HEADER == 5);
    let at = cmd::testing::RAM_BASE + 0x200_0000;
    context
        .ram
        .slice_mut(at, made.len())
        .unwrap()
        .copy_from_slice(&made);
    let (status, output) = tests::machine::shell(
        &mut context,
        &format!(
            "env import -c {at:x} 1000; env export -c -s 1000 {:x} a b",
            at + 0x1000
        ),
    );
    assert_eq!((status, output.as_str()), (0, ""));
    assert!(context.ram.slice(at + 0x1000, 0x1000).unwrap() == made);
}

/// Damage by random bits: the default environment, or one that was stored.
#[test]
fn damaged_images_are_never_taken() {
    let _console = capture();
    let folder = tempfile::tempdir().unwrap();
    let made = made_image(folder.path(), "a=1\nb=2\n", 512, true);
    let drivers = place("0:0", 512, true);
    let clean = disk();
    let mut random = tests::random::Random::new(11);
    let images = OFFSETS.map(|offset| offset as usize..offset as usize + 512);
    for _ in 0..300 {
        let mut bytes = clean.clone();
        for image in &images {
            bytes[image.clone()].copy_from_slice(&made);
        }
        random.damage(&mut bytes, &images);
        let damaged: Vec<_> = images
            .iter()
            .map(|image| bytes[image.clone()].to_vec())
            .collect();
        let disk = ImageDisk::new(bytes, 512);
        let env = started(drivers, &disk);
        let good = damaged
            .iter()
            .any(|image| image[..4] == made[..4] && image[5..] == made[5..]);
        assert_eq!(env.is_default(), !good);
        assert_eq!(env.get("a").is_some(), good);
        for (image, damaged) in images.iter().zip(&damaged) {
            assert!(
                disk.bytes()[image.clone()] == *damaged,
                "untouched until saveenv"
            );
        }
    }
}

#[test]
fn the_environment_takes_nobodys_place() {
    let console = capture();
    let folder = tempfile::tempdir().unwrap();
    let plain = image(folder.path(), "plain.img", 4 * MIB as u64);
    run("mkfs.fat", &[arg(&plain)]);
    let plain = std::fs::read(plain).unwrap();
    let table = disk();
    // An ext4 with a feature that nobody knows.
    let mut unknown = vec![0; 4 * MIB];
    unknown[1024 + 0x38..1024 + 0x3a].copy_from_slice(&[0x53, 0xef]);
    unknown[1024 + 0x4c] = 1;
    unknown[1024 + 0x63] = 0x80;
    let holds = |at: usize, magic: &[u8]| {
        let mut disk = vec![0; 4 * MIB];
        disk[at..at + magic.len()].copy_from_slice(magic);
        disk
    };
    let swap = image(folder.path(), "swap.img", 4 * MIB as u64);
    run("mkswap", &[arg(&swap)]);
    let (swap, luks) = (std::fs::read(swap).unwrap(), holds(0, b"LUKS\xba\xbe"));
    let at = |offsets: [u64; 2], spec| {
        drivers(Blk {
            interface: "pvblock",
            device_and_part: spec,
            offsets,
            size: 0x4000,
            redundant: true,
        })
    };
    for (bytes, offsets, spec, expected) in [
        (
            &table,
            [0x80000, 0x100000],
            "0:0",
            "The place of the environment on pvblock 0:0 belongs to partition 1",
        ),
        (
            &table,
            [0x2000, 0x80000],
            "0:0",
            "The place of the environment on pvblock 0:0 belongs to the partition table",
        ),
        (
            &table,
            [0x80000, 0x3fc000],
            "0:0",
            "The place of the environment on pvblock 0:0 belongs to ",
        ),
        (
            &table,
            [0x80000, 0x83e00],
            "0:0",
            "The copies of the environment at 0x80000 and 0x83e00 of pvblock 0:0 share a block",
        ),
        (
            &plain,
            OFFSETS,
            "0:0",
            "The place of the environment on pvblock 0:0 belongs to a file system",
        ),
        (
            &swap,
            OFFSETS,
            "0:0",
            "The place of the environment on pvblock 0:0 belongs to swap space",
        ),
        (
            &luks,
            OFFSETS,
            "0:0",
            "The place of the environment on pvblock 0:0 belongs to a LUKS volume",
        ),
        (
            &unknown,
            OFFSETS,
            "0:0",
            "Unable to see what is on pvblock 0:0: not supported: ",
        ),
        (
            &table,
            [0x2ffe00, 0x400000],
            "0:1",
            "Unable to write the environment at 0x2ffe00 of pvblock 0:1: out of range",
        ),
        (&table, OFFSETS, "0:2", "** Invalid partition 2 **"),
        (
            &table,
            OFFSETS,
            "1:0",
            "** Bad device specification pvblock 1 **",
        ),
    ] {
        let disk = ImageDisk::new(bytes.clone(), 512);
        let mut env = started(at(offsets, spec), &disk);
        console.take();
        assert!(env.save(&model(&disk)).is_err());
        let text = console.take();
        assert!(
            text.contains(expected) && text.contains("\nFailed (-"),
            "{text}"
        );
        assert!(*disk.bytes() == *bytes, "{text}");
    }
    let disk = ImageDisk::read_only(table.clone(), 512);
    let mut env = started(at(OFFSETS, "0:0"), &disk);
    assert_eq!(env.save(&model(&disk)), Err(Error::ReadOnly));
    // A partition without a file system is free.
    let disk = ImageDisk::new(table, 512);
    let drivers = at([0, 0x4000], "0:1");
    let mut env = started(drivers, &disk);
    env.set("a", "1").unwrap();
    env.save(&model(&disk)).unwrap();
    assert_eq!(started(drivers, &disk).get("a"), Some("1"));
    assert_eq!(disk.bytes()[MIB + 4], 1);
}

#[test]
fn a_file_on_fat_is_one_that_the_tools_know() {
    let _console = capture();
    let folder = tempfile::tempdir().unwrap();
    let path = image(folder.path(), "fat.img", 4 * MIB as u64);
    run("mkfs.fat", &[arg(&path)]);
    let disk = ImageDisk::open(&path, 512);
    let drivers = drivers(Files {
        interface: "pvblock",
        device_and_part: "0",
        file_system: "fat",
        files: ["uboot.env", ""],
        size: 0x2000,
        redundant: false,
    });
    let mut env = started(drivers, &disk);
    assert!(env.is_default());
    env.clear();
    env.set("a", "1").unwrap();
    env.save(&model(&disk)).unwrap();
    std::fs::write(&path, &*disk.bytes()).unwrap();
    run("fsck.fat", &["-n", arg(&path)]);
    let copy = folder.path().join("uboot.env");
    run("mcopy", &["-i", arg(&path), "::/uboot.env", arg(&copy)]);
    let made = made_image(folder.path(), "a=1\n", 0x2000, false);
    assert!(std::fs::read(&copy).unwrap() == made);
    // And a file of the tools is loaded.
    std::fs::write(&copy, made_image(folder.path(), "b=2\n", 0x2000, false)).unwrap();
    run(
        "mcopy",
        &["-o", "-i", arg(&path), arg(&copy), "::/uboot.env"],
    );
    let disk = ImageDisk::open(&path, 512);
    let env = started(drivers, &disk);
    assert_eq!((env.get("a"), env.get("b")), (None, Some("2")));
}
