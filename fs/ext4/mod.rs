// SPDX-License-Identifier: GPL-2.0-or-later
//! ext2, ext3 and ext4, for reading, and for overwriting files in their place.
//!
//! - `superblock.rs`: features and geometry, and where a group's inodes are
//! - `inode.rs`: what is known of a file; contents that are inside of an inode
//! - `extent.rs`, `indirect.rs`: the two ways to say which blocks a file has
//! - `file.rs`: the contents of a file, in runs of blocks
//! - `overwrite.rs`: new contents of the same size
//! - `dir.rs`: directories
//! - `journal.rs`: what a file system that was not unmounted still has to write
//! - `checksum.rs`: CRC-32C, as all of these use it
//!
//! Implements the on-disk format of the Linux kernel,
//! `Documentation/filesystems/ext4/`.

mod checksum;
mod dir;
mod extent;
mod file;
mod indirect;
mod inode;
mod journal;
mod overwrite;
mod superblock;

use crate::{DirEntry, FileSystem, FileType, Metadata, Space};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result};
use disk::{BlockRange, RangePiece, le};
use file::File;
use inode::Inode;
use journal::Replay;
use superblock::Superblock;

/// Symbolic links that a path may lead through, as in Linux.
const MAX_LINKS: usize = 40;
/// The longest target of a symbolic link.
const MAX_TARGET: u64 = 4096;
/// The inode of the root directory.
const ROOT: u32 = 2;

/// An ext2, ext3 or ext4 file system.
pub struct Ext4 {
    range: Arc<BlockRange>,
    superblock: Superblock,
    /// Blocks whose newest contents are in the journal.
    replay: Replay,
}

impl Ext4 {
    /// Opens a file system; `None` if the range holds something else.
    ///
    /// If it was not unmounted, the journal is replayed, in memory only.
    ///
    /// # Errors
    /// [`Error::Unsupported`] or [`Error::Corrupt`] if it cannot be read, or
    /// what the device says.
    pub fn open(range: &Arc<BlockRange>) -> Result<Option<Ext4>> {
        let Some(superblock) = superblock::read(range)? else {
            return Ok(None);
        };
        let mut fs = Ext4 {
            range: range.clone(),
            superblock,
            replay: Replay::default(),
        };
        if let Some(journal) = fs.superblock.dirty_journal()? {
            fs.replay = journal::scan(&fs, journal)?;
            // A file system that has grown says so in the journal first.
            fs.superblock = superblock::read_again(&fs)?
                .ok_or(Error::Corrupt("ext4: no superblock in the journal"))?;
        }
        Ok(Some(fs))
    }

    /// Reads bytes of the partition as they will be when the journal is replayed.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.read_raw(offset, buf)?;
        self.replay.patch(self, offset, buf)
    }

    /// As [`Ext4::read_at`], from several places.
    fn read_pieces(&self, pieces: &mut [RangePiece]) -> Result<()> {
        self.range.read_pieces(pieces).map_err(beyond)?;
        pieces
            .iter_mut()
            .try_for_each(|piece| self.replay.patch(self, piece.offset, piece.bytes))
    }

    /// Reads bytes of the partition as they are.
    fn read_raw(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.range.read_at(offset, buf).map_err(beyond)
    }

    /// Reads a block.
    fn read_block(&self, block: u64) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.superblock.block_size];
        self.read_at(self.superblock.offset(block), &mut bytes)?;
        Ok(bytes)
    }

    /// Walks a path, following links.
    fn find(&self, path: &str) -> Result<Inode> {
        let mut current = Inode::read(self, ROOT)?;
        let mut todo = parts(path.as_bytes());
        let mut links = 0usize;
        while let Some(name) = todo.pop() {
            if current.kind() != FileType::Directory {
                return Err(Error::NotADirectory);
            }
            let next = Inode::read(self, dir::lookup(self, &current, &name)?)?;
            if next.kind() != FileType::Symlink {
                current = next;
                continue;
            }
            links = links.saturating_add(1);
            if links > MAX_LINKS {
                return Err(Error::Corrupt("too many symbolic links in a path"));
            }
            let target = self.target(&next)?;
            if target.starts_with(b"/") {
                current = Inode::read(self, ROOT)?;
            }
            todo.extend(parts(&target));
        }
        let is_dir = current.kind() == FileType::Directory;
        match path.rsplit('/').next() {
            Some("" | ".") if !is_dir => Err(Error::NotADirectory),
            _ => Ok(current),
        }
    }

    /// What a symbolic link says.
    fn target(&self, link: &Inode) -> Result<Vec<u8>> {
        if link.size > MAX_TARGET {
            return Err(Error::Corrupt("ext4: a symbolic link is too long"));
        }
        let mut target = vec![0; link.size as usize];
        match link.fast_target() {
            Some(stored) => target.copy_from_slice(stored),
            None => _ = File::new(self, link)?.read(0, &mut target)?,
        }
        Ok(target)
    }
}

fn beyond(error: Error) -> Error {
    match error {
        Error::OutOfRange => Error::Corrupt("ext4: a block beyond the end of the partition"),
        error => error,
    }
}

/// The names in a path, the last one first.
fn parts(path: &[u8]) -> Vec<Vec<u8>> {
    let parts = path
        .split(|&byte| byte == b'/')
        .filter(|part| !part.is_empty() && part != b".");
    parts.rev().map(<[u8]>::to_vec).collect()
}

impl FileSystem for Ext4 {
    fn name(&self) -> &'static str {
        "ext4"
    }

    fn label(&self) -> String {
        let label = self
            .superblock
            .label
            .split(|&byte| byte == 0)
            .next()
            .unwrap_or_default();
        String::from_utf8_lossy(label).into_owned()
    }

    fn uuid(&self) -> String {
        let mut text = String::new();
        for (i, byte) in self.superblock.uuid.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push_str(&alloc::format!("{byte:02x}"));
        }
        text
    }

    fn metadata(&self, path: &str) -> Result<Metadata> {
        let inode = self.find(path)?;
        Ok(Metadata {
            kind: inode.kind(),
            size: inode.size,
        })
    }

    /// As in U-Boot, a directory has none here, while it has one of 0 on FAT.
    fn size(&self, path: &str) -> Result<u64> {
        let metadata = self.metadata(path)?;
        match metadata.kind {
            FileType::Directory => Err(Error::IsADirectory),
            _ => Ok(metadata.size),
        }
    }

    fn read(&self, path: &str, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let inode = self.find(path)?;
        match inode.kind() {
            FileType::Regular => File::new(self, &inode)?.read(offset, buf),
            FileType::Directory => Err(Error::IsADirectory),
            _ => Err(Error::Unsupported(
                "reading what is neither a file nor a directory",
            )),
        }
    }

    fn list(&self, path: &str, each: &mut dyn FnMut(DirEntry) -> Result<()>) -> Result<()> {
        let dir = self.find(path)?;
        if dir.kind() != FileType::Directory {
            return Err(Error::NotADirectory);
        }
        dir::entries(self, &dir, &mut |name, number| {
            let inode = Inode::read(self, number)?;
            each(DirEntry {
                name: name.to_vec(),
                kind: inode.kind(),
                size: inode.size,
            })?;
            Ok(true)
        })
    }

    fn write(&self, path: &str, offset: u64, data: &[u8]) -> Result<()> {
        let inode = self.find(path).map_err(|error| match error {
            Error::NotFound => Error::Unsupported("ext4: making a file that is not there yet"),
            error => error,
        })?;
        overwrite::overwrite(self, &inode, offset, data)
    }

    fn space(&self) -> Result<Space> {
        Ok(Space {
            unit: self.superblock.block_size as u64,
            total: self.superblock.blocks,
            free: self.superblock.free_blocks,
        })
    }
}

fn probe(range: &Arc<BlockRange>) -> Result<Option<Box<dyn FileSystem>>> {
    Ok(Ext4::open(range)?.map(|fs| Box::new(fs) as Box<dyn FileSystem>))
}

crate::file_system! { name: "ext4", order: 1, probe: probe }
