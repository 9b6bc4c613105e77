// SPDX-License-Identifier: GPL-2.0-or-later
//! Inodes: what is known of a file, and contents so small that they are inside.

use super::Ext4;
use super::checksum::crc32c;
use crate::FileType;
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result};
use disk::le;

const FLAG_IMMUTABLE: u32 = 0x10;
const FLAG_APPEND: u32 = 0x20;
const FLAG_ENCRYPTED: u32 = 0x800;
const FLAG_EXTENTS: u32 = 0x8_0000;
const FLAG_VERITY: u32 = 0x10_0000;
const FLAG_INLINE_DATA: u32 = 0x1000_0000;

/// Where the block map is, and its length: in small files, it is the contents.
const MAP: usize = 0x28;
const MAP_LEN: usize = 60;

/// What attributes in an inode begin with.
const ATTRIBUTES_MAGIC: u32 = 0xea02_0000;
/// The name space `system.` of attributes.
const ATTRIBUTE_SYSTEM: u8 = 7;

/// A file, a directory or something else.
pub struct Inode {
    /// Its number.
    pub number: u32,
    /// Bytes of its contents.
    pub size: u64,
    /// What checksums of its own blocks start from, if there are any.
    pub checksum_seed: Option<u32>,
    mode: u16,
    flags: u32,
    bytes: Vec<u8>,
}

impl Inode {
    /// Reads an inode.
    pub fn read(fs: &Ext4, number: u32) -> Result<Inode> {
        let mut bytes = vec![0; fs.superblock.inode_size];
        fs.read_at(fs.superblock.inode_offset(fs, number)?, &mut bytes)?;
        let checksum_seed = match fs.superblock.checksum_seed {
            Some(seed) => Some(check(&bytes, number, seed)?),
            None => None,
        };
        let mode = le::u16(&bytes, 0)?;
        // In directories of old, the upper half is something else.
        let is_long = mode & 0xf000 == 0x8000 || fs.superblock.has_large_dirs;
        let upper = if is_long { le::u32(&bytes, 0x6c)? } else { 0 };
        let size = (u64::from(upper) << 32) | u64::from(le::u32(&bytes, 4)?);
        Ok(Inode {
            number,
            size,
            checksum_seed,
            mode,
            flags: le::u32(&bytes, 0x20)?,
            bytes,
        })
    }

    /// What it is.
    pub fn kind(&self) -> FileType {
        match self.mode & 0xf000 {
            0x8000 => FileType::Regular,
            0x4000 => FileType::Directory,
            0xa000 => FileType::Symlink,
            _ => FileType::Other,
        }
    }

    /// Whether its blocks are in an extent tree.
    pub fn has_extents(&self) -> bool {
        self.flags & FLAG_EXTENTS != 0
    }

    /// Whether its contents cannot be understood.
    pub fn is_encrypted(&self) -> bool {
        self.flags & FLAG_ENCRYPTED != 0
    }

    /// Whether its contents must not change.
    pub fn is_protected(&self) -> bool {
        self.flags & (FLAG_IMMUTABLE | FLAG_APPEND | FLAG_VERITY) != 0
    }

    /// Whether its contents are inside of the inode.
    pub fn is_inline(&self) -> bool {
        self.flags & FLAG_INLINE_DATA != 0
    }

    /// The root of the block map.
    pub fn map(&self) -> Result<&[u8]> {
        le::slice(&self.bytes, MAP, MAP_LEN)
    }

    /// The target of a symbolic link, if it is in the place of the block map.
    pub fn fast_target(&self) -> Option<&[u8]> {
        let is_fast = !self.is_inline() && !self.is_encrypted() && self.size < MAP_LEN as u64;
        le::slice(&self.bytes, MAP, self.size as usize)
            .ok()
            .filter(|_| is_fast)
    }

    /// The two parts of contents that are inside of the inode: in the place of
    /// the block map, and in the attribute `system.data`.
    pub fn inline_parts(&self) -> Result<(&[u8], &[u8])> {
        Ok((self.map()?, self.system_data()?))
    }

    fn system_data(&self) -> Result<&[u8]> {
        if self.bytes.len() <= 128 {
            return Ok(&[]);
        }
        let start = usize::from(le::u16(&self.bytes, 0x80)?).saturating_add(128);
        if le::u32(&self.bytes, start).unwrap_or(0) != ATTRIBUTES_MAGIC {
            return Ok(&[]);
        }
        // The offsets of values count from the first entry.
        let attributes = self
            .bytes
            .get(start.saturating_add(4)..)
            .unwrap_or_default();
        let mut at = 0usize;
        while le::u32(attributes, at).unwrap_or(0) != 0 {
            let name_len = usize::from(le::u8(attributes, at)?);
            let name = le::slice(attributes, at.saturating_add(16), name_len)?;
            if le::u8(attributes, at.saturating_add(1))? == ATTRIBUTE_SYSTEM && name == b"data" {
                let offset = usize::from(le::u16(attributes, at.saturating_add(2))?);
                let size = le::u32(attributes, at.saturating_add(8))? as usize;
                return le::slice(attributes, offset, size);
            }
            at = at
                .saturating_add(16)
                .saturating_add(name_len)
                .next_multiple_of(4);
        }
        Ok(&[])
    }
}

/// Checks an inode's checksum; returns what those of its blocks start from.
fn check(bytes: &[u8], number: u32, seed: u32) -> Result<u32> {
    let seed = crc32c(seed, &number.to_le_bytes());
    let seed = crc32c(seed, le::slice(bytes, 0x64, 4)?);
    let has_upper = bytes.len() > 128 && le::u16(bytes, 0x80)? >= 4;
    let mut zeroed = bytes.to_vec();
    let upper = zeroed
        .iter_mut()
        .enumerate()
        .filter(|(i, _)| matches!(i, 0x7c | 0x7d) || has_upper && matches!(i, 0x82 | 0x83));
    upper.for_each(|(_, byte)| *byte = 0);
    let checksum = crc32c(seed, &zeroed);
    let stored = u32::from(le::u16(bytes, 0x7c)?);
    let matches = match has_upper {
        true => checksum == stored | (u32::from(le::u16(bytes, 0x82)?) << 16),
        false => checksum & 0xffff == stored,
    };
    // An inode that was never used has no checksum either.
    if matches || bytes.iter().all(|&byte| byte == 0) {
        Ok(seed)
    } else {
        Err(Error::Corrupt("ext4: checksum of an inode"))
    }
}
