// SPDX-License-Identifier: GPL-2.0-or-later
//! What else writing to a FAT must do: names that other tools read, refusals
//! that change nothing, damage, and the end of the partition.

use common::Error;
use std::sync::Arc;
use tests::fsimage::*;
use tests::image::ImageDisk;
use tests::random::Random;
use tests::tool::{arg, run};

fn image(size: u64, options: &[&str]) -> Arc<ImageDisk> {
    let folder = tempfile::tempdir().unwrap();
    ImageDisk::open(&fat(folder.path(), size, options), 512)
}

/// What mdir shows of an image.
fn mdir(image: &ImageDisk, path: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fat.img");
    std::fs::write(&file, &*image.bytes()).unwrap();
    run("env", &["LC_ALL=C.UTF-8", "mdir", "-i", arg(&file), path])
}

#[test]
fn mtools_reads_the_names() {
    let image = image(4 * MIB, &["-F", "16", "-s", "1"]);
    let fs = open(&image);
    let names = [
        ("abcdefgh.txt", "ABCDEFGH TXT"),
        ("abcdefghi.txt", "ABCDEF~1 TXT"),
        ("abcdefghij.txt", "ABCDEF~2 TXT"),
        ("UPPER.BIN", "UPPER    BIN"),
        ("Ünïcödé ☃.txt", "_N_C_D~1 TXT"),
        ("exactly 13 ch", "EXACTL~1    "),
    ];
    for (name, _) in names {
        fs.write(name, 0, name.as_bytes()).unwrap();
    }
    fs.mkdir("/a directory/").unwrap();
    fs.write("a directory\\  in it .. ", 0, b"x").unwrap();
    let listing = mdir(&image, "::/");
    for (name, short) in names {
        let line = listing.lines().find(|line| line.starts_with(short));
        let line = line.unwrap_or_else(|| panic!("{short} is not in {listing}"));
        assert!(line.contains("2000-01-01"), "{line}");
        let is_long = name != "UPPER.BIN";
        assert_eq!(line.ends_with(name), is_long, "{line}");
    }
    assert!(mdir(&image, "::/a directory").contains(" in it"));
    assert_eq!(read(fs.as_ref(), "A DIRECTORY/in IT").unwrap(), b"x");
    assert_eq!(fs.metadata("ünïcödé ☃.TXT").unwrap().size, 19);
    // mtools shows these as underscores.
    fs.write("😀", 0, b"smile").unwrap();
    assert_eq!(fs.metadata("😀").unwrap().size, 5);
    assert_eq!(fsck_fat(&image.bytes()), None);

    // Another case is another name of the same file.
    fs.rename("UPPER.BIN", "Upper.bin").unwrap();
    assert!(mdir(&image, "::/").contains("Upper.bin"));
    fs.write("upper.BIN", 0, b"new").unwrap();
    assert_eq!(read(fs.as_ref(), "UPPER.BIN").unwrap(), b"new");
    assert_eq!(fsck_fat(&image.bytes()), None);
}

#[test]
fn what_is_refused_changes_nothing() {
    let image = image(MIB, &["-F", "12", "-s", "1", "-r", "16"]);
    let fs = open(&image);
    fs.write("file", 0, &[1; 1000]).unwrap();
    fs.mkdir("dir").unwrap();
    fs.write("dir/x", 0, b"x").unwrap();
    let before = image.bytes().clone();
    let invalid = |result: common::Result<()>| matches!(result, Err(Error::Invalid(_)));
    for name in [
        "a?b", "a:b", "a\nb", "a*", "\"", "<", "|", "dir/.", "dir/..", ".", "..", " . ",
    ] {
        assert!(invalid(fs.write(name, 0, b"")), "{name:?}");
        assert!(invalid(fs.mkdir(name)), "{name:?}");
        assert!(invalid(fs.rename("file", name)), "{name:?}");
    }
    assert!(invalid(fs.write(&"n".repeat(256), 0, b"")));
    assert!(invalid(fs.write("", 0, b"")) && invalid(fs.mkdir("/")) && invalid(fs.remove("//")));
    assert!(invalid(fs.write("file", 1001, b"")) && invalid(fs.write("new", 1, b"")));
    assert!(invalid(fs.write("file", u64::MAX, b"x")));
    assert!(invalid(fs.rename("dir", "dir/z")));
    assert_eq!(fs.remove("dir/."), Err(Error::NotEmpty));
    assert_eq!(fs.remove("dir/.."), Err(Error::NotEmpty));
    assert_eq!(fs.write("file/x", 0, b""), Err(Error::NotADirectory));
    assert_eq!(fs.write("none/x", 0, b""), Err(Error::NotFound));
    assert_eq!(fs.write("dir", 0, b""), Err(Error::IsADirectory));
    assert!(matches!(
        fs.symlink("file", "link"),
        Err(Error::Unsupported(_))
    ));
    assert_eq!(
        fs.write("big", 0, &vec![0; MIB as usize]),
        Err(Error::NoSpace)
    );
    assert!(*image.bytes() == before);
    // A long name takes more than what is left of the root directory.
    assert_eq!(fs.mkdir(&"n".repeat(200)), Err(Error::NoSpace));
    assert!(*image.bytes() == before);

    let read_only = ImageDisk::read_only(before.clone(), 512);
    let fs = open(&read_only);
    for result in [
        fs.write("file", 0, b"x"),
        fs.mkdir("new"),
        fs.remove("file"),
        fs.rename("file", "new"),
    ] {
        assert_eq!(result, Err(Error::ReadOnly));
    }
    assert!(*read_only.bytes() == before);
}

#[test]
fn a_file_can_be_replaced_on_a_full_disk() {
    let image = image(MIB, &["-F", "12", "-s", "1"]);
    let fs = open(&image);
    let space = fs.space().unwrap();
    assert_eq!((space.unit, space.free), (512, space.total));
    let len = (space.free * space.unit) as usize;
    fs.write("all", 0, &contents(len)).unwrap();
    assert_eq!(fs.space().unwrap().free, 0);
    assert_eq!(fs.write("more", 0, b"x"), Err(Error::NoSpace));
    assert_eq!(fs.mkdir("more"), Err(Error::NoSpace));
    fs.write("empty", 0, b"").unwrap();
    fs.write("all", 0, &contents(len - 1)).unwrap();
    assert!(read(fs.as_ref(), "all").unwrap() == contents(len - 1));
    fs.write("all", 0, &contents(5000)).unwrap();
    assert_eq!(fs.space().unwrap().free, space.total - 10);
    assert_eq!(fsck_fat(&image.bytes()), None);
    assert!(image.flushes() > 0);
}

#[test]
fn what_is_written_is_durable() {
    let image = image(MIB, &["-F", "12"]);
    let fs = open(&image);
    let changes: [&dyn Fn() -> common::Result<()>; 4] = [
        &|| fs.write("a", 0, b"a"),
        &|| fs.mkdir("d"),
        &|| fs.rename("a", "d/b"),
        &|| fs.remove("d/b"),
    ];
    for change in changes {
        let flushes = image.flushes();
        change().unwrap();
        assert!(image.is_flushed() && image.flushes() > flushes);
    }
}

#[test]
fn a_large_file_takes_few_large_writes() {
    let image = image(80 * MIB, &["-F", "32", "-s", "1"]);
    let fs = open(&image);
    let len = 64 * MIB as usize;
    fs.write("big", 0, &contents(len)).unwrap();
    let writes = image.writes();
    println!("{writes} writes, {} flushes", image.flushes());
    assert!(writes < 50, "{writes}");
    assert!(read(fs.as_ref(), "big").unwrap() == contents(len));
    fs.remove("big").unwrap();
    assert_eq!(fs.space().unwrap().free, fs.space().unwrap().total - 1);
    assert_eq!(fsck_fat(&image.bytes()), None);
}

#[test]
fn a_file_that_begins_at_the_end_of_the_disk_can_be_appended_to() {
    let image = image(MIB, &["-F", "12", "-s", "1"]);
    let fs = open(&image);
    let free = fs.space().unwrap().free as usize;
    // What is left is the end, and then what was before.
    fs.write("a", 0, &contents(100 * 512)).unwrap();
    fs.write("b", 0, &contents((free - 102) * 512)).unwrap();
    fs.write("c", 0, &contents(2 * 512)).unwrap();
    fs.remove("a").unwrap();
    let mut expected = contents(2 * 512);
    for len in [50 * 512, 700] {
        fs.write("c", expected.len() as u64, &contents(len))
            .unwrap();
        expected.extend(contents(len));
        assert!(read(fs.as_ref(), "c").unwrap() == expected);
    }
    assert_eq!(fsck_fat(&image.bytes()), None);
}

#[test]
fn directories_grow_and_their_room_is_used_again() {
    let image = image(2 * MIB, &["-F", "32", "-s", "1"]);
    let fs = open(&image);
    fs.mkdir("dir").unwrap();
    let free = || fs.space().unwrap().free;
    for folder in ["", "dir/"] {
        let all = |range: std::ops::Range<u32>, change: &dyn Fn(&str) -> common::Result<()>| {
            range.for_each(|i| change(&format!("{folder}FILE0123456789_{i:02x}")).unwrap());
        };
        all(0..66, &|path| fs.write(path, 0, b""));
        let grown = free();
        all(0..66, &|path| fs.remove(path));
        all(64..130, &|path| fs.write(path, 0, b""));
        // Names are not put across blocks again, so that a few slots stay empty.
        assert!(grown - free() <= 1);
        assert!(fs.exists(&format!("{folder}file0123456789_81")));
        assert!(!fs.exists(&format!("{folder}FILE0123456789_3f")));
    }
    assert_eq!(fsck_fat(&image.bytes()), None);
}

/// Damages a file system, writes to it, and looks at what is around it.
#[test]
fn writing_to_damage_stays_in_the_partition() {
    let folder = tempfile::tempdir().unwrap();
    let root = small_tree(folder.path());
    // What is before the partition, and after it.
    let around = vec![0x5a; 65_536];
    for (width, kib, seed) in [("12", 256, 1), ("16", 2300, 2), ("32", 256, 3)] {
        let size = kib * 1024;
        let path = fat(folder.path(), size, &["-F", width, "-s", "1"]);
        if width != "32" {
            mcopy(&path, &root);
        }
        let good = std::fs::read(&path).unwrap();
        let good = [&around[..], &good, &around].concat();
        let mut random = Random::new(seed);
        let mut done = 0;
        for _ in 0..200 {
            let mut bytes = good.clone();
            let at = around.len();
            let places = [at + 11..at + 64, at + 512..at + 1024, at + 512..at + 40_000];
            random.damage(&mut bytes, &places);
            let image = ImageDisk::new(bytes, 512);
            let range = disk::BlockRange::of_device(image.clone(), at as u64 / 512, size / 512);
            if let Ok(fs) = fs::probe(&Arc::new(range.unwrap()), None) {
                done += u32::from(fs.write("file", 0, &contents(3000)).is_ok());
                _ = fs.write("dir/a new file with a long name", 0, &contents(10_000));
                _ = fs.write("file", 1000, &contents(30_000));
                _ = (fs.mkdir("dir/d"), fs.rename("dir/sub", "dir/d/sub"));
                _ = (fs.remove("file"), fs.remove("dir/sub/x"), fs.space());
            }
            let bytes = image.bytes();
            assert!(bytes.starts_with(&around) && bytes.ends_with(&around));
        }
        assert!(done > 50, "FAT{width}: {done}");
    }
}
