// SPDX-License-Identifier: GPL-2.0-or-later
//! File systems made by mkfs.fat, mtools, mke2fs and debugfs.

mod ext4;
mod ext4_write;
mod fat;
#[cfg(CONFIG_FAT_WRITE)]
mod fat_loss;
#[cfg(CONFIG_FAT_WRITE)]
mod fat_names;
#[cfg(CONFIG_FAT_WRITE)]
mod fat_write;
mod journal;

use common::Error;
use std::path::{Path, PathBuf};
use tests::fsimage::*;
use tests::image::ImageDisk;

#[test]
fn a_large_file_takes_few_large_reads() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("big"), contents(64 << 20)).unwrap();
    let fat = fat(folder.path(), 160 * MIB, &["-F", "32", "-s", "4"]);
    mcopy(&fat, &root);
    let ext2 = ext2(folder.path(), &root);
    let images = [
        ("fat32", fat, 20),
        (
            "ext4",
            ext4(folder.path(), 128 * MIB, &root, &["-t", "ext4"]),
            20,
        ),
        ("ext2", ext2, 150),
    ];
    for (name, path, most) in images {
        let image = ImageDisk::open(&path, 512);
        let fs = open(&image);
        let mut bytes = vec![0; 64 << 20];
        assert_eq!(fs.read("big", 0, &mut bytes), Ok(bytes.len()));
        assert!(bytes == contents(64 << 20), "{name}");
        let (reads, read_bytes) = image.take_reads();
        println!("{name}: {reads} reads of {read_bytes} bytes");
        assert!(reads <= most, "{name}: {reads} reads");
        assert!(read_bytes < 66 << 20, "{name}: {read_bytes} bytes");
    }
}

fn ext2(folder: &Path, root: &Path) -> PathBuf {
    let named = folder.join("ext2.img");
    std::fs::rename(
        ext4(folder, 128 * MIB, root, &["-t", "ext2", "-b", "4096"]),
        &named,
    )
    .unwrap();
    named
}

#[test]
fn an_unreadable_block_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (root, files) = tree(folder.path());
    let path = ext4(folder.path(), 16 * MIB, &root, &["-t", "ext4"]);
    let image = ImageDisk::open(&path, 512);
    let needle = &files["boot/Image"][300_000..300_032];
    let at = image
        .bytes()
        .windows(32)
        .position(|window| window == needle)
        .unwrap();
    let fs = open(&image);
    image.break_block(at as u64 / 512);
    assert_eq!(
        read(fs.as_ref(), "boot/Image"),
        Err(Error::Io(at as u64 / 512))
    );
    assert!(read(fs.as_ref(), "boot/initrd.img-6.1.0-amd64").is_ok());
}

#[test]
fn truncated_file_systems_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (root, files) = tree(folder.path());
    let fat = fat(folder.path(), 16 * MIB, &["-F", "16"]);
    mcopy(&fat, &root);
    for path in [fat, ext4(folder.path(), 16 * MIB, &root, &["-t", "ext4"])] {
        let bytes = std::fs::read(&path).unwrap();
        for len in [0, 512, 1024, 2048, 5120, 20_480, 65_536, 300_032] {
            if let Ok(fs) = fs::probe(&ImageDisk::new(bytes[..len].to_vec(), 512).range(), None) {
                for path in files.keys() {
                    match read(fs.as_ref(), path) {
                        Ok(bytes) => assert!(bytes == files[path], "{path}"),
                        Err(error) => assert!(
                            matches!(error, Error::Corrupt(_) | Error::NotFound),
                            "{error}"
                        ),
                    }
                }
            }
        }
    }
}
