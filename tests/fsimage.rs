// SPDX-License-Identifier: GPL-2.0-or-later
//! Images with file systems made by the real tools, and what is in them.

use crate::image::ImageDisk;
use crate::random::Random;
use crate::tool::{arg, image, outcome, run};
use common::Error;
use fs::{FileSystem, FileType};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a mebibyte.
pub const MIB: u64 = 1 << 20;

/// The contents of a test file.
pub fn contents(len: usize) -> Vec<u8> {
    Random::new(len as u64).bytes(len)
}

/// Files of awkward sizes, in nested folders.
pub fn tree(folder: &Path) -> (PathBuf, BTreeMap<String, Vec<u8>>) {
    let root = folder.join("tree");
    let mut files = BTreeMap::new();
    for (path, len) in [
        ("empty", 0),
        ("one byte", 1),
        ("boot/Image", 700_001),
        ("boot/initrd.img-6.1.0-amd64", 65_536),
        ("boot/extlinux/extlinux.conf", 300),
        ("A rather long name with spaces and dots.tar.gz.sig", 5000),
        ("dir/Ünïcödé ☃.txt", 4097),
    ] {
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, contents(len)).unwrap();
        files.insert(path.to_string(), contents(len));
    }
    for i in 0..300 {
        let path = format!("many/file number {i}");
        std::fs::create_dir_all(root.join("many")).unwrap();
        std::fs::write(root.join(&path), path.as_bytes()).unwrap();
        files.insert(path.clone(), path.into_bytes());
    }
    (root, files)
}

/// A few files, so that a look at all of them is quick.
pub fn small_tree(folder: &Path) -> PathBuf {
    let root = folder.join("small");
    std::fs::create_dir_all(root.join("dir/sub")).unwrap();
    std::fs::write(root.join("file"), contents(30_000)).unwrap();
    std::fs::write(root.join("dir/a long name for a file"), contents(10)).unwrap();
    std::fs::write(root.join("dir/sub/x"), contents(9000)).unwrap();
    root
}

/// An image with an empty FAT file system, made by mkfs.fat.
pub fn fat(folder: &Path, size: u64, options: &[&str]) -> PathBuf {
    let path = image(folder, "fat.img", size);
    run(
        "mkfs.fat",
        &[&["-n", "MY DISK", "-i", "12ab34cd"], options, &[arg(&path)]].concat(),
    );
    path
}

/// Copies all that a folder holds into a FAT image.
pub fn mcopy(image: &Path, from: &Path) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(from)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let from: Vec<&str> = entries.iter().map(|path| arg(path)).collect();
    run(
        "env",
        &[
            &["LC_ALL=C.UTF-8", "mcopy", "-s", "-i", arg(image)],
            &from[..],
            &["::/"],
        ]
        .concat(),
    );
}

/// An image with what a folder holds, made by mke2fs.
pub fn ext4(folder: &Path, size: u64, root: &Path, options: &[&str]) -> PathBuf {
    let path = image(folder, "ext4.img", size);
    let fixed = [
        "-q",
        "-F",
        "-L",
        "my disk",
        "-U",
        "01234567-89ab-cdef-0123-456789abcdef",
        "-d",
        arg(root),
    ];
    run("mke2fs", &[&fixed, options, &[arg(&path)]].concat());
    path
}

/// What `fsck.fat -n` finds wrong with an image: nothing, if all is well.
pub fn fsck_fat(bytes: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fat.img");
    std::fs::write(&path, bytes).unwrap();
    let (is_clean, stdout, stderr) = outcome("fsck.fat", &["-n", arg(&path)], "");
    (!is_clean).then_some(stdout + &stderr)
}

/// The file system on an image.
pub fn open(image: &Arc<ImageDisk>) -> Box<dyn FileSystem> {
    fs::probe(&image.range(), None).unwrap()
}

/// A whole file.
pub fn read(fs: &dyn FileSystem, path: &str) -> common::Result<Vec<u8>> {
    let mut bytes = vec![0; fs.size(path)? as usize + 10];
    let len = fs.read(path, 0, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}

/// The names in a directory, sorted.
pub fn names(fs: &dyn FileSystem, path: &str) -> Vec<String> {
    let mut names = Vec::new();
    fs.list(path, &mut |entry| {
        names.push(String::from_utf8(entry.name).unwrap());
        Ok(())
    })
    .unwrap();
    names.sort();
    names
}

/// Checks that the file system has these files, whole and from any offset.
pub fn check_files(fs: &dyn FileSystem, files: &BTreeMap<String, Vec<u8>>) {
    let mut random = Random::new(7);
    for (path, expected) in files {
        assert_eq!(fs.size(path), Ok(expected.len() as u64), "{path}");
        assert!(read(fs, path).unwrap() == *expected, "{path}");
        for _ in 0..8 {
            let from = random.below(expected.len() as u64 + 2) as usize;
            let mut part = vec![0; random.below(100_000) as usize];
            let len = fs
                .read(&format!("/{path}"), from as u64, &mut part)
                .unwrap();
            let rest = expected.get(from..).unwrap_or_default();
            assert_eq!(len, rest.len().min(part.len()), "{path} from {from}");
            assert!(part[..len] == rest[..len], "{path} from {from}");
        }
    }
    assert_eq!(names(fs, "many").len(), 302);
    assert_eq!(fs.metadata("/boot").unwrap().kind, FileType::Directory);
    assert!(
        fs.exists("/boot/../boot/./extlinux//extlinux.conf")
            && fs.exists("/")
            && !fs.exists("/none")
    );
    assert_eq!(fs.metadata("/none"), Err(Error::NotFound));
    assert_eq!(fs.metadata("/none/none"), Err(Error::NotFound));
    assert_eq!(fs.metadata("/empty/x"), Err(Error::NotADirectory));
    assert_eq!(fs.metadata("/boot/Image/"), Err(Error::NotADirectory));
    assert_eq!(fs.read("/boot", 0, &mut [0; 4]), Err(Error::IsADirectory));
    assert_eq!(
        fs.list("/boot/Image", &mut |_| Ok(())),
        Err(Error::NotADirectory)
    );
    assert_eq!(
        fs.list("/", &mut |_| Err(Error::Interrupted)),
        Err(Error::Interrupted)
    );
}

/// Damages an image many times and looks at all that is left of it.
pub fn damage(path: &Path, places: &[Range<usize>], rounds: u64, seed: u64) {
    let image = ImageDisk::open(path, 512);
    let good: Vec<Vec<u8>> = places
        .iter()
        .map(|place| image.bytes()[place.clone()].to_vec())
        .collect();
    let mut random = Random::new(seed);
    let mut opened = 0;
    for _ in 0..rounds {
        random.damage(&mut image.bytes(), places);
        if let Ok(fs) = fs::probe(&image.range(), None) {
            opened += 1;
            _ = (fs.label(), fs.uuid());
            explore(fs.as_ref(), "", 2);
        }
        for (place, good) in places.iter().zip(&good) {
            image.bytes()[place.clone()].copy_from_slice(good);
        }
    }
    assert!(
        opened > rounds / 4,
        "only {opened} of {rounds} were looked into"
    );
}

/// Reads all there is, a bounded number of names deep.
fn explore(fs: &dyn FileSystem, folder: &str, depth: usize) {
    let mut found = Vec::new();
    let result = fs.list(folder, &mut |entry| {
        found.push(entry);
        if found.len() < 50 {
            Ok(())
        } else {
            Err(Error::Interrupted)
        }
    });
    _ = result;
    for entry in found {
        let path = format!("{folder}/{}", String::from_utf8_lossy(&entry.name));
        _ = fs.metadata(&path);
        _ = fs.read(&path, 0, &mut [0; 70_000]);
        _ = fs.read(&path, entry.size.saturating_sub(10), &mut [0; 100]);
        if depth > 0 && entry.kind == FileType::Directory && !entry.name.starts_with(b".") {
            explore(fs, &path, depth - 1);
        }
    }
}
