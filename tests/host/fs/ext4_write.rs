// SPDX-License-Identifier: GPL-2.0-or-later
//! Overwriting files of ext2, ext3 and ext4 in their place, with e2fsck as the judge.

use common::Error;
use std::path::Path;
use tests::fsimage::*;
use tests::image::ImageDisk;
use tests::tool::{arg, run, run_with_input};

const LEN: usize = 300_000;

/// Checks that e2fsck finds nothing wrong, and that debugfs reads these bytes.
fn check(folder: &Path, image: &ImageDisk, expected: &[u8]) {
    let (path, dump) = (folder.join("written.img"), folder.join("dump"));
    std::fs::write(&path, &*image.bytes()).unwrap();
    run("e2fsck", &["-fn", arg(&path)]);
    let script = format!("dump file {}\n", arg(&dump));
    run_with_input("debugfs", &[arg(&path)], &script);
    assert!(std::fs::read(dump).unwrap() == expected);
}

#[test]
fn a_file_is_overwritten_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let root = small_tree(folder.path());
    std::fs::write(root.join("file"), contents(LEN)).unwrap();
    std::os::unix::fs::symlink("file", root.join("link")).unwrap();
    let kinds: [(&[&str], u32); 5] = [
        (&["-t", "ext2", "-b", "1024"], 512),
        (&["-t", "ext3"], 512),
        (&["-t", "ext4"], 512),
        (&["-t", "ext4", "-b", "4096"], 4096),
        (
            &[
                "-t",
                "ext4",
                "-O",
                "bigalloc,metadata_csum_seed",
                "-b",
                "1024",
            ],
            512,
        ),
    ];
    for (options, block_size) in kinds {
        let image = ImageDisk::open(&ext4(folder.path(), 16 * MIB, &root, options), block_size);
        let fs = open(&image);
        let mut expected = contents(LEN);
        for offset in [0, 1, 1023, 4096, 299_999, LEN] {
            let new = contents(LEN - offset + 1)[1..].to_vec();
            fs.write("link", offset as u64, &new).unwrap();
            assert!(image.is_flushed());
            expected[offset..].copy_from_slice(&new);
            assert!(
                read(fs.as_ref(), "file").unwrap() == expected,
                "{options:?} {offset}"
            );
        }
        check(folder.path(), &image, &expected);
        let before = image.bytes().clone();
        assert_eq!(fs.write("dir", 0, b"x"), Err(Error::IsADirectory));
        assert_eq!(fs.write("file/x", 0, b"x"), Err(Error::NotADirectory));
        for (path, offset, len) in [
            ("file", 0, LEN - 1),
            ("file", 1, LEN),
            ("file", u64::MAX, 1),
            ("none", 0, 1),
        ] {
            let result = fs.write(path, offset, &contents(len));
            assert!(
                matches!(result, Err(Error::Unsupported(_))),
                "{path} {offset}"
            );
        }
        let space = fs.space().unwrap();
        assert_eq!(space.total * space.unit, 16 * MIB);
        assert!(space.free > 0 && space.free < space.total);
        assert!(*image.bytes() == before);
    }
}

#[test]
fn what_has_no_place_of_its_own_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = small_tree(folder.path());
    std::fs::write(root.join("tiny"), "tiny").unwrap();
    let options = ["-t", "ext4", "-O", "inline_data"];
    let path = ext4(folder.path(), 16 * MIB, &root, &options);
    let script = "write /dev/null hole\nsif hole size 5000\nsif file flags 0x80010\n\
        fallocate dir/sub/x 10 12\nsif dir/sub/x size 13312\n";
    run_with_input("debugfs", &["-w", arg(&path)], script);
    let image = ImageDisk::open(&path, 512);
    let fs = open(&image);
    let before = image.bytes().clone();
    for (path, len) in [("tiny", 4), ("hole", 5000), ("dir/sub/x", 13_312)] {
        let result = fs.write(path, 0, &contents(len));
        assert!(
            matches!(result, Err(Error::Unsupported(_))),
            "{path}: {result:?}"
        );
    }
    assert_eq!(
        fs.write("file", 0, &contents(30_000)),
        Err(Error::Permission)
    );
    assert!(*image.bytes() == before);
    let image = ImageDisk::read_only(before, 512);
    let result = open(&image).write("dir/a long name for a file", 0, &contents(10));
    assert_eq!(result, Err(Error::ReadOnly));
}

#[test]
fn features_that_forbid_writing() {
    let folder = tempfile::tempdir().unwrap();
    let root = small_tree(folder.path());
    let options = ["-t", "ext4", "-O", "^metadata_csum"];
    let path = ext4(folder.path(), 16 * MIB, &root, &options);
    for (bit, offset, expected) in [
        (0x1000u32, 0x64, "read-only"),
        (
            0x80,
            0x64,
            "not supported: ext4: writing with a feature that is unknown here",
        ),
        (
            0x100,
            0x60,
            "not supported: ext4: writing with multiple mount protection",
        ),
    ] {
        let mut bytes = std::fs::read(&path).unwrap();
        let at = 1024 + offset;
        let value = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) | bit;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let image = ImageDisk::new(bytes.clone(), 512);
        let error = open(&image)
            .write("file", 0, &contents(30_000))
            .unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(*image.bytes() == bytes);
    }
}
