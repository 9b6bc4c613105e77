// SPDX-License-Identifier: GPL-2.0-or-later
//! Writing FAT: random changes against a model, with fsck.fat and mtools as judges.

use common::{Error, Result};
use fs::{FileSystem, FileType};
use std::collections::BTreeMap;
use tests::fsimage::*;
use tests::image::ImageDisk;
use tests::random::Random;

/// Small file systems of all kinds: size, options, bytes in a block of the disk.
const KINDS: [(u64, &[&str], u32); 6] = [
    (MIB, &["-F", "12", "-s", "1", "-r", "64"], 512),
    (2 * MIB, &["-F", "12", "-s", "4"], 4096),
    (4 * MIB, &["-F", "16", "-s", "1", "-r", "64"], 512),
    (2 * MIB, &["-F", "32", "-s", "1"], 512),
    (3 * MIB, &["-F", "32", "-s", "4", "-f", "1"], 512),
    (3 * MIB, &["-F", "32", "-S", "4096", "-s", "1"], 4096),
];

/// What should be there: files with their contents, and directories.
#[derive(Clone, Default)]
pub struct Tree(pub BTreeMap<String, Option<Vec<u8>>>);

impl Tree {
    fn is_dir(&self, path: &str) -> bool {
        path.is_empty() || self.0.get(path) == Some(&None)
    }

    fn is_empty_dir(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        !self.0.keys().any(|other| other.starts_with(&inside))
    }

    /// Whether the directory that a path is in is there.
    fn parent(&self, path: &str) -> Result<()> {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        match self.is_dir(parent) {
            true => Ok(()),
            false if self.0.contains_key(parent) => Err(Error::NotADirectory),
            false => match parent.is_empty() {
                true => Ok(()),
                false => self.parent(parent).and(Err(Error::NotFound)),
            },
        }
    }

    pub fn write(&mut self, path: &str, offset: usize, data: &[u8]) -> Result<()> {
        self.parent(path)?;
        if self.is_dir(path) {
            return Err(Error::IsADirectory);
        }
        let mut contents = self.0.get(path).cloned().flatten().unwrap_or_default();
        if offset > contents.len() {
            return Err(Error::Invalid("an offset beyond the end of the file"));
        }
        contents.truncate(offset);
        contents.extend_from_slice(data);
        self.0.insert(path.to_string(), Some(contents));
        Ok(())
    }

    pub fn mkdir(&mut self, path: &str) -> Result<()> {
        self.parent(path)?;
        if self.0.contains_key(path) {
            return Err(Error::Exists);
        }
        self.0.insert(path.to_string(), None);
        Ok(())
    }

    pub fn remove(&mut self, path: &str) -> Result<()> {
        self.parent(path)?;
        if !self.0.contains_key(path) {
            return Err(Error::NotFound);
        }
        if self.is_dir(path) && !self.is_empty_dir(path) {
            return Err(Error::NotEmpty);
        }
        self.0.remove(path);
        Ok(())
    }

    pub fn rename(&mut self, from: &str, to: &str) -> Result<()> {
        self.parent(from)?;
        self.parent(to)?;
        let node = self.0.get(from).cloned().ok_or(Error::NotFound)?;
        let inside = format!("{from}/");
        if to.starts_with(&inside) {
            return Err(Error::Invalid("a directory cannot move into itself"));
        }
        if from == to {
            return Ok(());
        }
        match (self.0.get(to), &node) {
            (Some(None), Some(_)) => return Err(Error::IsADirectory),
            (Some(Some(_)), None) => return Err(Error::NotADirectory),
            (Some(None), None) if !self.is_empty_dir(to) => return Err(Error::NotEmpty),
            _ => {}
        }
        let moved: Vec<String> = self
            .0
            .keys()
            .filter(|path| *path == from || path.starts_with(&inside))
            .cloned()
            .collect();
        for path in moved {
            let contents = self.0.remove(&path).unwrap();
            self.0
                .insert(format!("{to}{}", &path[from.len()..]), contents);
        }
        Ok(())
    }

    /// Checks that this and nothing else is there.
    fn check(&self, fs: &dyn FileSystem) {
        let mut found = 0;
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            fs.list(&folder, &mut |entry| {
                let name = String::from_utf8(entry.name).unwrap();
                if name == "." || name == ".." {
                    return Ok(());
                }
                let path = match folder.as_str() {
                    "" => name,
                    folder => format!("{folder}/{name}"),
                };
                let expected = self.0.get(&path);
                let is_dir = entry.kind == FileType::Directory;
                assert_eq!(expected.map(Option::is_none), Some(is_dir), "{path}");
                found += 1;
                if is_dir {
                    folders.push(path);
                }
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(found, self.0.len());
        for (path, contents) in &self.0 {
            if let Some(contents) = contents {
                assert!(read(fs, path).unwrap() == *contents, "{path}");
            }
        }
    }
}

/// A name out of few, so that they meet again.
fn name(random: &mut Random) -> String {
    let number = random.below(6);
    match random.below(5) {
        0 => format!("FILE{number}.TXT"),
        1 => format!("lower{number}"),
        2 => format!("A long name with spaces, number {number}.tar.gz"),
        3 => format!("{number}{}", "ü☃".repeat(60)),
        _ => format!("dir{number}"),
    }
}

fn path(random: &mut Random) -> String {
    let depth = random.below(3);
    let mut path = String::new();
    for _ in 0..depth {
        path += &format!("dir{}/", random.below(6));
    }
    path + &name(random)
}

/// What a random change should lead to, and what it does.
fn change(random: &mut Random, tree: &mut Tree, fs: &dyn FileSystem) -> (Result<()>, Result<()>) {
    let (one, two) = (path(random), path(random));
    match random.below(10) {
        0..4 => {
            let most = [0, 1, 512, 4096, 5000, 40_000, 200_000][random.below(7) as usize];
            let len = random.below(most + 1) as usize;
            let data = random.bytes(len);
            let size = tree
                .0
                .get(&one)
                .and_then(Option::as_ref)
                .map_or(0, Vec::len);
            let offset = match random.below(3) {
                0 => 0,
                1 => size,
                _ => random.below(size as u64 + 2) as usize,
            };
            (
                tree.write(&one, offset, &data),
                fs.write(&one, offset as u64, &data),
            )
        }
        4..6 => (tree.mkdir(&one), fs.mkdir(&one)),
        6..8 => (tree.remove(&one), fs.remove(&one)),
        _ => (tree.rename(&one, &two), fs.rename(&one, &two)),
    }
}

#[test]
fn random_changes_leave_what_a_model_says() {
    let folder = tempfile::tempdir().unwrap();
    for ((size, options, block_size), seed) in KINDS.into_iter().zip(1..) {
        let image = ImageDisk::open(&fat(folder.path(), size, options), block_size);
        let mut random = Random::new(seed);
        let mut tree = Tree::default();
        let (mut done, mut full) = (0, 0);
        for round in 0..25 {
            let fs = open(&image);
            for _ in 0..25 {
                let before = (tree.clone(), image.bytes().clone());
                let (expected, result) = change(&mut random, &mut tree, fs.as_ref());
                if result == Err(Error::NoSpace) {
                    tree = before.0;
                    full += 1;
                } else {
                    assert_eq!(result, expected, "{options:?} {round}");
                    done += u32::from(result.is_ok());
                }
                if result.is_err() {
                    assert!(
                        *image.bytes() == before.1,
                        "{options:?}: {result:?} changed it"
                    );
                }
            }
            assert_eq!(fsck_fat(&image.bytes()), None, "{options:?} {round}");
            tree.check(open(&image).as_ref());
        }
        println!(
            "{options:?}: {done} changes, {full} times full, {} there",
            tree.0.len()
        );
        assert!(done > 100, "{options:?}: {done}");
    }
}
