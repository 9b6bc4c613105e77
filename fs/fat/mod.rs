// SPDX-License-Identifier: GPL-2.0-or-later
//! FAT12, FAT16 and FAT32 with long names, for reading.
//!
//! - `boot.rs`: the boot sector, which says where everything is
//! - `chain.rs`: the file allocation table, which says which clusters make a file
//! - `dir.rs`: directories
//! - `name.rs`: short and long names
//!
//! Implements Microsoft's FAT specification of 2005 (fatgen103); behaviour:
//! U-Boot, `fs/fat/`.

mod boot;
mod chain;
mod dir;
mod name;

use crate::{DirEntry, FileSystem, FileType, Metadata};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use boot::Boot;
use chain::Chain;
use common::{Error, Result};
use dir::{Dir, Node};
use disk::{BlockRange, le};

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
        self.range
            .read_at(offset, buf)
            .map_err(|error| match error {
                Error::OutOfRange => {
                    Error::Corrupt("FAT: a cluster lies beyond the end of the partition")
                }
                error => error,
            })
    }

    /// Walks a path. There are no links, so `..` can be taken literally.
    fn find(&self, path: &str) -> Result<Node> {
        let mut trail = Vec::new();
        let mut current = Node::root(&self.boot);
        for part in path.split(['/', '\\']) {
            match part {
                "" | "." => current.dir()?,
                ".." => {
                    current = trail.pop().unwrap_or_else(|| Node::root(&self.boot));
                    continue;
                }
                name => {
                    let next = current.dir()?.lookup(self, name)?;
                    trail.push(core::mem::replace(&mut current, next));
                    continue;
                }
            };
        }
        Ok(current)
    }

    fn read_file(&self, file: &Node, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let size = u64::from(file.size);
        let len = size.saturating_sub(offset).min(buf.len() as u64) as usize;
        let (mut rest, _) = buf.split_at_mut(len);
        let mut chain = Chain::new(self, file.cluster);
        // Where in the file the run begins.
        let mut start = 0;
        while !rest.is_empty() {
            let wanted = offset
                .saturating_add(rest.len() as u64)
                .saturating_sub(start);
            let run = chain.next_run(wanted)?.ok_or(Error::Corrupt(
                "FAT: a file has fewer clusters than its size",
            ))?;
            let end = run.len.saturating_add(start);
            if end > offset {
                let skip = offset
                    .saturating_add(len.saturating_sub(rest.len()) as u64)
                    .saturating_sub(start);
                let count = run.len.saturating_sub(skip).min(rest.len() as u64) as usize;
                let (part, after) = rest.split_at_mut(count);
                self.read_at(run.offset.saturating_add(skip), part)?;
                rest = after;
            }
            start = end;
        }
        Ok(len)
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
}

fn probe(range: &Arc<BlockRange>) -> Result<Option<Box<dyn FileSystem>>> {
    Ok(Fat::open(range)?.map(|fat| Box::new(fat) as Box<dyn FileSystem>))
}

// First, because mkfs.fat leaves an older ext4's superblock in place.
crate::file_system! { name: "fat", order: 0, probe: probe }
