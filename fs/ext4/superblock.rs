// SPDX-License-Identifier: GPL-2.0-or-later
//! The superblock: features and geometry, and where a group's inodes are.

use super::Ext4;
use super::checksum::crc32c;
use common::{Error, Result};
use disk::{BlockRange, le};

/// Where the superblock is, whatever the block size.
const OFFSET: u64 = 1024;
const SIZE: usize = 1024;

const COMPAT_SPARSE_SUPER2: u32 = 0x200;

const INCOMPAT_COMPRESSION: u32 = 0x1;
const INCOMPAT_FILETYPE: u32 = 0x2;
const INCOMPAT_RECOVER: u32 = 0x4;
const INCOMPAT_JOURNAL_DEV: u32 = 0x8;
const INCOMPAT_META_BG: u32 = 0x10;
const INCOMPAT_64BIT: u32 = 0x80;
const INCOMPAT_CSUM_SEED: u32 = 0x2000;
const INCOMPAT_LARGEDIR: u32 = 0x4000;
/// All that can be read here: those above that are handled, extents (40),
/// mmp (100), flex_bg (200), ea_inode (400), inline_data (8000), encrypt
/// (10000; encrypted files are refused one by one), casefold (20000; names are
/// compared exactly).
const INCOMPAT_KNOWN: u32 = INCOMPAT_FILETYPE
    | INCOMPAT_RECOVER
    | INCOMPAT_META_BG
    | INCOMPAT_64BIT
    | INCOMPAT_CSUM_SEED
    | INCOMPAT_LARGEDIR
    | 0x3_8740;

const INCOMPAT_MMP: u32 = 0x100;

const RO_COMPAT_SPARSE_SUPER: u32 = 0x1;
const RO_COMPAT_METADATA_CSUM: u32 = 0x400;
const RO_COMPAT_READONLY: u32 = 0x1000;
/// With these, the blocks of a file can be overwritten: large files and groups
/// (7e), quotas (100), bigalloc (200), project (2000), verity (8000; such files
/// are refused one by one), a list of orphans (10000).
const RO_COMPAT_KNOWN: u32 =
    RO_COMPAT_SPARSE_SUPER | RO_COMPAT_METADATA_CSUM | RO_COMPAT_READONLY | 0x1_a37e;

/// What the superblock says.
pub struct Superblock {
    /// Bytes in a block.
    pub block_size: usize,
    /// Bytes of an inode.
    pub inode_size: usize,
    /// What all checksums start from, if there are any.
    pub checksum_seed: Option<u32>,
    /// Whether directories can have more than 4 GiB.
    pub has_large_dirs: bool,
    /// The identity of the volume.
    pub uuid: [u8; 16],
    /// Its name, ended by a zero.
    pub label: [u8; 16],
    /// How many blocks there are.
    pub blocks: u64,
    /// How many of them are free, as of the last clean state.
    pub free_blocks: u64,
    inodes: u32,
    inodes_per_group: u32,
    first_block: u64,
    blocks_per_group: u64,
    descriptor_size: u64,
    first_meta_group: u64,
    backup_groups: [u32; 2],
    compat: u32,
    incompat: u32,
    ro_compat: u32,
    journal_inode: u32,
}

/// Reads the superblock; `None` if there is none.
pub fn read(range: &BlockRange) -> Result<Option<Superblock>> {
    let mut bytes = [0; SIZE];
    match range.read_at(OFFSET, &mut bytes) {
        Ok(()) => parse(&bytes),
        Err(Error::OutOfRange) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads it once more, as it is when the journal is replayed.
pub fn read_again(fs: &Ext4) -> Result<Option<Superblock>> {
    let mut bytes = [0; SIZE];
    fs.read_at(OFFSET, &mut bytes)?;
    parse(&bytes)
}

fn parse(bytes: &[u8; SIZE]) -> Result<Option<Superblock>> {
    if le::u16(bytes, 0x38)? != 0xef53 {
        return Ok(None);
    }
    let is_first_revision = le::u32(bytes, 0x4c)? == 0;
    let feature = |offset| {
        if is_first_revision {
            Ok(0)
        } else {
            le::u32(bytes, offset)
        }
    };
    let (compat, incompat, ro_compat) = (feature(0x5c)?, feature(0x60)?, feature(0x64)?);
    check_features(incompat)?;

    let has_checksums = ro_compat & RO_COMPAT_METADATA_CSUM != 0;
    if has_checksums && crc32c(!0, le::slice(bytes, 0, 0x3fc)?) != le::u32(bytes, 0x3fc)? {
        return Err(Error::Corrupt("ext4: checksum of the superblock"));
    }
    let uuid: [u8; 16] = le::array(bytes, 0x68)?;
    let seed = match incompat & INCOMPAT_CSUM_SEED {
        0 => crc32c(!0, &uuid),
        _ => le::u32(bytes, 0x270)?,
    };
    let log_block_size = le::u32(bytes, 0x18)?;
    let descriptor_size = match incompat & INCOMPAT_64BIT {
        0 => 32,
        _ => u64::from(le::u16(bytes, 0xfe)?),
    };
    let superblock = Superblock {
        block_size: 1024usize.checked_shl(log_block_size).unwrap_or(0),
        inode_size: if is_first_revision {
            128
        } else {
            usize::from(le::u16(bytes, 0x58)?)
        },
        checksum_seed: has_checksums.then_some(seed),
        has_large_dirs: incompat & INCOMPAT_LARGEDIR != 0,
        uuid,
        label: le::array(bytes, 0x78)?,
        blocks: count(bytes, 0x4, 0x150, incompat)?,
        free_blocks: count(bytes, 0xc, 0x158, incompat)?,
        inodes: le::u32(bytes, 0)?,
        inodes_per_group: le::u32(bytes, 0x28)?,
        first_block: u64::from(le::u32(bytes, 0x14)?),
        blocks_per_group: u64::from(le::u32(bytes, 0x20)?),
        descriptor_size,
        first_meta_group: match incompat & INCOMPAT_META_BG {
            0 => u64::MAX,
            _ => u64::from(le::u32(bytes, 0x104)?),
        },
        backup_groups: [le::u32(bytes, 0x24c)?, le::u32(bytes, 0x250)?],
        compat,
        incompat,
        ro_compat,
        journal_inode: le::u32(bytes, 0xe0)?,
    };
    superblock.check().map(|()| Some(superblock))
}

/// A number whose upper half counts only with 64-bit block numbers.
fn count(bytes: &[u8], low: usize, high: usize, incompat: u32) -> Result<u64> {
    let high = match incompat & INCOMPAT_64BIT {
        0 => 0,
        _ => le::u32(bytes, high)?,
    };
    Ok((u64::from(high) << 32) | u64::from(le::u32(bytes, low)?))
}

fn check_features(incompat: u32) -> Result<()> {
    if incompat & INCOMPAT_JOURNAL_DEV != 0 {
        return Err(Error::Unsupported("ext4: a journal of another file system"));
    }
    if incompat & INCOMPAT_COMPRESSION != 0 {
        return Err(Error::Unsupported("ext4: compression"));
    }
    match incompat & !INCOMPAT_KNOWN {
        0 => Ok(()),
        _ => Err(Error::Unsupported("ext4: a feature that is unknown here")),
    }
}

impl Superblock {
    fn check(&self) -> Result<()> {
        let geometry = (1024..=65536).contains(&self.block_size)
            && self.inode_size.is_power_of_two()
            && (128..=self.block_size).contains(&self.inode_size)
            && (32..=self.block_size as u64).contains(&self.descriptor_size)
            && self.descriptor_size.is_power_of_two()
            && self.inodes_per_group > 0
            && self.blocks_per_group > 0;
        if geometry {
            Ok(())
        } else {
            Err(Error::Corrupt(
                "ext4: impossible geometry in the superblock",
            ))
        }
    }

    /// Where a block is, in bytes.
    pub fn offset(&self, block: u64) -> u64 {
        block.saturating_mul(self.block_size as u64)
    }

    /// The inode of the journal, if it has something that is to be written yet.
    ///
    /// # Errors
    /// If that journal is out of reach.
    pub fn dirty_journal(&self) -> Result<Option<u32>> {
        match (self.incompat & INCOMPAT_RECOVER, self.journal_inode) {
            (0, _) => Ok(None),
            (_, 0) => Err(Error::Unsupported(
                "ext4: not unmounted, with its journal on another device",
            )),
            (_, inode) => Ok(Some(inode)),
        }
    }

    /// Whether blocks of a file can be overwritten.
    ///
    /// # Errors
    /// Why not.
    pub fn check_writable(&self) -> Result<()> {
        if self.ro_compat & RO_COMPAT_READONLY != 0 {
            return Err(Error::ReadOnly);
        }
        if self.incompat & INCOMPAT_MMP != 0 {
            return Err(Error::Unsupported(
                "ext4: writing with multiple mount protection",
            ));
        }
        match self.ro_compat & !RO_COMPAT_KNOWN {
            0 => Ok(()),
            _ => Err(Error::Unsupported(
                "ext4: writing with a feature that is unknown here",
            )),
        }
    }

    /// Where an inode is, in bytes.
    ///
    /// # Errors
    /// If there is no such inode.
    pub fn inode_offset(&self, fs: &Ext4, number: u32) -> Result<u64> {
        if number == 0 || number > self.inodes {
            return Err(Error::Corrupt(
                "ext4: an inode number beyond the last inode",
            ));
        }
        let number = number.saturating_sub(1);
        let group = u64::from(number.checked_div(self.inodes_per_group).unwrap_or(0));
        let index = u64::from(number.checked_rem(self.inodes_per_group).unwrap_or(0));
        let mut descriptor = [0; 64];
        let len = descriptor.len().min(self.descriptor_size as usize);
        if let Some(bytes) = descriptor.get_mut(..len) {
            fs.read_at(self.descriptor_offset(group), bytes)?;
        }
        // Descriptors of 32 bytes have no upper half: it reads as zero.
        let table =
            (u64::from(le::u32(&descriptor, 0x28)?) << 32) | u64::from(le::u32(&descriptor, 8)?);
        Ok(self
            .offset(table)
            .saturating_add(index.saturating_mul(self.inode_size as u64)))
    }

    /// Where a group's descriptor is, in bytes.
    fn descriptor_offset(&self, group: u64) -> u64 {
        let per_block = (self.block_size as u64)
            .checked_div(self.descriptor_size)
            .unwrap_or(1);
        let block = group.checked_div(per_block).unwrap_or(0);
        let index = group.checked_rem(per_block).unwrap_or(0);
        let table = if block < self.first_meta_group {
            self.own_block().saturating_add(1).saturating_add(block)
        } else {
            // Each block of descriptors is in the first of the groups it describes.
            let first = block.saturating_mul(per_block);
            let group = first.saturating_mul(self.blocks_per_group);
            match first {
                0 => self.own_block().saturating_add(1),
                _ => self
                    .first_block
                    .saturating_add(group)
                    .saturating_add(u64::from(self.has_superblock(first))),
            }
        };
        self.offset(table)
            .saturating_add(index.saturating_mul(self.descriptor_size))
    }

    /// The block that the superblock itself is in.
    fn own_block(&self) -> u64 {
        u64::from(self.block_size == OFFSET as usize)
    }

    /// Whether a group other than the first begins with a copy of the superblock.
    fn has_superblock(&self, group: u64) -> bool {
        if self.compat & COMPAT_SPARSE_SUPER2 != 0 {
            return self
                .backup_groups
                .iter()
                .any(|&backup| u64::from(backup) == group);
        }
        let is_power = |base: u64| {
            let powers = core::iter::successors(Some(1u64), |power| power.checked_mul(base));
            powers
                .take_while(|&power| power <= group)
                .any(|power| power == group)
        };
        self.ro_compat & RO_COMPAT_SPARSE_SUPER == 0 || is_power(3) || is_power(5) || is_power(7)
    }
}
