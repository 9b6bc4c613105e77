// SPDX-License-Identifier: GPL-2.0-or-later
//! The journal: what a file system that was not unmounted still has to write.
//!
//! A guest that is destroyed leaves its newest changes in the journal only.
//! They are not written here: reads take a block's newest copy from the
//! journal instead. Implements jbd2, `Documentation/filesystems/ext4/journal.rst`
//! of the Linux kernel.

use super::checksum::crc32c;
use super::file::File;
use super::inode::Inode;
use super::{Ext4, le};
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result};

const MAGIC: u32 = 0xc03b_3998;
const DESCRIPTOR: u32 = 1;
const COMMIT: u32 = 2;
const REVOKE: u32 = 5;

const INCOMPAT_64BIT: u32 = 0x2;
const INCOMPAT_CSUM_V2: u32 = 0x8;
const INCOMPAT_CSUM_V3: u32 = 0x10;
const INCOMPAT_FAST_COMMIT: u32 = 0x20;
/// Revocation (1) and asynchronous commits (4) need nothing special here.
const INCOMPAT_KNOWN: u32 =
    0x5 | INCOMPAT_64BIT | INCOMPAT_CSUM_V2 | INCOMPAT_CSUM_V3 | INCOMPAT_FAST_COMMIT;

/// Blocks at the end of the journal that hold fast commits, if it does not say how many.
const DEFAULT_FAST_COMMITS: u32 = 256;

const TAG_ESCAPED: u32 = 0x1;
const TAG_SAME_UUID: u32 = 0x2;
const TAG_LAST: u32 = 0x8;

/// Blocks that are remembered: those of a journal of 1 GiB.
const MAX_BLOCKS: usize = 1 << 18;

/// Where the newest copies of blocks are.
#[derive(Default)]
pub struct Replay {
    copies: BTreeMap<u64, Copy>,
    /// Whether there may be fast commits too, which are not looked at.
    fast_commits: bool,
}

/// A block's copy in the journal.
#[derive(Clone, Copy)]
struct Copy {
    /// Where it is, in bytes of the partition.
    offset: u64,
    /// Whether its first bytes were changed, not to look like the journal's own mark.
    escaped: bool,
    /// The transaction it belongs to.
    sequence: u32,
}

impl Replay {
    /// Puts the newest contents over bytes that were read at an offset.
    pub fn patch(&self, fs: &Ext4, offset: u64, buf: &mut [u8]) -> Result<()> {
        let size = fs.superblock.block_size as u64;
        let end = offset.saturating_add(buf.len() as u64);
        let first = offset.checked_div(size).unwrap_or(0);
        for (&block, copy) in self
            .copies
            .range(first..)
            .take_while(|(block, _)| fs.superblock.offset(**block) < end)
        {
            let start = fs.superblock.offset(block);
            let from = start.max(offset);
            let len = start.saturating_add(size).min(end).saturating_sub(from) as usize;
            let skip = from.saturating_sub(start) as usize;
            let mut newest = vec![0; fs.superblock.block_size];
            fs.read_raw(copy.offset, &mut newest)?;
            if copy.escaped {
                newest
                    .iter_mut()
                    .zip(MAGIC.to_be_bytes())
                    .for_each(|(to, from)| *to = from);
            }
            let place = buf
                .get_mut(from.saturating_sub(offset) as usize..)
                .and_then(|rest| rest.get_mut(..len));
            if let Some(place) = place {
                place.copy_from_slice(le::slice(&newest, skip, len)?);
            }
        }
        Ok(())
    }

    /// Whether bytes at an offset of the partition stay what they are when the
    /// journal is replayed, and belong to what they belong to now.
    pub fn leaves(&self, fs: &Ext4, offset: u64, len: usize) -> bool {
        let size = fs.superblock.block_size as u64;
        let end = offset.saturating_add(len as u64);
        let first = offset.checked_div(size).unwrap_or(0);
        let mut later = self.copies.range(first..).map(|(block, _)| *block);
        let next = later.next();
        !self.fast_commits && next.is_none_or(|block| fs.superblock.offset(block) >= end)
    }
}

/// Finds the newest copies of all blocks in complete transactions.
pub fn scan(fs: &Ext4, inode: u32) -> Result<Replay> {
    let inode = Inode::read(fs, inode)?;
    let mut log = Log::open(fs, &inode)?;
    let mut replay = Replay {
        copies: BTreeMap::new(),
        fast_commits: log.features & INCOMPAT_FAST_COMMIT != 0,
    };
    let mut revoked = BTreeMap::new();
    while let Some(transaction) = log.transaction()? {
        for (block, sequence) in transaction.revoked {
            revoked.insert(block, sequence);
        }
        replay.copies.extend(transaction.copies);
        if replay.copies.len().saturating_add(revoked.len()) > MAX_BLOCKS {
            return Err(Error::Unsupported(
                "ext4: not unmounted, and the journal is too large to replay here",
            ));
        }
    }
    // A revoked block was freed: older copies must not come back.
    replay.copies.retain(|block, copy| {
        revoked
            .get(block)
            .is_none_or(|&sequence: &u32| (copy.sequence.wrapping_sub(sequence) as i32) > 0)
    });
    Ok(replay)
}

#[derive(Default)]
struct Transaction {
    copies: Vec<(u64, Copy)>,
    revoked: Vec<(u64, u32)>,
}

/// The journal as it is read, from the oldest block on.
struct Log<'a> {
    fs: &'a Ext4,
    file: File<'a>,
    features: u32,
    /// What checksums start from, if there are any.
    seed: Option<u32>,
    first: u32,
    /// The block after the last one.
    last: u32,
    position: u32,
    /// Blocks that may still be read: more would be those read before.
    left: u32,
    sequence: u32,
}

impl<'a> Log<'a> {
    fn open(fs: &'a Ext4, inode: &'a Inode) -> Result<Log<'a>> {
        let mut file = File::new(fs, inode)?;
        let mut header = [0; 1024];
        file.read(0, &mut header)?;
        if le::be32(&header, 0)? != MAGIC || !matches!(le::be32(&header, 4)?, 3 | 4) {
            return Err(Error::Corrupt("ext4: the journal has no superblock"));
        }
        let features = if le::be32(&header, 4)? == 4 {
            le::be32(&header, 0x28)?
        } else {
            0
        };
        if features & !INCOMPAT_KNOWN != 0 {
            return Err(Error::Unsupported(
                "ext4: a feature of the journal that is unknown here",
            ));
        }
        let seed = match features & (INCOMPAT_CSUM_V2 | INCOMPAT_CSUM_V3) {
            0 => None,
            _ => Some(check_superblock(&header)?),
        };
        let (len, first) = (le::be32(&header, 0x10)?, le::be32(&header, 0x14)?);
        // Fast commits only repeat what the next ordinary commit says; without
        // them the file system is as it was at the last of those.
        let fast_commits = match (features & INCOMPAT_FAST_COMMIT, le::be32(&header, 0x54)?) {
            (0, _) => 0,
            (_, 0) => DEFAULT_FAST_COMMITS,
            (_, blocks) => blocks,
        };
        let last = len.saturating_sub(fast_commits);
        let start = le::be32(&header, 0x1c)?;
        let fits = u64::from(len).saturating_mul(fs.superblock.block_size as u64) <= inode.size;
        let is_log = first >= 1 && first < last && (start == 0 || (first..last).contains(&start));
        if le::be32(&header, 0xc)? as usize != fs.superblock.block_size || !fits || !is_log {
            return Err(Error::Corrupt("ext4: impossible geometry of the journal"));
        }
        Ok(Log {
            fs,
            file,
            features,
            seed,
            first,
            last,
            position: start,
            // A log that starts at block 0 is empty.
            left: if start == 0 {
                0
            } else {
                last.saturating_sub(first)
            },
            sequence: le::be32(&header, 0x18)?,
        })
    }

    /// The next complete transaction; `None` at the end of the log.
    fn transaction(&mut self) -> Result<Option<Transaction>> {
        let mut transaction = Transaction::default();
        while let Some(offset) = self.next_block()? {
            let mut block = vec![0; self.fs.superblock.block_size];
            self.fs.read_raw(offset, &mut block)?;
            // What does not belong to this transaction is left from an older round of the log.
            if le::be32(&block, 0)? != MAGIC || le::be32(&block, 8)? != self.sequence {
                return Ok(None);
            }
            let is_good = match le::be32(&block, 4)? {
                DESCRIPTOR => {
                    self.check_tail(&block)? && self.descriptor(&block, &mut transaction)?
                }
                REVOKE => self.check_tail(&block)? && self.revoke(&block, &mut transaction)?,
                COMMIT if self.check_commit(&block)? => {
                    self.sequence = self.sequence.wrapping_add(1);
                    return Ok(Some(transaction));
                }
                _ => false,
            };
            if !is_good {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Where the next block of the log is, in bytes of the partition.
    fn next_block(&mut self) -> Result<Option<u64>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        let block = self.file.block(u64::from(self.position))?;
        let block = block.ok_or(Error::Corrupt("ext4: the journal has a hole"))?;
        self.position = self.position.saturating_add(1);
        if self.position >= self.last {
            self.position = self.first;
        }
        Ok(Some(self.fs.superblock.offset(block)))
    }

    /// Takes the list of copies that follow; false if the log ends among them.
    fn descriptor(&mut self, block: &[u8], transaction: &mut Transaction) -> Result<bool> {
        let is_v3 = self.features & INCOMPAT_CSUM_V3 != 0;
        let is_long = self.features & INCOMPAT_64BIT != 0;
        let tag_len: usize = match (is_v3, self.features & INCOMPAT_CSUM_V2 != 0) {
            (true, _) => 16,
            (false, true) if is_long => 14,
            (false, true) => 10,
            (false, false) if is_long => 12,
            (false, false) => 8,
        };
        let end = block
            .len()
            .saturating_sub(if self.seed.is_some() { 4 } else { 0 });
        let mut at = 12usize;
        while at.saturating_add(tag_len) <= end {
            let tag = le::slice(block, at, tag_len)?;
            let flags = if is_v3 {
                le::be32(tag, 4)?
            } else {
                le::be32(tag, 4)? & 0xffff
            };
            let upper = if is_long { le::be32(tag, 8)? } else { 0 };
            let number = (u64::from(upper) << 32) | u64::from(le::be32(tag, 0)?);
            let Some(offset) = self.next_block()? else {
                return Ok(false);
            };
            let copy = Copy {
                offset,
                escaped: flags & TAG_ESCAPED != 0,
                sequence: self.sequence,
            };
            transaction.copies.push((number, copy));
            if flags & TAG_LAST != 0 {
                break;
            }
            let uuid = if flags & TAG_SAME_UUID != 0 { 0 } else { 16 };
            at = at.saturating_add(tag_len).saturating_add(uuid);
        }
        Ok(true)
    }

    /// Takes a list of blocks that were freed.
    fn revoke(&self, block: &[u8], transaction: &mut Transaction) -> Result<bool> {
        let end = le::be32(block, 12)? as usize;
        let Some(list) = end
            .checked_sub(16)
            .and_then(|len| le::slice(block, 16, len).ok())
        else {
            return Ok(false);
        };
        let is_long = self.features & INCOMPAT_64BIT != 0;
        for number in list.chunks_exact(if is_long { 8 } else { 4 }) {
            let upper = u64::from(le::be32(number, 0)?);
            let number = if is_long {
                (upper << 32) | u64::from(le::be32(number, 4)?)
            } else {
                upper
            };
            transaction.revoked.push((number, self.sequence));
        }
        Ok(true)
    }

    /// Whether the checksum at the end of a block is right.
    fn check_tail(&self, block: &[u8]) -> Result<bool> {
        self.check_at(block, block.len().saturating_sub(4))
    }

    fn check_commit(&self, block: &[u8]) -> Result<bool> {
        self.check_at(block, 0x10)
    }

    fn check_at(&self, block: &[u8], at: usize) -> Result<bool> {
        let Some(seed) = self.seed else {
            return Ok(true);
        };
        Ok(checksum_without(seed, block, at)? == le::be32(block, at)?)
    }
}

/// Checks the journal's superblock; returns what other checksums start from.
fn check_superblock(header: &[u8]) -> Result<u32> {
    if checksum_without(!0, header, 0xfc)? != le::be32(header, 0xfc)? {
        return Err(Error::Corrupt("ext4: checksum of the journal"));
    }
    Ok(crc32c(!0, le::slice(header, 0x30, 16)?))
}

/// The checksum of a block in which its own four bytes count as zero.
fn checksum_without(seed: u32, block: &[u8], at: usize) -> Result<u32> {
    let seed = crc32c(seed, le::slice(block, 0, at)?);
    let seed = crc32c(seed, &[0; 4]);
    Ok(crc32c(
        seed,
        block.get(at.saturating_add(4)..).unwrap_or_default(),
    ))
}
