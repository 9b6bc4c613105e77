// SPDX-License-Identifier: GPL-2.0-or-later
//! Directories: 32-byte entries, those of long names before the one they name.

use super::boot::{Boot, Root};
use super::chain::Chain;
use super::name::{self, LongName};
use super::{Fat, le};
use crate::{DirEntry, FileType};
use alloc::string::String;
use common::{Error, Result};

/// Bytes of an entry.
const ENTRY: usize = 32;
/// The format's limit for a directory.
const MAX_ENTRIES: usize = 65_536;

const READ_ONLY_HIDDEN_SYSTEM_VOLUME: u8 = 0x0f;
const VOLUME: u8 = 0x08;
const DIRECTORY: u8 = 0x10;

/// What is called with the long name, if there is one, and the entry of a file; it says whether to go on.
type EachFile<'a> = &'a mut dyn FnMut(Option<String>, &[u8]) -> Result<bool>;

/// A file or a directory.
pub struct Node {
    /// Its first cluster; 0 for an empty file, and for the root.
    pub cluster: u32,
    /// Its size; 0 for a directory.
    pub size: u32,
    dir: Option<Dir>,
}

/// A directory.
#[derive(Clone, Copy)]
pub struct Dir(Root);

impl Node {
    pub fn root(boot: &Boot) -> Node {
        Node {
            cluster: 0,
            size: 0,
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

    fn parse(fat: &Fat, entry: &[u8]) -> Result<Node> {
        let high = if fat.boot.bits == 32 {
            le::u16(entry, 20)?
        } else {
            0
        };
        let cluster = (u32::from(high) << 16) | u32::from(le::u16(entry, 26)?);
        let is_dir = le::u8(entry, 11)? & DIRECTORY != 0;
        Ok(match is_dir {
            // A link to the root directory has no cluster.
            true if cluster == 0 => Node::root(&fat.boot),
            true => Node {
                cluster,
                size: 0,
                dir: Some(Dir(Root::Cluster(cluster))),
            },
            false => Node {
                cluster,
                size: le::u32(entry, 28)?,
                dir: None,
            },
        })
    }
}

impl Dir {
    pub fn root(boot: &Boot) -> Dir {
        Dir(boot.root)
    }

    /// The file or directory of a name, long or short, in upper or lower case.
    pub fn lookup(self, fat: &Fat, wanted: &str) -> Result<Node> {
        let mut found = None;
        self.files(fat, &mut |long, entry| {
            let matches = long.is_some_and(|long| long.eq_ignore_ascii_case(wanted))
                || name::short(entry)?.eq_ignore_ascii_case(wanted);
            if matches {
                found = Some(Node::parse(fat, entry)?);
            }
            Ok(!matches)
        })?;
        found.ok_or(Error::NotFound)
    }

    pub fn list(self, fat: &Fat, each: &mut dyn FnMut(DirEntry) -> Result<()>) -> Result<()> {
        self.files(fat, &mut |long, entry| {
            let node = Node::parse(fat, entry)?;
            let name = long.map_or_else(|| name::short(entry), Ok)?.into_bytes();
            each(DirEntry {
                name,
                kind: node.kind(),
                size: u64::from(node.size),
            })?;
            Ok(true)
        })
    }

    /// The label of the volume, which only the root directory has.
    pub fn label(self, fat: &Fat) -> Result<Option<String>> {
        let mut label = None;
        self.entries(fat, &mut |entry| {
            let attributes = le::u8(entry, 11)?;
            let is_label = attributes & (VOLUME | DIRECTORY) == VOLUME
                && attributes & 0x3f != READ_ONLY_HIDDEN_SYSTEM_VOLUME;
            if is_label && le::u8(entry, 0)? != 0xe5 {
                label = Some(name::decode(le::slice(entry, 0, 11)?));
            }
            Ok(label.is_none())
        })?;
        Ok(label)
    }

    /// Calls `each` with the long name and the entry of all files and directories, until it says no.
    fn files(self, fat: &Fat, each: EachFile<'_>) -> Result<()> {
        let mut long = LongName::default();
        self.entries(fat, &mut |entry| {
            let attributes = le::u8(entry, 11)?;
            if le::u8(entry, 0)? == 0xe5 {
                long = LongName::default();
                return Ok(true);
            }
            if attributes & 0x3f == READ_ONLY_HIDDEN_SYSTEM_VOLUME {
                long.add(entry)?;
                return Ok(true);
            }
            let name = core::mem::take(&mut long).finish(entry)?;
            if attributes & VOLUME != 0 {
                Ok(true)
            } else {
                each(name, entry)
            }
        })
    }

    /// Calls `each` with all entries up to the end mark, until it says no.
    fn entries(self, fat: &Fat, each: &mut dyn FnMut(&[u8]) -> Result<bool>) -> Result<()> {
        let mut budget = MAX_ENTRIES;
        let mut run = |offset: u64, len: u64| -> Result<bool> {
            let mut entry = [0; ENTRY];
            for at in (offset..offset.saturating_add(len)).step_by(ENTRY) {
                budget = budget
                    .checked_sub(1)
                    .ok_or(Error::Corrupt("FAT: a directory has too many entries"))?;
                fat.read_at(at, &mut entry)?;
                if entry.starts_with(&[0]) || !each(&entry)? {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        match self.0 {
            Root::Fixed(offset, len) => run(offset, len).map(|_| ()),
            Root::Cluster(first) => {
                let mut chain = Chain::new(fat, first);
                while let Some(part) = chain.next_run(0)? {
                    if !run(part.offset, part.len)? {
                        break;
                    }
                }
                Ok(())
            }
        }
    }
}
