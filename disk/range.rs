// SPDX-License-Identifier: GPL-2.0-or-later
//! Any bytes of a disk or a partition, read and written with few device requests.
//!
//! Whole blocks of a large read or write pass between the device and the
//! caller's buffer in one request. Other reads are of the blocks around the
//! bytes; they are cheap, as the block cache ([`dm::blkcache`]) is before the
//! device. Writes go to the device at once, in their order.

use crate::Partition;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result};
use dm::blk::{BlockDevice, Disk, ReadPiece};

/// Reads of fewer bytes are done in one piece by way of a buffer, and no block is larger.
const SMALL: usize = 16 * 1024;

/// Bytes of a range that are read together with others.
pub struct RangePiece<'a> {
    /// Where they are.
    pub offset: u64,
    /// Memory for them.
    pub bytes: &'a mut [u8],
}

/// A range of a disk, addressed in bytes.
pub struct BlockRange {
    device: Arc<dyn BlockDevice>,
    block_size: usize,
    first_block: u64,
    len: u64,
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
        if !block_size.is_power_of_two() || block_size > SMALL {
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
        if buf.len() < SMALL {
            return self.read_part(offset, buf);
        }
        let body_start = offset.next_multiple_of(self.block_size as u64);
        let (head, rest) = buf.split_at_mut(body_start.saturating_sub(offset) as usize);
        let tail_len = rest.len().checked_rem(self.block_size).unwrap_or(0);
        let (body, tail) = rest.split_at_mut(rest.len().saturating_sub(tail_len));
        self.read_part(offset, head)?;
        self.device.read(self.block_of(body_start), body)?;
        self.read_part(body_start.saturating_add(body.len() as u64), tail)
    }

    /// Reads bytes from several places, with as few requests as the device can.
    ///
    /// # Errors
    /// As [`BlockRange::read_at`]; the pieces may then hold anything.
    pub fn read_pieces(&self, pieces: &mut [RangePiece]) -> Result<()> {
        let mut whole = Vec::new();
        whole
            .try_reserve_exact(pieces.len())
            .map_err(|_| Error::NoMemory)?;
        for piece in pieces {
            let end = piece.offset.checked_add(piece.bytes.len() as u64);
            if end.is_none_or(|end| end > self.len) {
                return Err(Error::OutOfRange);
            }
            let size = self.block_size as u64;
            if piece.offset.is_multiple_of(size)
                && piece.bytes.len().is_multiple_of(self.block_size)
            {
                whole.push(ReadPiece {
                    start: self.block_of(piece.offset),
                    bytes: &mut *piece.bytes,
                });
            } else {
                self.read_at(piece.offset, piece.bytes)?;
            }
        }
        self.device.read_pieces(&mut whole)
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
        if !body.is_empty() {
            self.device.write(self.block_of(body_start), body)?;
        }
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
        self.device.read(self.block_of(start), &mut block)?;
        if let Some(place) = block
            .get_mut(skip as usize..)
            .and_then(|rest| rest.get_mut(..part.len()))
        {
            place.copy_from_slice(part);
        }
        self.device.write(self.block_of(start), &block)
    }

    /// Reads a few bytes by way of the blocks that hold them.
    fn read_part(&self, offset: u64, part: &mut [u8]) -> Result<()> {
        if part.is_empty() {
            return Ok(());
        }
        let skip = offset.checked_rem(self.block_size as u64).unwrap_or(0) as usize;
        let len = skip.saturating_add(part.len());
        let mut blocks = vec![0; len.next_multiple_of(self.block_size)];
        self.device.read(self.block_of(offset), &mut blocks)?;
        part.copy_from_slice(crate::le::slice(&blocks, skip, part.len())?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
