// SPDX-License-Identifier: GPL-2.0-or-later
//! File systems made by mkfs.fat, mtools, mke2fs and debugfs.

use common::Error;
use fs::{FileSystem, FileType};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tests::image::ImageDisk;
use tests::random::Random;
use tests::tool::{arg, run, run_with_input};

const MIB: u64 = 1 << 20;

/// The contents of a test file.
fn contents(len: usize) -> Vec<u8> {
    Random::new(len as u64).bytes(len)
}

/// Files of awkward sizes, in nested folders.
fn tree(folder: &Path) -> (PathBuf, BTreeMap<String, Vec<u8>>) {
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

fn fat(folder: &Path, size: u64, options: &[&str]) -> PathBuf {
    let path = tests::tool::image(folder, "fat.img", size);
    run(
        "mkfs.fat",
        &[&["-n", "MY DISK", "-i", "12ab34cd"], options, &[arg(&path)]].concat(),
    );
    path
}

fn mcopy(image: &Path, from: &Path) {
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

fn ext4(folder: &Path, size: u64, root: &Path, options: &[&str]) -> PathBuf {
    let path = tests::tool::image(folder, "ext4.img", size);
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

fn open(image: &Arc<ImageDisk>) -> Box<dyn FileSystem> {
    fs::probe(&image.range(), None).unwrap()
}

fn read(fs: &dyn FileSystem, path: &str) -> common::Result<Vec<u8>> {
    let mut bytes = vec![0; fs.size(path)? as usize + 10];
    let len = fs.read(path, 0, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}

fn names(fs: &dyn FileSystem, path: &str) -> Vec<String> {
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
fn check_files(fs: &dyn FileSystem, files: &BTreeMap<String, Vec<u8>>) {
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
    assert_eq!(
        read(open(&image).as_ref(), "big").unwrap(),
        contents(100_000)
    );
}

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
    let cases: [(u64, &[&str], u32); 15] = [
        (16 * MIB, &["-t", "ext2"], 512),
        (16 * MIB, &["-t", "ext2", "-b", "1024", "-I", "128"], 512),
        (16 * MIB, &["-t", "ext2", "-r", "0"], 512),
        (16 * MIB, &["-t", "ext3"], 512),
        (16 * MIB, &["-t", "ext4"], 512),
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

/// What the journal still has to write counts, just as after the replay by e2fsck.
#[test]
fn a_journal_is_replayed_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    std::fs::create_dir(&root).unwrap();
    for name in ["a", "b", "c"] {
        std::fs::write(root.join(name), contents(3000)).unwrap();
    }
    let escaped = [&[0xc0, 0x3b, 0x39, 0x98][..], &contents(1020)].concat();
    let newer = contents(1024);
    for (name, bytes) in [
        ("escaped", &escaped),
        ("newer", &newer),
        ("older", &contents(1023)),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let file = |name: &str| arg(&folder.path().join(name)).to_string();
    let cases: [(&[&str], &str); 5] = [
        (&["-t", "ext3", "-b", "1024"], "jo"),
        (&["-t", "ext4", "-b", "1024"], "jo -c -v 3"),
        (&["-t", "ext4", "-b", "1024"], "jo -c -v 2"),
        (&["-t", "ext4", "-b", "1024", "-O", "^64bit"], "jo -c -v 3"),
        (&["-t", "ext4", "-b", "1024", "-O", "^metadata_csum"], "jo"),
    ];
    for (options, open_journal) in cases {
        let path = ext4(folder.path(), 16 * MIB, &root, options);
        let block = |name: &str| {
            run("debugfs", &["-R", &format!("bmap {name} 1"), arg(&path)])
                .trim()
                .to_string()
        };
        let (a, b, c) = (block("a"), block("b"), block("c"));
        let script = format!(
            "{open_journal}\njw -b {a},{c} {old}\njw -b {b} {esc}\njw -b {a} {new}\njw -r {c}\njc\n",
            old = file("older"),
            esc = file("escaped"),
            new = file("newer")
        );
        // jw wants a block of the file for each number.
        std::fs::write(folder.path().join("older"), contents(2048)).unwrap();
        run_with_input("debugfs", &["-w", arg(&path)], &script);
        let features = run("dumpe2fs", &["-h", arg(&path)]);
        assert!(features.contains("needs_recovery"), "{features}");

        let fs = open(&ImageDisk::open(&path, 512));
        let found: Vec<Vec<u8>> = ["a", "b", "c"]
            .iter()
            .map(|name| read(fs.as_ref(), name).unwrap())
            .collect();
        assert!(found[0][1024..2048] == newer, "{options:?}");
        assert!(found[1][1024..2048] == escaped, "{options:?}");
        assert!(
            found[2] == contents(3000),
            "{options:?}: a revoked block came back"
        );

        run(
            "sh",
            &[
                "-c",
                &format!(
                    "PATH=$PATH:/sbin:/usr/sbin; e2fsck -fy '{}'; test $? -le 1",
                    arg(&path)
                ),
            ],
        );
        let fs = open(&ImageDisk::open(&path, 512));
        for (name, found) in ["a", "b", "c"].iter().zip(&found) {
            assert!(
                read(fs.as_ref(), name).unwrap() == *found,
                "{options:?}: {name} differs from e2fsck's replay"
            );
        }
    }
}

#[test]
fn a_damaged_journal_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let root = small_tree(folder.path());
    let path = ext4(
        folder.path(),
        8 * MIB,
        &root,
        &["-t", "ext3", "-b", "1024", "-J", "size=1"],
    );
    let new = folder.path().join("new");
    std::fs::write(&new, contents(8192)).unwrap();
    let script = format!(
        "jo\njw -b 2000,2001,2002 {0}\njw -b 2003,2004 {0}\njw -r 2001\njc\n",
        arg(&new)
    );
    run_with_input("debugfs", &["-w", arg(&path)], &script);
    let start: usize = run("debugfs", &["-R", "bmap <8> 0", arg(&path)])
        .trim()
        .parse()
        .unwrap();
    let start = start * 1024;
    damage(
        &path,
        &[
            start..start + 96,
            start + 1024..start + 1152,
            start + 1024..start + 12 * 1024,
        ],
        500,
        30,
    );
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

/// Damages an image many times and looks at all that is left of it.
fn damage(path: &Path, places: &[Range<usize>], rounds: u64, seed: u64) {
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

/// A few files, so that a look at all of them is quick.
fn small_tree(folder: &Path) -> PathBuf {
    let root = folder.join("small");
    std::fs::create_dir_all(root.join("dir/sub")).unwrap();
    std::fs::write(root.join("file"), contents(30_000)).unwrap();
    std::fs::write(root.join("dir/a long name for a file"), contents(10)).unwrap();
    std::fs::write(root.join("dir/sub/x"), contents(9000)).unwrap();
    root
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
