// SPDX-License-Identifier: GPL-2.0-or-later
//! FAT12, FAT16 and FAT32 with long names, for reading and writing.
//!
//! - `boot.rs`: the boot sector, which says where everything is
//! - `table.rs`, `chain.rs`: the file allocation table, and which clusters make a file
//! - `dir.rs`, `entry.rs`: directories and their entries
//! - `name.rs`, `newname.rs`: short and long names, as they are and as they are made
//! - `write.rs`: what can be changed; `change.rs`: in which order this goes to
//!   the disk; `room.rs`: where new entries go
//!
//! Implements Microsoft's FAT specification of 2005 (fatgen103); behaviour:
//! U-Boot, `fs/fat/`.
// Tables, entries and directories have something that only writing needs.
#![cfg_attr(not(CONFIG_FAT_WRITE), allow(dead_code))]

mod boot;
mod chain;
#[cfg(CONFIG_FAT_WRITE)]
mod change;
mod dir;
mod entry;
mod name;
#[cfg(CONFIG_FAT_WRITE)]
mod newname;
#[cfg(CONFIG_FAT_WRITE)]
mod room;
mod table;
#[cfg(CONFIG_FAT_WRITE)]
mod write;

use crate::pieces::Pieces;
use crate::{DirEntry, FileSystem, FileType, Metadata, Space};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use boot::Boot;
use chain::Chain;
use common::{Error, Result};
use dir::{Dir, Node};
use disk::{BlockRange, RangePiece};
use table::{Link, Table};

/// A FAT file system.
pub struct Fat {
    range: Arc<BlockRange>,
    boot: Boot,
}

impl Fat {
    /// Opens a FAT file system; `None` if the range holds something else.
    ///
    /// # Errors
    /// What the device says.
    pub fn open(range: &Arc<BlockRange>) -> Result<Option<Fat>> {
        let boot = boot::read(range)?;
        Ok(boot.map(|boot| Fat {
            range: range.clone(),
            boot,
        }))
    }

    /// 12, 16 or 32.
    pub fn bits(&self) -> u8 {
        self.boot.bits
    }

    /// The label in the boot sector, padded with spaces.
    pub fn boot_label(&self) -> String {
        name::decode(&self.boot.label)
    }

    /// Reads bytes of the partition.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.range.read_at(offset, buf).map_err(beyond)
    }

    /// Writes bytes of the partition.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.range.write_at(offset, bytes).map_err(beyond)
    }

    /// Makes all that was written durable.
    fn flush(&self) -> Result<()> {
        self.range.flush()
    }

    /// How many clusters there are that do not lie beyond the end of the partition.
    fn clusters_inside(&self) -> u32 {
        let len = self.range.len().saturating_sub(self.boot.data);
        let inside = len.checked_div(u64::from(self.boot.cluster_size));
        let inside = u32::try_from(inside.unwrap_or(0)).unwrap_or(u32::MAX);
        self.boot.clusters.min(inside)
    }

    /// What a path leads to.
    fn find(&self, path: &str) -> Result<Node> {
        let mut trail = self.walk(path)?;
        Ok(trail.pop().unwrap_or_else(|| Node::root(&self.boot)))
    }

    /// Walks a path; returns what it leads to, and before that the directories
    /// this is in. There are no links, so `..` can be taken literally.
    fn walk(&self, path: &str) -> Result<Vec<Node>> {
        let mut trail = vec![];
        let mut current = Node::root(&self.boot);
        for part in path.split(['/', '\\']) {
            match part {
                "" | "." => _ = current.dir()?,
                ".." => {
                    current.dir()?;
                    current = trail.pop().unwrap_or_else(|| Node::root(&self.boot));
                }
                name => {
                    let next = current.dir()?.lookup(self, name)?;
                    trail.push(core::mem::replace(&mut current, next));
                }
            }
        }
        trail.push(current);
        Ok(trail)
    }

    fn read_file(&self, file: &Node, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let size = u64::from(file.size);
        let len = size.saturating_sub(offset).min(buf.len() as u64) as usize;
        let (mut rest, _) = buf.split_at_mut(len);
        let mut chain = Chain::new(self, file.cluster);
        let mut pieces = Pieces::new();
        let read = |pieces: &mut [RangePiece]| self.range.read_pieces(pieces).map_err(beyond);
        let last = offset.saturating_add(len as u64);
        // Where in the file the run begins.
        let mut start = 0;
        while !rest.is_empty() {
            let run = chain
                .next_run(last.saturating_sub(start))?
                .ok_or(Error::Corrupt(
                    "FAT: a file has fewer clusters than its size",
                ))?;
            let run_len = run.len(&self.boot);
            let end = run_len.saturating_add(start);
            if end > offset {
                let skip = offset
                    .saturating_add(len.saturating_sub(rest.len()) as u64)
                    .saturating_sub(start);
                let count = run_len.saturating_sub(skip).min(rest.len() as u64) as usize;
                let (part, after) = rest.split_at_mut(count);
                pieces.add(run.offset(&self.boot).saturating_add(skip), part, read)?;
                rest = after;
            }
            start = end;
        }
        read(pieces.rest())?;
        Ok(len)
    }
}

fn beyond(error: Error) -> Error {
    match error {
        Error::OutOfRange => Error::Corrupt("FAT: a cluster lies beyond the end of the partition"),
        error => error,
    }
}

impl FileSystem for Fat {
    fn name(&self) -> &'static str {
        "fat"
    }

    fn label(&self) -> String {
        let label = Dir::root(&self.boot)
            .label(self)
            .ok()
            .flatten()
            .unwrap_or_else(|| self.boot_label());
        let label = label.trim_end();
        if label == "NO NAME" {
            String::new()
        } else {
            label.to_string()
        }
    }

    fn uuid(&self) -> String {
        let serial = self.boot.serial;
        format!("{:04X}-{:04X}", serial.unbounded_shr(16), serial & 0xffff)
    }

    fn metadata(&self, path: &str) -> Result<Metadata> {
        let node = self.find(path)?;
        Ok(Metadata {
            kind: node.kind(),
            size: u64::from(node.size),
        })
    }

    fn read(&self, path: &str, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let node = self.find(path)?;
        match node.kind() {
            FileType::Directory => Err(Error::IsADirectory),
            _ => self.read_file(&node, offset, buf),
        }
    }

    fn list(&self, path: &str, each: &mut dyn FnMut(DirEntry) -> Result<()>) -> Result<()> {
        self.find(path)?.dir()?.list(self, each)
    }

    #[cfg(CONFIG_FAT_WRITE)]
    fn write(&self, path: &str, offset: u64, data: &[u8]) -> Result<()> {
        write::write(self, path, offset, data)
    }

    #[cfg(CONFIG_FAT_WRITE)]
    fn mkdir(&self, path: &str) -> Result<()> {
        write::mkdir(self, path)
    }

    #[cfg(CONFIG_FAT_WRITE)]
    fn remove(&self, path: &str) -> Result<()> {
        write::remove(self, path)
    }

    #[cfg(CONFIG_FAT_WRITE)]
    fn rename(&self, from: &str, to: &str) -> Result<()> {
        write::rename(self, from, to)
    }

    fn space(&self) -> Result<Space> {
        let mut table = Table::new(self);
        let total = self.clusters_inside();
        let mut free = 0u64;
        for cluster in 2..total.saturating_add(2) {
            free = free.saturating_add(u64::from(table.get(cluster)? == Link::Free));
        }
        Ok(Space {
            unit: u64::from(self.boot.cluster_size),
            total: u64::from(total),
            free,
        })
    }
}

fn probe(range: &Arc<BlockRange>) -> Result<Option<Box<dyn FileSystem>>> {
    Ok(Fat::open(range)?.map(|fat| Box::new(fat) as Box<dyn FileSystem>))
}

// First, because mkfs.fat leaves an older ext4's superblock in place.
crate::file_system! { name: "fat", order: 0, probe: probe }
