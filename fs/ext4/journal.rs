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
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result};
use core::cmp::Reverse;

const MAGIC: u32 = 0xc03b_3998;
const DESCRIPTOR: u32 = 1;
const COMMIT: u32 = 2;
const REVOKE: u32 = 5;

const INCOMPAT_64BIT: u32 = 0x2;
const INCOMPAT_CSUM_V2: u32 = 0x8;
const INCOMPAT_CSUM_V3: u32 = 0x10;
const INCOMPAT_FAST_COMMIT: u32 = 0x20;
/// Revocation (1) needs nothing special here, nor do asynchronous commits (4): what
/// has a checksum is checked when it is used.
const INCOMPAT_KNOWN: u32 =
    0x5 | INCOMPAT_64BIT | INCOMPAT_CSUM_V2 | INCOMPAT_CSUM_V3 | INCOMPAT_FAST_COMMIT;

/// Blocks at the end of the journal that hold fast commits, if it does not say how many.
const DEFAULT_FAST_COMMITS: u32 = 256;

const TAG_ESCAPED: u32 = 0x1;
const TAG_SAME_UUID: u32 = 0x2;
const TAG_LAST: u32 = 0x8;

/// Blocks that are remembered: those of a journal of 1 GiB.
const MAX_BLOCKS: usize = 1 << 18;
/// Blocks that were freed, and are remembered while the journal is read.
const MAX_REVOKED: usize = 1 << 19;

/// Where the newest copies of blocks are.
#[derive(Default)]
pub struct Replay {
    /// In the order of the blocks.
    copies: Vec<Copy>,
    /// What checksums of blocks start from.
    seed: u32,
    /// Whether there may be fast commits too, which are not looked at.
    fast_commits: bool,
}

/// A block's copy in the journal.
#[derive(Clone, Copy)]
struct Copy {
    /// The block of the file system.
    block: u64,
    /// Where it is, in bytes of the partition.
    offset: u64,
    /// Whether its first bytes were changed, not to look like the journal's own mark.
    escaped: bool,
    /// The transaction it belongs to.
    sequence: u32,
    checksum: Checksum,
}

/// What a block in the journal must come to.
#[derive(Clone, Copy)]
enum Checksum {
    Unknown,
    /// The lower half of a checksum.
    Lower(u16),
    Whole(u32),
}

impl Checksum {
    /// Whether a block has it, together with its transaction's number.
    fn is_of(self, seed: u32, sequence: u32, block: &[u8]) -> bool {
        let all = || crc32c(crc32c(seed, &sequence.to_be_bytes()), block);
        match self {
            Checksum::Unknown => true,
            Checksum::Lower(lower) => all() as u16 == lower,
            Checksum::Whole(whole) => all() == whole,
        }
    }
}

impl Replay {
    /// Puts the newest contents over bytes that were read at an offset.
    pub fn patch(&self, fs: &Ext4, offset: u64, buf: &mut [u8]) -> Result<()> {
        let size = fs.superblock.block_size as u64;
        let end = offset.saturating_add(buf.len() as u64);
        let copies = self.from(fs, offset);
        for copy in copies.take_while(|copy| fs.superblock.offset(copy.block) < end) {
            let start = fs.superblock.offset(copy.block);
            let from = start.max(offset);
            let len = start.saturating_add(size).min(end).saturating_sub(from) as usize;
            let skip = from.saturating_sub(start) as usize;
            let mut newest = vec![0; fs.superblock.block_size];
            fs.read_raw(copy.offset, &mut newest)?;
            if !copy.checksum.is_of(self.seed, copy.sequence, &newest) {
                return Err(Error::Corrupt("ext4: checksum of a block in the journal"));
            }
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
        let end = offset.saturating_add(len as u64);
        let next = self.from(fs, offset).next();
        !self.fast_commits && next.is_none_or(|copy| fs.superblock.offset(copy.block) >= end)
    }

    /// The copies from the block on that holds an offset.
    fn from(&self, fs: &Ext4, offset: u64) -> impl Iterator<Item = &Copy> {
        let size = fs.superblock.block_size as u64;
        let first = offset.checked_div(size).unwrap_or(0);
        let before = self.copies.partition_point(|copy| copy.block < first);
        self.copies.iter().skip(before)
    }
}

/// Finds the newest copies of all blocks in complete transactions.
pub fn scan(fs: &Ext4, inode: u32) -> Result<Replay> {
    let inode = Inode::read(fs, inode)?;
    let mut log = Log::open(fs, &inode)?;
    let mut found = Found::default();
    let mut whole = (0, 0);
    let oldest = log.sequence;
    while log.transaction(&mut found)? {
        whole = (found.copies.len(), found.revoked.len());
    }
    let Found {
        mut copies,
        mut revoked,
    } = found;
    copies.truncate(whole.0);
    revoked.truncate(whole.1);
    // The newest ones first, of which only the first is kept.
    let age = |sequence: u32| Reverse(sequence.wrapping_sub(oldest));
    copies.sort_unstable_by_key(|copy| (copy.block, age(copy.sequence)));
    copies.dedup_by_key(|copy| copy.block);
    revoked.sort_unstable_by_key(|&(block, sequence)| (block, age(sequence)));
    revoked.dedup_by_key(|(block, _)| *block);
    // A revoked block was freed: older copies must not come back.
    copies.retain(|copy| {
        let found = revoked.binary_search_by_key(&copy.block, |(block, _)| *block);
        let found = found.ok().and_then(|index| revoked.get(index));
        found.is_none_or(|(_, sequence)| age(copy.sequence) < age(*sequence))
    });
    Ok(Replay {
        copies,
        seed: log.seed.unwrap_or(0),
        fast_commits: log.features & INCOMPAT_FAST_COMMIT != 0,
    })
}

/// What was found in the log, in its order.
#[derive(Default)]
struct Found {
    copies: Vec<Copy>,
    /// Blocks that were freed, and the transaction in which they were.
    revoked: Vec<(u64, u32)>,
}

/// Adds to a list that has a limit.
fn note<T>(list: &mut Vec<T>, most: usize, item: T) -> Result<()> {
    if list.len() >= most {
        return Err(Error::Unsupported(
            "ext4: not unmounted, and the journal is too large to replay here",
        ));
    }
    list.try_reserve(1).map_err(|_| Error::NoMemory)?;
    list.push(item);
    Ok(())
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

    /// Takes the next transaction; false at the end of the log, which may be within one.
    fn transaction(&mut self, found: &mut Found) -> Result<bool> {
        while let Some(offset) = self.next_block()? {
            let mut block = vec![0; self.fs.superblock.block_size];
            self.fs.read_raw(offset, &mut block)?;
            // What does not belong to this transaction is left from an older round of the log.
            if le::be32(&block, 0)? != MAGIC || le::be32(&block, 8)? != self.sequence {
                return Ok(false);
            }
            let is_good = match le::be32(&block, 4)? {
                DESCRIPTOR => self.check_tail(&block)? && self.descriptor(&block, found)?,
                REVOKE => self.check_tail(&block)? && self.revoke(&block, found)?,
                COMMIT if self.check_commit(&block)? => {
                    self.sequence = self.sequence.wrapping_add(1);
                    return Ok(true);
                }
                _ => false,
            };
            if !is_good {
                return Ok(false);
            }
        }
        Ok(false)
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
    fn descriptor(&mut self, block: &[u8], found: &mut Found) -> Result<bool> {
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
            let checksum = match self.seed {
                None => Checksum::Unknown,
                Some(_) if is_v3 => Checksum::Whole(le::be32(tag, 12)?),
                Some(_) => Checksum::Lower((le::be32(tag, 4)? >> 16) as u16),
            };
            let copy = Copy {
                block: number,
                offset,
                escaped: flags & TAG_ESCAPED != 0,
                sequence: self.sequence,
                checksum,
            };
            note(&mut found.copies, MAX_BLOCKS, copy)?;
            if flags & TAG_LAST != 0 {
                break;
            }
            let uuid = if flags & TAG_SAME_UUID != 0 { 0 } else { 16 };
            at = at.saturating_add(tag_len).saturating_add(uuid);
        }
        Ok(true)
    }

    /// Takes a list of blocks that were freed.
    fn revoke(&self, block: &[u8], found: &mut Found) -> Result<bool> {
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
            note(&mut found.revoked, MAX_REVOKED, (number, self.sequence))?;
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
