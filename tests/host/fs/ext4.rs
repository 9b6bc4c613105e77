// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading ext2, ext3 and ext4.

use common::Error;
use fs::FileType;
use std::collections::BTreeMap;
use tests::fsimage::*;
use tests::image::ImageDisk;
use tests::tool::{arg, run, run_with_input};

#[test]
fn ext_of_all_kinds() {
    let folder = tempfile::tempdir().unwrap();
    let (root, files) = tree(folder.path());
    std::os::unix::fs::symlink("Image", root.join("boot/vmlinuz")).unwrap();
    std::os::unix::fs::symlink("/boot/../boot/vmlinuz", root.join("kernel")).unwrap();
    std::os::unix::fs::symlink("x/".repeat(40) + "none", root.join("long link")).unwrap();
    std::os::unix::fs::symlink("../".repeat(30) + "boot/Image", root.join("dir/slow link"))
        .unwrap();
    std::os::unix::fs::symlink("loop", root.join("loop")).unwrap();
    std::os::unix::fs::symlink("boot", root.join("b")).unwrap();
    let cases: [(u64, &[&str], u32); 16] = [
        (16 * MIB, &["-t", "ext2"], 512),
        (16 * MIB, &["-t", "ext2", "-b", "1024", "-I", "128"], 512),
        (16 * MIB, &["-t", "ext2", "-r", "0"], 512),
        (16 * MIB, &["-t", "ext3"], 512),
        (16 * MIB, &["-t", "ext4"], 512),
        (16 * MIB, &["-t", "ext4", "-O", "^filetype"], 512),
        (16 * MIB, &["-t", "ext4", "-b", "4096"], 4096),
        (
            16 * MIB,
            &["-t", "ext4", "-b", "1024", "-O", "^64bit"],
            4096,
        ),
        (64 * MIB, &["-t", "ext4", "-b", "65536"], 512),
        (16 * MIB, &["-t", "ext4", "-O", "inline_data"], 512),
        (
            16 * MIB,
            &["-t", "ext4", "-O", "^metadata_csum,uninit_bg"],
            512,
        ),
        (
            16 * MIB,
            &[
                "-t",
                "ext4",
                "-O",
                "metadata_csum_seed,mmp,large_dir,ea_inode",
            ],
            512,
        ),
        (
            64 * MIB,
            &[
                "-t",
                "ext4",
                "-b",
                "1024",
                "-g",
                "1024",
                "-O",
                "meta_bg,^resize_inode,^flex_bg",
            ],
            512,
        ),
        (
            64 * MIB,
            &[
                "-t",
                "ext4",
                "-b",
                "1024",
                "-g",
                "1024",
                "-O",
                "meta_bg,^resize_inode,^flex_bg,sparse_super2",
            ],
            512,
        ),
        (
            64 * MIB,
            &["-t", "ext4", "-O", "bigalloc", "-C", "16384", "-b", "1024"],
            512,
        ),
        (
            64 * MIB,
            &["-t", "ext4", "-O", "casefold,encrypt,quota,project"],
            512,
        ),
    ];
    for (size, options, block_size) in cases {
        println!("mke2fs {options:?}");
        let path = ext4(folder.path(), size, &root, options);
        let fs = open(&ImageDisk::open(&path, block_size));
        assert_eq!((fs.name(), fs.label().as_str()), ("ext4", "my disk"));
        assert_eq!(fs.uuid(), "01234567-89ab-cdef-0123-456789abcdef");
        check_files(fs.as_ref(), &files);
        for link in ["boot/vmlinuz", "kernel", "b/vmlinuz", "dir/slow link"] {
            assert_eq!(
                read(fs.as_ref(), link).unwrap(),
                files["boot/Image"],
                "{link}"
            );
        }
        for file in ["boot/Image/", "boot/Image/.", "kernel/"] {
            assert_eq!(read(fs.as_ref(), file), Err(Error::NotADirectory), "{file}");
        }
        assert_eq!(fs.metadata("long link"), Err(Error::NotFound));
        assert!(matches!(fs.metadata("loop"), Err(Error::Corrupt(_))));
        let mut links = 0;
        fs.list("/", &mut |entry| {
            links += u32::from(entry.kind == FileType::Symlink);
            Ok(())
        })
        .unwrap();
        assert_eq!(links, 4);
        let expected = [
            ".",
            "..",
            "Image",
            "extlinux",
            "initrd.img-6.1.0-amd64",
            "vmlinuz",
        ];
        assert_eq!(names(fs.as_ref(), "/boot"), expected);
        assert_eq!(fs.metadata("/BOOT"), Err(Error::NotFound));
    }
}

#[test]
fn sparse_and_fragmented_ext_files() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    std::fs::create_dir(&root).unwrap();
    let mut sparse = vec![0; 9_000_000];
    let file = std::fs::File::create(root.join("sparse")).unwrap();
    file.set_len(sparse.len() as u64).unwrap();
    for i in 0..200 {
        let at = i * 43_000;
        let part = contents(3000 + i);
        std::os::unix::fs::FileExt::write_all_at(&file, &part, at as u64).unwrap();
        sparse[at..at + part.len()].copy_from_slice(&part);
    }
    let files = BTreeMap::from([("sparse".to_string(), sparse)]);
    for options in [
        &["-t", "ext4"][..],
        &["-t", "ext2"],
        &["-t", "ext2", "-b", "1024"],
        &["-t", "ext4", "-b", "1024"],
    ] {
        let path = ext4(folder.path(), 32 * MIB, &root, options);
        let script = "write /dev/null hole\nsif hole size 500000000\nfallocate sparse 2300 2400\n";
        run_with_input("debugfs", &["-w", arg(&path)], script);
        let fs = open(&ImageDisk::open(&path, 512));
        for (path, expected) in &files {
            assert!(read(fs.as_ref(), path).unwrap() == *expected, "{options:?}");
        }
        let mut zeros = vec![1; 1 << 20];
        assert_eq!(fs.read("hole", 499_000_000, &mut zeros), Ok(1_000_000));
        assert!(zeros[..1_000_000].iter().all(|&byte| byte == 0));
    }
}

#[test]
fn what_ext4_cannot_do_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (root, _) = tree(folder.path());
    let path = ext4(
        folder.path(),
        16 * MIB,
        &root,
        &["-t", "ext4", "-O", "^metadata_csum"],
    );
    for (bit, offset) in [(0x1u32, 0x60), (0x8, 0x60), (0x8000_0000, 0x60)] {
        let mut bytes = std::fs::read(&path).unwrap();
        let at = 1024 + offset;
        let value = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) | bit;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let result = fs::probe(&ImageDisk::new(bytes, 512).range(), None);
        assert!(matches!(result.err(), Some(Error::Unsupported(_))));
    }
}

#[test]
fn damage_is_noticed_by_checksums() {
    let folder = tempfile::tempdir().unwrap();
    let (root, _) = tree(folder.path());
    let path = ext4(
        folder.path(),
        16 * MIB,
        &root,
        &["-t", "ext4", "-O", "metadata_csum"],
    );
    let mut bytes = std::fs::read(&path).unwrap();
    let inode = run("debugfs", &["-R", "imap boot/Image", arg(&path)]);
    let place = |word: &str| {
        let rest = inode
            .split(word)
            .nth(1)
            .unwrap()
            .trim_start_matches([',', ' ']);
        let number = rest.split([',', '\n', ' ']).next().unwrap();
        match number.strip_prefix("0x") {
            Some(hex) => usize::from_str_radix(hex, 16).unwrap(),
            None => number.parse().unwrap(),
        }
    };
    let block_size = if bytes[1024 + 0x18] == 2 { 4096 } else { 1024 };
    bytes[place("located at block") * block_size + place("offset") + 8] ^= 1;
    let image = ImageDisk::new(bytes, 512);
    let fs = open(&image);
    assert_eq!(
        read(fs.as_ref(), "boot/Image"),
        Err(Error::Corrupt("ext4: checksum of an inode"))
    );
    assert!(read(fs.as_ref(), "one byte").is_ok());
    image.bytes()[1024 + 0x78] ^= 1;
    let error = fs::probe(&image.range(), None).err();
    assert_eq!(
        error,
        Some(Error::Corrupt("ext4: checksum of the superblock"))
    );
}

#[test]
fn damaged_ext_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let root = small_tree(folder.path());
    std::os::unix::fs::symlink("dir/sub", root.join("link")).unwrap();
    let kinds = [
        ("ext2", "^resize_inode"),
        ("ext4", "^metadata_csum"),
        ("ext4", "^metadata_csum,inline_data"),
    ];
    for ((kind, features), seed) in kinds.into_iter().zip(10..) {
        let options = [
            "-t", kind, "-b", "1024", "-I", "256", "-O", features, "-N", "64",
        ];
        let path = ext4(folder.path(), 4 * MIB, &root, &options);
        let bytes = std::fs::read(&path).unwrap();
        let inodes =
            u32::from_le_bytes(bytes[2048 + 8..2048 + 12].try_into().unwrap()) as usize * 1024;
        let data = inodes + 64 * 256;
        let places = [
            1024..1024 + 0x180,
            2048..2048 + 64,
            inodes..data,
            data..data + 40 * 1024,
        ];
        damage(&path, &places, 1500, seed);
    }
}
