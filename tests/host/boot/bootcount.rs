// SPDX-License-Identifier: GPL-2.0-or-later
//! The count of starts in a file on a guest's disk.

use super::MIB;
use boot::bootcount::{Counter, count};
use cmd::testing::capture;
use dm::Model;
use env::Env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tests::fsimage::{ext4, fat, mcopy, open, read};
use tests::image::{ImageDisk, model};
use tests::tool::{arg, image, run, run_with_input};

/// As `printf '\275\1\0\1' >/boot/failures` makes it.
const NEW: [u8; 4] = [0xbd, 1, 0, 1];
const EXCEEDED: &str = "Warning: Bootlimit (3) exceeded. Using altbootcmd.\n";

fn tree(folder: &Path, path: &str, record: &[u8]) -> PathBuf {
    let root = folder.join("root");
    _ = std::fs::remove_dir_all(&root);
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, record).unwrap();
    root
}

/// An ext4 disk without partitions.
fn ext4_disk(folder: &Path, record: &[u8]) -> PathBuf {
    let root = tree(folder, "boot/failures", record);
    ext4(folder, 8 * MIB, &root, &["-t", "ext4"])
}

/// A start: whether the limit is exceeded, the variable, and what was said.
fn start(model: &Model) -> (bool, String, String) {
    let console = capture();
    let mut env = Env::default();
    let exceeded = count(model, &mut env);
    let variable = env.get("bootcount").unwrap().to_string();
    (exceeded, variable, console.take())
}

/// Four starts of which the last one gives up, then a reset and one more.
fn four_starts(disk: &Arc<ImageDisk>, path: &str, place: u64) {
    let model = model(std::slice::from_ref(disk));
    for number in 1..=3 {
        assert_eq!(start(&model), (false, number.to_string(), String::new()));
    }
    assert_eq!(start(&model), (true, "4".into(), EXCEEDED.into()));
    let content = || {
        let bytes = disk.bytes()[place as usize..].to_vec();
        read(open(&ImageDisk::new(bytes, 512)).as_ref(), path).unwrap()
    };
    assert_eq!(content(), [0xbd, 1, 4, 1]);
    let mut env = Env::empty();
    let counter = Counter::find(&model, &env).unwrap();
    counter.keep(&model, &mut env, 0).unwrap();
    assert_eq!(content(), NEW);
    assert_eq!(start(&model), (false, "1".into(), String::new()));
}

#[test]
fn too_many_starts_are_noticed_on_ext4_and_fat() {
    let folder = tempfile::tempdir().unwrap();
    let path = ext4_disk(folder.path(), &NEW);
    four_starts(&ImageDisk::open(&path, 512), "boot/failures", 0);
    let root = tree(folder.path(), "boot/failures", &NEW);
    let path = fat(folder.path(), 40 * MIB, &["-F", "32"]);
    mcopy(&path, &root);
    four_starts(&ImageDisk::open(&path, 512), "boot/failures", 0);
}

#[test]
fn the_file_may_be_on_a_partition_for_boot() {
    let folder = tempfile::tempdir().unwrap();
    let root = tree(folder.path(), "failures", &NEW);
    let boot = ext4(folder.path(), 8 * MIB, &root, &["-t", "ext4"]);
    let disk = image(folder.path(), "disk", 20 * MIB);
    let partitions = ["-n", "1:2048:+4M", "-n", "2:10240:+8M", arg(&disk)];
    run("sgdisk", &partitions);
    let mut bytes = std::fs::read(disk).unwrap();
    let place = 5 * MIB as usize;
    bytes[place..place + (8 << 20)].copy_from_slice(&std::fs::read(boot).unwrap());
    four_starts(&ImageDisk::new(bytes, 512), "failures", 5 * MIB);
}

#[test]
fn a_file_system_that_was_not_unmounted_counts_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = ext4_disk(folder.path(), &NEW);
    let other = folder.path().join("block");
    std::fs::write(&other, [1; 1024]).unwrap();
    let script = format!("jo\njw -b 5000 {}\njc\n", arg(&other));
    run_with_input("debugfs", &["-w", arg(&path)], &script);
    let features = run("dumpe2fs", &["-h", arg(&path)]);
    assert!(features.contains("needs_recovery"), "{features}");
    four_starts(&ImageDisk::open(&path, 512), "boot/failures", 0);
}

#[test]
fn nothing_is_written_unasked() {
    let folder = tempfile::tempdir().unwrap();
    for (record, said) in [
        (&[0xbd, 1, 9, 0][..], ""),
        (&[0xbc, 1, 9, 1], "Incorrect bootcount file\n"),
        (&[0xbd, 2, 9, 1], "Incorrect bootcount file\n"),
        (&[0xbd, 1, 9], "Incorrect bootcount file\n"),
        (&[0xbd, 1, 9, 1, 0], "Incorrect bootcount file\n"),
    ] {
        let disk = ImageDisk::open(&ext4_disk(folder.path(), record), 512);
        let before = disk.bytes().clone();
        let model = model(std::slice::from_ref(&disk));
        assert_eq!(
            start(&model),
            (false, "1".into(), said.into()),
            "{record:?}"
        );
        assert!(*disk.bytes() == before && disk.writes() == 0);
    }
    let root = tree(folder.path(), "boot/vmlinuz", b"kernel");
    let disk = ImageDisk::open(&ext4(folder.path(), 8 * MIB, &root, &["-t", "ext4"]), 512);
    let model = model(std::slice::from_ref(&disk));
    assert_eq!(start(&model), (false, "1".into(), String::new()));
    assert_eq!(disk.writes(), 0);
}

#[test]
fn a_count_that_cannot_be_written_does_not_stop_the_guest() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(ext4_disk(folder.path(), &[0xbd, 1, 2, 1])).unwrap();
    let model = model(&[ImageDisk::read_only(bytes, 512)]);
    let (exceeded, variable, said) = start(&model);
    assert!(!exceeded && variable == "3", "{variable}");
    assert!(said.starts_with("Error storing bootcount: "), "{said}");
    // The count stops at its largest value.
    let disk = ImageDisk::open(&ext4_disk(folder.path(), &[0xbd, 1, 255, 1]), 512);
    let model = tests::image::model(&[disk]);
    for _ in 0..2 {
        assert_eq!(start(&model), (true, "256".into(), EXCEEDED.into()));
    }
}
