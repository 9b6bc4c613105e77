// SPDX-License-Identifier: GPL-2.0-or-later
//! Directories: 32-byte entries, those of long names before the one they name.

use super::Fat;
use super::boot::{Boot, Root};
use super::chain::Chain;
use super::entry::{ENTRY, Entry};
use super::name::{self, LongName};
use crate::{DirEntry, FileType};
use alloc::string::String;
use alloc::vec::Vec;
use common::{Error, Result};

/// Entries that are read together: those of the smallest sector.
const PIECE: usize = 16;
/// The format's limit for a directory.
pub const MAX_ENTRIES: usize = 65_536;

/// A file or a directory.
pub struct Node {
    /// Its first cluster; 0 for an empty file, and for the root.
    pub cluster: u32,
    /// Its size; 0 for a directory.
    pub size: u32,
    /// Its entry; that of the root says nothing.
    pub entry: Entry,
    /// Where its entries are on the partition, its own after those of its long name.
    pub slots: Vec<u64>,
    dir: Option<Dir>,
}

/// A directory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Dir(Root);

/// A file or directory as [`Dir::files`] comes across it.
pub struct Found<'a> {
    /// Its long name, if it has one.
    pub long: Option<String>,
    /// Its entry.
    pub entry: &'a Entry,
    /// See [`Node::slots`].
    pub slots: &'a [u64],
}

impl Node {
    pub fn root(boot: &Boot) -> Node {
        Node {
            cluster: 0,
            size: 0,
            entry: Entry::default(),
            slots: Vec::new(),
            dir: Some(Dir::root(boot)),
        }
    }

    pub fn kind(&self) -> FileType {
        if self.dir.is_some() {
            FileType::Directory
        } else {
            FileType::Regular
        }
    }

    pub fn dir(&self) -> Result<Dir> {
        self.dir.ok_or(Error::NotADirectory)
    }

    fn of(fat: &Fat, found: &Found<'_>) -> Node {
        let cluster = found.entry.cluster(&fat.boot);
        let is_dir = found.entry.is_directory();
        let dir = match cluster {
            // A link to the root directory has no cluster.
            0 => Dir::root(&fat.boot),
            cluster => Dir(Root::Cluster(cluster)),
        };
        Node {
            cluster,
            size: if is_dir { 0 } else { found.entry.size() },
            entry: *found.entry,
            slots: found.slots.to_vec(),
            dir: is_dir.then_some(dir),
        }
    }
}

impl Found<'_> {
    /// Its name.
    pub fn name(&self) -> Result<String> {
        self.long
            .clone()
            .map_or_else(|| name::short(self.entry), Ok)
    }

    /// Whether this is its name, long or short, in upper or lower case.
    fn is_named(&self, wanted: &str) -> Result<bool> {
        Ok(self
            .long
            .as_ref()
            .is_some_and(|long| name::is_same(long, wanted))
            || name::is_same(&name::short(self.entry)?, wanted))
    }
}

impl Dir {
    pub fn root(boot: &Boot) -> Dir {
        Dir(boot.root)
    }

    /// Where its entries are.
    pub fn place(self) -> Root {
        self.0
    }

    /// The file or directory of a name.
    pub fn lookup(self, fat: &Fat, wanted: &str) -> Result<Node> {
        let mut node = None;
        self.files(fat, &mut |found| {
            if found.is_named(wanted)? {
                node = Some(Node::of(fat, &found));
            }
            Ok(node.is_none())
        })?;
        node.ok_or(Error::NotFound)
    }

    pub fn list(self, fat: &Fat, each: &mut dyn FnMut(DirEntry) -> Result<()>) -> Result<()> {
        self.files(fat, &mut |found| {
            let node = Node::of(fat, &found);
            each(DirEntry {
                name: found.name()?.into_bytes(),
                kind: node.kind(),
                size: u64::from(node.size),
            })?;
            Ok(true)
        })
    }

    /// Whether it has nothing but the names that each directory has.
    pub fn is_empty(self, fat: &Fat) -> Result<bool> {
        let mut is_empty = true;
        self.files(fat, &mut |found| {
            is_empty = found.entry.is_dots();
            Ok(is_empty)
        })?;
        Ok(is_empty)
    }

    /// The label of the volume, which only the root directory has.
    pub fn label(self, fat: &Fat) -> Result<Option<String>> {
        let mut label = None;
        self.entries(fat, &mut |_, entry| {
            if entry.is_label() {
                label = Some(name::decode(&entry.name()));
            }
            Ok(label.is_none())
        })?;
        Ok(label)
    }

    /// Calls `each` with all files and directories, until it says no.
    pub fn files(self, fat: &Fat, each: &mut dyn FnMut(Found<'_>) -> Result<bool>) -> Result<()> {
        let mut long = LongName::default();
        let mut slots = Vec::new();
        self.entries(fat, &mut |offset, entry| {
            if entry.is_long_name() && !entry.is_deleted() {
                if long.add(entry)? {
                    slots.clear();
                }
                slots.push(offset);
                return Ok(true);
            }
            let name = core::mem::take(&mut long).finish(entry)?;
            let mut own = core::mem::take(&mut slots);
            if !entry.is_file() {
                return Ok(true);
            }
            // Parts that do not belong to this file stay where they are.
            if name.is_none() {
                own.clear();
            }
            own.push(offset);
            let go_on = each(Found {
                long: name,
                entry,
                slots: &own,
            })?;
            own.clear();
            slots = own;
            Ok(go_on)
        })
    }

    /// Calls `each` with all entries up to the end mark and where they are, until it says no.
    fn entries(self, fat: &Fat, each: &mut dyn FnMut(u64, &Entry) -> Result<bool>) -> Result<()> {
        self.slots(fat, &mut |offset, entry| {
            Ok(!entry.is_end() && each(offset, entry)?)
        })
    }

    /// Calls `each` with all there is room for, and where it is, until it says no.
    pub fn slots(self, fat: &Fat, each: &mut dyn FnMut(u64, &Entry) -> Result<bool>) -> Result<()> {
        let mut budget = MAX_ENTRIES;
        let mut run = |offset: u64, len: u64| -> Result<bool> {
            let mut piece = [Entry::default(); PIECE];
            let end = offset.saturating_add(len);
            for start in (offset..end).step_by(PIECE.saturating_mul(ENTRY)) {
                let count = read(fat, start, end, &mut piece)?;
                for (entry, at) in piece.iter().take(count).zip((start..).step_by(ENTRY)) {
                    budget = budget
                        .checked_sub(1)
                        .ok_or(Error::Corrupt("FAT: a directory has too many entries"))?;
                    if !each(at, entry)? {
                        return Ok(false);
                    }
                }
            }
            Ok(true)
        };
        match self.0 {
            Root::Fixed(offset, len) => run(offset, len).map(|_| ()),
            Root::Cluster(first) => {
                let mut chain = Chain::new(fat, first);
                while let Some(part) = chain.next_run(0)? {
                    if !run(part.offset(&fat.boot), part.len(&fat.boot))? {
                        break;
                    }
                }
                Ok(())
            }
        }
    }
}

/// Reads the entries from `start` on, up to `end`; returns how many.
fn read(fat: &Fat, start: u64, end: u64, piece: &mut [Entry; PIECE]) -> Result<usize> {
    let mut bytes = [0; PIECE * ENTRY];
    let len = end.saturating_sub(start).min(bytes.len() as u64) as usize;
    let (part, _) = bytes.split_at_mut(len);
    fat.read_at(start, part)?;
    let (entries, _) = part.as_chunks::<ENTRY>();
    for (to, from) in piece.iter_mut().zip(entries) {
        *to = Entry::with(*from);
    }
    Ok(entries.len())
}
