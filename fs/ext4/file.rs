// SPDX-License-Identifier: GPL-2.0-or-later
//! The contents of a file.

use super::extent::{self, Ahead, Leaf};
use super::inode::Inode;
use super::{Ext4, indirect};
use crate::pieces::Pieces;
use common::{Error, Result};

/// Blocks of a file that follow each other on the disk, or have no place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first block on the disk; `None` if they read as zeros.
    pub block: Option<u64>,
    /// How many.
    pub len: u64,
}

/// A file that is being read.
pub struct File<'a> {
    fs: &'a Ext4,
    inode: &'a Inode,
    /// The part of the extent tree that was needed last.
    leaf: Option<Leaf>,
    /// Parts that will be needed.
    ahead: Ahead,
    /// The file block that reading ends before.
    end: u64,
}

impl<'a> File<'a> {
    /// Opens a file.
    ///
    /// # Errors
    /// If it is encrypted.
    pub fn new(fs: &'a Ext4, inode: &'a Inode) -> Result<File<'a>> {
        match inode.is_encrypted() {
            true => Err(Error::Unsupported("ext4: an encrypted file")),
            false => Ok(File {
                fs,
                inode,
                leaf: None,
                ahead: Ahead::default(),
                end: 0,
            }),
        }
    }

    /// Reads from `offset` on, up to the end of the file; returns how many bytes.
    pub fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let len = self.inode.size.saturating_sub(offset).min(buf.len() as u64) as usize;
        let (mut rest, _) = buf.split_at_mut(len);
        if self.inode.is_inline() {
            return self.read_inline(offset, rest);
        }
        self.end = offset
            .saturating_add(len as u64)
            .div_ceil(self.fs.superblock.block_size as u64);
        let mut offset = offset;
        let mut pieces = Pieces::new();
        while !rest.is_empty() {
            let (place, run) = self.run_at(offset, rest.len() as u64)?;
            let count = run.min(rest.len() as u64) as usize;
            let (part, after) = rest.split_at_mut(count);
            match place {
                Some(place) => pieces.add(place, part, |pieces| self.fs.read_pieces(pieces))?,
                None => part.fill(0),
            }
            offset = offset.saturating_add(count as u64);
            rest = after;
        }
        self.fs.read_pieces(pieces.rest())?;
        Ok(len)
    }

    /// Where the file block is on the disk; `None` if it reads as zeros.
    pub fn block(&mut self, block: u64) -> Result<Option<u64>> {
        Ok(self.run(block)?.block)
    }

    fn read_inline(&self, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let (first, second) = self.inode.inline_parts()?;
        let bytes = first.iter().chain(second).skip(offset as usize);
        let copied = buf
            .iter_mut()
            .zip(bytes)
            .map(|(to, from)| *to = *from)
            .count();
        match copied == buf.len() {
            true => Ok(copied),
            false => Err(Error::Corrupt(
                "ext4: contents inside of an inode are shorter than the file",
            )),
        }
    }

    /// Where the bytes at an offset are, and how many follow each other there;
    /// more than `wanted` are not looked for.
    pub fn run_at(&mut self, offset: u64, wanted: u64) -> Result<(Option<u64>, u64)> {
        let size = self.fs.superblock.block_size as u64;
        let first = offset.checked_div(size).unwrap_or(0);
        let skip = offset.checked_rem(size).unwrap_or(0);
        let Run { block, mut len } = self.run(first)?;
        // Extents have a maximal length, so neighbours may go on.
        while let Some(block) =
            block.filter(|_| len.saturating_mul(size).saturating_sub(skip) < wanted)
        {
            let next = self.run(first.saturating_add(len))?;
            if next.block != Some(block.saturating_add(len)) {
                break;
            }
            len = len.saturating_add(next.len);
        }
        let place = block.map(|block| self.fs.superblock.offset(block).saturating_add(skip));
        Ok((place, len.saturating_mul(size).saturating_sub(skip)))
    }

    fn run(&mut self, block: u64) -> Result<Run> {
        if !self.inode.has_extents() {
            return indirect::run(self.fs, self.inode, block);
        }
        if let Some(leaf) = self.leaf.as_ref().filter(|leaf| leaf.covers(block)) {
            return Ok(leaf.run(block));
        }
        if block >> 32 != 0 {
            return Err(Error::Corrupt(
                "ext4: a file is larger than its extent tree",
            ));
        }
        let ahead = &mut self.ahead;
        let leaf = extent::leaf(self.fs, self.inode, block, self.end, ahead)?;
        let run = leaf.run(block);
        self.leaf = Some(leaf);
        Ok(run)
    }
}
