// SPDX-License-Identifier: GPL-2.0-or-later
//! Any bytes of a disk or a partition, read with few device requests.
//!
//! A device request costs a round trip to the back-end, whatever its size. So a
//! large read reaches the device as one request, straight into the caller's
//! buffer, and small reads (tables, inodes, directories) go through a cache of
//! larger lines. The cache lives as long as the range: whoever writes to the
//! disk opens a new one.

use crate::Partition;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result};
use dm::blk::{BlockDevice, Disk};
use spin::Mutex;

/// Bytes of a cache line; also, reads of at least this size bypass the cache.
const LINE: usize = 16 * 1024;
/// Lines that are kept.
const LINES: usize = 32;

/// A range of a disk, addressed in bytes.
pub struct BlockRange {
    device: Arc<dyn BlockDevice>,
    block_size: usize,
    first_block: u64,
    len: u64,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    lines: Vec<Line>,
    clock: u64,
}

struct Line {
    number: u64,
    last_use: u64,
    bytes: Vec<u8>,
}

impl BlockRange {
    /// The bytes of a partition; those that lie beyond the end of the disk are left out.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the partition starts beyond the end of the disk.
    pub fn new(disk: &Disk, partition: &Partition) -> Result<BlockRange> {
        BlockRange::of_device(disk.ops.clone(), partition.start, partition.blocks)
    }

    /// All bytes of a disk.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the device has an impossible block size.
    pub fn whole(disk: &Disk) -> Result<BlockRange> {
        BlockRange::of_device(disk.ops.clone(), 0, u64::MAX)
    }

    /// `blocks` blocks of a device from `first_block` on; see [`BlockRange::new`].
    ///
    /// # Errors
    /// As [`BlockRange::new`] and [`BlockRange::whole`].
    pub fn of_device(
        device: Arc<dyn BlockDevice>,
        first_block: u64,
        blocks: u64,
    ) -> Result<BlockRange> {
        let info = device.info();
        let block_size = info.block_size as usize;
        if !block_size.is_power_of_two() || block_size > LINE {
            return Err(Error::Invalid("block size of the device"));
        }
        let left = info.blocks.checked_sub(first_block);
        let left = left.ok_or(Error::Corrupt(
            "the partition lies beyond the end of the disk",
        ))?;
        let len = blocks.min(left).saturating_mul(block_size as u64);
        Ok(BlockRange {
            device,
            block_size,
            first_block,
            len,
            cache: Mutex::default(),
        })
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of a device block.
    pub fn block_size(&self) -> usize {
        self.block_size
    }

    /// The device's number of the block that holds a byte, for messages.
    pub fn block_of(&self, offset: u64) -> u64 {
        self.first_block
            .saturating_add(offset.checked_div(self.block_size as u64).unwrap_or(0))
    }

    /// Reads bytes, all or none of them.
    ///
    /// Whole blocks of a large read go from the device straight into `buf`, in
    /// one request.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] beyond the end, or what the device says.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let end = offset
            .checked_add(buf.len() as u64)
            .ok_or(Error::OutOfRange)?;
        if end > self.len {
            return Err(Error::OutOfRange);
        }
        if buf.len() < LINE {
            return self.read_cached(offset, buf);
        }
        let body_start = offset.next_multiple_of(self.block_size as u64);
        let (head, rest) = buf.split_at_mut(body_start.saturating_sub(offset) as usize);
        let tail_len = rest.len().checked_rem(self.block_size).unwrap_or(0);
        let (body, tail) = rest.split_at_mut(rest.len().saturating_sub(tail_len));
        self.read_cached(offset, head)?;
        self.device.read(self.block_of(body_start), body)?;
        self.read_cached(body_start.saturating_add(body.len() as u64), tail)
    }

    fn read_cached(&self, mut offset: u64, mut buf: &mut [u8]) -> Result<()> {
        while !buf.is_empty() {
            let number = offset.div_euclid(LINE as u64);
            let skip = offset.rem_euclid(LINE as u64) as usize;
            let (part, rest) = buf.split_at_mut(buf.len().min(LINE.saturating_sub(skip)));
            if self.read_line(number, skip, part).is_err() {
                self.read_exact_blocks(offset, part)?;
            }
            offset = offset.saturating_add(part.len() as u64);
            buf = rest;
        }
        Ok(())
    }

    /// Copies from a cache line, reading it first if need be.
    fn read_line(&self, number: u64, skip: usize, part: &mut [u8]) -> Result<()> {
        let mut cache = self.cache.lock();
        let line = match cache.touch(number) {
            Some(line) => line,
            None => {
                let start = number.saturating_mul(LINE as u64);
                let mut bytes = vec![0; self.len.saturating_sub(start).min(LINE as u64) as usize];
                self.device.read(self.block_of(start), &mut bytes)?;
                cache.insert(number, bytes)
            }
        };
        part.copy_from_slice(crate::le::slice(line, skip, part.len())?);
        Ok(())
    }

    /// Reads just the blocks of a few bytes: a bad block nearby must not make them unreadable.
    fn read_exact_blocks(&self, offset: u64, part: &mut [u8]) -> Result<()> {
        let skip = offset.checked_rem(self.block_size as u64).unwrap_or(0) as usize;
        let mut bytes = vec![
            0;
            skip.saturating_add(part.len())
                .next_multiple_of(self.block_size)
        ];
        self.device.read(self.block_of(offset), &mut bytes)?;
        part.copy_from_slice(crate::le::slice(&bytes, skip, part.len())?);
        Ok(())
    }
}

impl Cache {
    fn touch(&mut self, number: u64) -> Option<&[u8]> {
        self.clock = self.clock.saturating_add(1);
        let line = self.lines.iter_mut().find(|line| line.number == number)?;
        line.last_use = self.clock;
        Some(&line.bytes)
    }

    /// Keeps a line, in the place of the one that was not used for longest.
    fn insert(&mut self, number: u64, bytes: Vec<u8>) -> &[u8] {
        if self.lines.len() >= LINES {
            let oldest = self.lines.iter().map(|line| line.last_use).min();
            self.lines.retain(|line| Some(line.last_use) != oldest);
        }
        self.lines.push(Line {
            number,
            last_use: self.clock,
            bytes,
        });
        self.lines.last().map_or(&[], |line| &line.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::RamDisk;

    fn pattern(i: u64) -> u8 {
        (i ^ (i >> 8) ^ (i >> 16)) as u8
    }

    fn patterned(block_size: u32, len: u64) -> Arc<RamDisk> {
        RamDisk::new((0..len).map(pattern).collect(), block_size)
    }

    #[test]
    fn bytes_are_right_at_every_alignment() {
        for block_size in [512, 4096] {
            let disk = patterned(block_size, 256 * 1024);
            let range = BlockRange::of_device(disk, 2, 60).unwrap();
            assert_eq!(range.len(), 60 * u64::from(block_size));
            let base = 2 * u64::from(block_size);
            for (offset, len) in [
                (0, 1),
                (511, 2),
                (1, 20_000),
                (4095, 16_385),
                (16_383, 2),
                (8192, 16_384),
                (30_719, 1),
            ] {
                let mut buf = vec![0; len];
                range.read_at(offset, &mut buf).unwrap();
                assert!(
                    buf.iter()
                        .zip(base + offset..)
                        .all(|(&b, i)| b == pattern(i)),
                    "{offset} {len}"
                );
            }
            assert_eq!(
                range.read_at(range.len() - 1, &mut [0; 2]),
                Err(Error::OutOfRange)
            );
            assert_eq!(range.read_at(u64::MAX, &mut [0; 2]), Err(Error::OutOfRange));
        }
    }

    #[test]
    fn a_large_read_is_one_request_and_small_ones_share_one() {
        let disk = patterned(512, 1 << 20);
        let range = BlockRange::of_device(disk.clone(), 0, u64::MAX).unwrap();
        range.read_at(512, &mut vec![0; 512 * 1024]).unwrap();
        assert_eq!(disk.reads(), 1);
        for i in 0..100 {
            range
                .read_at(600_000 - 600_000 % 16384 + i * 16, &mut [0; 16])
                .unwrap();
        }
        assert_eq!(disk.reads(), 2);
    }

    #[test]
    fn the_cache_is_bounded_and_drops_the_oldest() {
        let disk = patterned(512, 1 << 20);
        let range = BlockRange::of_device(disk.clone(), 0, u64::MAX).unwrap();
        for line in 0..33 {
            range.read_at(line * 16384, &mut [0; 4]).unwrap();
        }
        assert_eq!(range.cache.lock().lines.len(), 32);
        assert_eq!(disk.reads(), 33);
        range.read_at(32 * 16384, &mut [0; 4]).unwrap();
        assert_eq!(disk.reads(), 33);
        range.read_at(0, &mut [0; 4]).unwrap();
        assert_eq!(disk.reads(), 34);
    }

    #[test]
    fn a_bad_block_spoils_only_itself() {
        let disk = patterned(512, 1 << 20);
        disk.break_block(10);
        let range = BlockRange::of_device(disk, 0, u64::MAX).unwrap();
        let mut buf = [0; 4];
        range.read_at(9 * 512, &mut buf).unwrap();
        assert_eq!(buf[1], pattern(9 * 512 + 1));
        assert_eq!(range.read_at(10 * 512, &mut buf), Err(Error::Io(10)));
        assert_eq!(range.read_at(0, &mut vec![0; 65536]), Err(Error::Io(10)));
    }

    #[test]
    fn partitions_end_with_the_disk() {
        let disk = patterned(512, 10 * 512);
        assert_eq!(
            BlockRange::of_device(disk.clone(), 8, 100).unwrap().len(),
            1024
        );
        assert!(
            BlockRange::of_device(disk.clone(), 10, 1)
                .unwrap()
                .is_empty()
        );
        assert!(matches!(
            BlockRange::of_device(disk, 11, 1),
            Err(Error::Corrupt(_))
        ));
    }
}
