// SPDX-License-Identifier: GPL-2.0-or-later
//! Any bytes of a disk or a partition, read and written with few device requests.
//!
//! A device request costs a round trip to the back-end, whatever its size. So a
//! large read reaches the device as one request, straight into the caller's
//! buffer, and small reads (tables, inodes, directories) go through a cache of
//! larger lines. Writes go to the device at once, in their order. The cache
//! lives as long as the range, and knows what is written through it: whoever
//! writes to the disk in another way opens a new one.

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

    /// Writes bytes, of any number at any place; they are durable after
    /// [`BlockRange::flush`].
    ///
    /// Whole blocks go to the device straight from `bytes`, in one request;
    /// what else a block at either end holds stays as it is.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] beyond the end, [`Error::ReadOnly`], or what the
    /// device says. After an error of the device, some blocks may be written.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let end = offset.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(Error::OutOfRange);
        }
        let size = self.block_size as u64;
        let into_block = offset.checked_rem(size).unwrap_or(0);
        let head_len = match into_block {
            0 => 0,
            _ => size.saturating_sub(into_block).min(bytes.len() as u64) as usize,
        };
        let (head, rest) = bytes.split_at_checked(head_len).unwrap_or((bytes, &[]));
        let tail_len = rest.len().checked_rem(self.block_size).unwrap_or(0);
        let (body, tail) = rest
            .split_at_checked(rest.len().saturating_sub(tail_len))
            .unwrap_or((rest, &[]));
        let body_start = offset.saturating_add(head_len as u64);
        self.write_part(offset, head)?;
        self.write_blocks(body_start, body)?;
        self.write_part(body_start.saturating_add(body.len() as u64), tail)
    }

    /// Makes all that was written durable.
    ///
    /// # Errors
    /// What the device says.
    pub fn flush(&self) -> Result<()> {
        self.device.flush()
    }

    /// Whether the device refuses writes.
    pub fn is_read_only(&self) -> bool {
        self.device.info().read_only
    }

    /// Writes a part of one block.
    fn write_part(&self, offset: u64, part: &[u8]) -> Result<()> {
        if part.is_empty() {
            return Ok(());
        }
        let skip = offset.checked_rem(self.block_size as u64).unwrap_or(0);
        let start = offset.saturating_sub(skip);
        let mut block = vec![0; self.block_size];
        self.read_cached(start, &mut block)?;
        if let Some(place) = block
            .get_mut(skip as usize..)
            .and_then(|rest| rest.get_mut(..part.len()))
        {
            place.copy_from_slice(part);
        }
        self.write_blocks(start, &block)
    }

    /// Writes whole blocks.
    fn write_blocks(&self, offset: u64, blocks: &[u8]) -> Result<()> {
        if blocks.is_empty() {
            return Ok(());
        }
        let result = self.device.write(self.block_of(offset), blocks);
        let mut cache = self.cache.lock();
        match result {
            Ok(()) => cache.update(offset, blocks),
            // Some of the blocks may be new, some not.
            Err(_) => cache.lines.clear(),
        }
        result
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

    /// Puts what was written at an offset into the lines that hold these bytes.
    fn update(&mut self, offset: u64, bytes: &[u8]) {
        let end = offset.saturating_add(bytes.len() as u64);
        for line in &mut self.lines {
            let start = line.number.saturating_mul(LINE as u64);
            let from = start.max(offset);
            let until = start.saturating_add(line.bytes.len() as u64).min(end);
            let Some(len) = until.checked_sub(from).filter(|len| *len > 0) else {
                continue;
            };
            let source = bytes.get(from.saturating_sub(offset) as usize..);
            let place = line.bytes.get_mut(from.saturating_sub(start) as usize..);
            if let (Some(source), Some(place)) = (source, place) {
                place
                    .iter_mut()
                    .zip(source)
                    .take(len as usize)
                    .for_each(|(to, from)| *to = *from);
            }
        }
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
mod tests;
