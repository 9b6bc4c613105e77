// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading FAT.

use common::Error;
use tests::fsimage::*;
use tests::image::ImageDisk;
use tests::tool::{arg, run};

#[test]
fn fat_of_all_widths() {
    let folder = tempfile::tempdir().unwrap();
    let (root, files) = tree(folder.path());
    // mtools takes a FAT32 with few clusters for a FAT16: hence the sizes.
    let cases: [(u64, &[&str], u32); 6] = [
        (2 * MIB, &["-F", "12"], 512),
        (16 * MIB, &["-F", "16"], 512),
        (40 * MIB, &["-F", "32", "-s", "1"], 512),
        (140 * MIB, &["-F", "32", "-s", "4"], 512),
        (300 * MIB, &["-F", "32", "-S", "4096"], 4096),
        (40 * MIB, &["-F", "16", "-S", "2048"], 512),
    ];
    for (size, options, block_size) in cases {
        let path = fat(folder.path(), size, options);
        mcopy(&path, &root);
        let fs = open(&ImageDisk::open(&path, block_size));
        assert_eq!(
            (fs.name(), fs.label().as_str(), fs.uuid().as_str()),
            ("fat", "MY DISK", "12AB-34CD")
        );
        check_files(fs.as_ref(), &files);
        assert_eq!(
            read(fs.as_ref(), "BOOT\\image").unwrap(),
            files["boot/Image"],
            "{options:?}"
        );
        assert_eq!(
            names(fs.as_ref(), "/boot"),
            [".", "..", "Image", "extlinux", "initrd.img-6.1.0-amd64"]
        );
    }
}

#[test]
fn fragmented_fat_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = fat(folder.path(), 40 * MIB, &["-F", "32", "-s", "1"]);
    let filler = folder.path().join("filler");
    std::fs::write(&filler, contents(512)).unwrap();
    for i in 0..40 {
        run(
            "mcopy",
            &["-i", arg(&path), arg(&filler), &format!("::/filler{i}")],
        );
    }
    for i in (0..40).step_by(2) {
        run("mdel", &["-i", arg(&path), &format!("::/filler{i}")]);
    }
    let big = folder.path().join("big");
    std::fs::write(&big, contents(100_000)).unwrap();
    // FAT32 remembers where the last free cluster was: forget it, so that gaps are used.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[512 + 492..512 + 496].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    run("mcopy", &["-i", arg(&path), arg(&big), "::/big"]);
    let image = ImageDisk::open(&path, 512);
    let fs = open(&image);
    image.take_reads();
    assert_eq!(read(fs.as_ref(), "big").unwrap(), contents(100_000));
    // The fragments of one cluster, the rest, and what tells where they are.
    let (reads, _) = image.take_reads();
    assert!((21..40).contains(&reads), "{reads} reads");
}

#[test]
fn a_root_directory_without_a_cluster_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = fat(folder.path(), 40 * MIB, &["-F", "32", "-s", "1"]);
    for root in [0u32, 1, 0x0fff_fff0] {
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[44..48].copy_from_slice(&root.to_le_bytes());
        let found = fs::probe(&ImageDisk::new(bytes, 512).range(), None);
        assert!(matches!(found.err(), Some(Error::Corrupt(_))), "{root}");
    }
}

#[test]
fn damaged_fat_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let root = small_tree(folder.path());
    for (size, width, seed) in [(MIB, "12", 1), (8 * MIB, "16", 2), (34 * MIB, "32", 3)] {
        let path = fat(
            folder.path(),
            size,
            &[
                "-F",
                width,
                "-s",
                "1",
                "-R",
                if width == "32" { "32" } else { "1" },
            ],
        );
        mcopy(&path, &root);
        let bytes = std::fs::read(&path).unwrap();
        let sector = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]])) * 512;
        let table = sector(14);
        let table_len = match sector(22) {
            0 => u32::from_le_bytes(bytes[36..40].try_into().unwrap()) as usize * 512,
            len => len,
        };
        let root_dir = table + 2 * table_len;
        let places = [
            11..64,
            table..table + 256,
            root_dir..root_dir + 256,
            root_dir..root_dir + 16_384,
        ];
        damage(&path, &places, 1000, seed);
    }
}
