// SPDX-License-Identifier: GPL-2.0-or-later
//! Loss of power between any two blocks that are written to a FAT.
//!
//! What may be left then: clusters that belong to no file, or to a file but
//! beyond its end; tables that differ, of which the first counts; a count of
//! free clusters that is not right; the parts of a long name whose file is
//! gone; and, of a rename across blocks, both names. All files that were not
//! being changed are as they were, and what was changed is old or new.

use crate::fat_write::Tree;
use fs::FileSystem;
use std::collections::BTreeSet;
use tests::fsimage::*;
use tests::image::ImageDisk;
use tests::random::Random;

#[derive(Clone, Copy, Debug)]
enum Step {
    Write(&'static str, usize, usize),
    Mkdir(&'static str),
    Remove(&'static str),
    Rename(&'static str, &'static str),
}

/// What is there first, and what is done to it.
const BASE: [Step; 9] = [
    Step::Mkdir("dir"),
    Step::Mkdir("other"),
    Step::Mkdir("other/inner"),
    Step::Write("keep", 0, 5000),
    Step::Write("dir/another file with a name", 0, 3000),
    Step::Write(
        "dir/one that is changed and has a name across blocks",
        0,
        3000,
    ),
    Step::Write("old", 0, 2000),
    Step::Write("other/inner/x", 0, 700),
    Step::Write("other/LAST", 0, 100),
];
const STEPS: [Step; 15] = [
    Step::Write(
        "a new file with a rather long name that takes entries",
        0,
        4000,
    ),
    Step::Write("old", 0, 6000),
    Step::Write("old", 6000, 3000),
    Step::Write("old", 1000, 1000),
    Step::Write("old", 0, 0),
    Step::Mkdir("dir/a directory inside of it, whose name is so long as to need a new cluster"),
    Step::Write(
        "dir/and a second name that is as long, so that entries are across blocks",
        0,
        10,
    ),
    Step::Rename("other/LAST", "other/renamed"),
    Step::Rename(
        "other/renamed",
        "dir/moved to another directory with a long name",
    ),
    Step::Rename("other/inner", "dir/inner"),
    Step::Rename("dir/inner/x", "keep"),
    Step::Remove("dir/one that is changed and has a name across blocks"),
    Step::Remove("dir/a directory inside of it, whose name is so long as to need a new cluster"),
    Step::Remove("dir/inner"),
    Step::Remove("keep"),
];

impl Step {
    fn run(self, fs: &dyn FileSystem, tree: &mut Tree) {
        let data = |offset: usize, len| Random::new((offset + len) as u64).bytes(len);
        match self {
            Step::Write(path, offset, len) => {
                fs.write(path, offset as u64, &data(offset, len)).unwrap();
                tree.write(path, offset, &data(offset, len)).unwrap();
            }
            Step::Mkdir(path) => {
                fs.mkdir(path).unwrap();
                tree.mkdir(path).unwrap();
            }
            Step::Remove(path) => {
                fs.remove(path).unwrap();
                tree.remove(path).unwrap();
            }
            Step::Rename(from, to) => {
                fs.rename(from, to).unwrap();
                tree.rename(from, to).unwrap();
            }
        }
    }

    /// Whether contents are overwritten in their place.
    fn is_in_place(self) -> bool {
        matches!(self, Step::Write(_, 1.., _))
    }
}

#[test]
fn a_loss_of_power_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let kinds: [(u64, &[&str], u32); 4] = [
        (MIB, &["-F", "12", "-s", "1"], 512),
        (4 * MIB, &["-F", "16", "-s", "1"], 512),
        (MIB, &["-F", "32", "-s", "1"], 512),
        (2 * MIB, &["-F", "32", "-s", "1", "-S", "4096"], 4096),
    ];
    for (size, options, block_size) in kinds {
        let image = ImageDisk::open(&fat(folder.path(), size, options), block_size);
        let mut tree = Tree::default();
        for step in BASE {
            step.run(open(&image).as_ref(), &mut tree);
        }
        for step in STEPS {
            let (base, before) = (image.bytes().clone(), tree.clone());
            image.log_writes();
            step.run(open(&image).as_ref(), &mut tree);
            let writes = image.take_writes();
            println!("{options:?} {step:?}: {} blocks", writes.len());
            let mut partial = base;
            for (block, bytes) in &writes {
                let at = *block as usize * block_size as usize;
                partial[at..at + bytes.len()].copy_from_slice(bytes);
                check(&partial, block_size, step, &before, &tree);
            }
            assert!(partial == *image.bytes());
            assert_eq!(fsck_fat(&partial), None, "{step:?}");
        }
    }
}

fn check(bytes: &[u8], block_size: u32, step: Step, before: &Tree, after: &Tree) {
    let image = ImageDisk::new(bytes.to_vec(), block_size);
    let fs = open(&image);
    let paths: BTreeSet<&String> = before.0.keys().chain(after.0.keys()).collect();
    for path in paths {
        let (old, new) = (before.0.get(path), after.0.get(path));
        let found = match fs.metadata(path).map(|metadata| metadata.kind) {
            Err(_) => None,
            Ok(fs::FileType::Directory) => Some(None),
            Ok(_) => Some(Some(read(fs.as_ref(), path).unwrap())),
        };
        let is_one = found.as_ref() == old || found.as_ref() == new;
        let is_changed = old != new;
        assert!(
            is_one || is_changed && step.is_in_place(),
            "{step:?}: {path}"
        );
    }
    for line in fsck_fat(bytes).unwrap_or_default().lines() {
        assert!(is_harmless(line, step), "{step:?}: {line}");
    }
}

/// Whether fsck.fat may say this.
fn is_harmless(line: &str, step: Step) -> bool {
    let always = [
        "",
        "fsck.fat ",
        "Leaving filesystem unchanged.",
        // Of the test's file system.
        "Warning: Filesystem is FAT32 according to fat_length",
        "but has only ",
        "This may lead to problems on some systems.",
        // Of lost clusters.
        "Reclaimed ",
        "Free cluster summary wrong",
        "Auto-correcting.",
        "FATs differ but appear to be intact.",
        "Using first FAT.",
    ];
    // Clusters of a file beyond its end.
    let of_a_file = ["/old", "File size is ", "Truncating file to "];
    // Two names of the same file or directory.
    let of_rename = [
        "/",
        "share clusters.",
        "Truncating ",
        "File size is ",
        "Invalid '..' entry in the second slot. Fixing.",
    ];
    let of_step: &[&str] = match step {
        Step::Write(..) => &of_a_file,
        Step::Rename(..) => &of_rename,
        Step::Remove(_) => &["Orphaned long file name part", "Auto-deleting."],
        Step::Mkdir(_) => &[],
    };
    let line = line.trim_start();
    let begins = |start: &&str| match start.is_empty() {
        true => line.is_empty(),
        false => line.starts_with(*start),
    };
    always.iter().chain(of_step).any(begins)
        || line.contains(" files, ") && line.ends_with(" clusters")
}
