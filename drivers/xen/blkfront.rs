// SPDX-License-Identifier: GPL-2.0-or-later
//! A connected disk, and its use.
//!
//! Source: `xen/include/public/io/blkif.h`.

use crate::xen::blkdiscard::Units;
use crate::xen::blkleave::{GIVE_UP_MS, STATE_MS, leave};
use crate::xen::blkqueue::{MAX_REQUEST, Queue};
use crate::xen::blkreq::Piece;
use crate::xen::shared::Lent;
use crate::xen::xenbus::XenbusDevice;
use alloc::string::String;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::{Error, Result};
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};
use dm::blk::{BlkInfo, BlockDevice, ReadPiece};
use include::xen::io::blkif::{
    OP_DISCARD, OP_FLUSH_DISKCACHE, OP_READ, OP_WRITE, OP_WRITE_BARRIER, SECTOR,
};
use spin::Mutex;

/// A connected disk.
pub struct BlkFront {
    name: String,
    device: XenbusDevice,
    queue: Mutex<Queue>,
    info: BlkInfo,
    /// How written data is made durable; turned off when the back-end says it cannot.
    flush: AtomicBool,
    barrier: AtomicBool,
    /// What can be discarded, or why nothing can.
    discard: Mutex<Result<Units>>,
    /// Something was written since the last flush.
    dirty: AtomicBool,
}

/// What a back-end offers besides reading and writing.
pub struct Features {
    flush: bool,
    barrier: bool,
    discard: Result<Units>,
}

impl Features {
    /// What it says in the store; `block_size` is the disk's, in bytes.
    ///
    /// # Errors
    /// [`Error::Interrupted`], so that nothing is done without because of Ctrl-C.
    pub fn offered(device: &XenbusDevice, block_size: u32) -> Result<Features> {
        let discard = Units::offered(device, block_size.into());
        if discard == Err(Error::Interrupted) {
            return Err(Error::Interrupted);
        }
        Ok(Features {
            flush: may_have(device, "feature-flush-cache")?,
            barrier: may_have(device, "feature-barrier")?,
            discard,
        })
    }
}

impl BlkFront {
    /// A disk whose back-end has taken the ring, as `info` says it is.
    pub fn new(
        name: String,
        device: XenbusDevice,
        queue: Queue,
        (info, features): (BlkInfo, Features),
    ) -> BlkFront {
        BlkFront {
            name,
            flush: AtomicBool::new(features.flush),
            barrier: AtomicBool::new(features.barrier),
            discard: Mutex::new(features.discard),
            dirty: AtomicBool::new(false),
            device,
            queue: Mutex::new(queue),
            info,
        }
    }

    /// What has to be given back of a disk that nobody has used.
    pub fn into_parts(self) -> (XenbusDevice, Queue) {
        (self.device, self.queue.into_inner())
    }

    /// Flushes and gives the device back, as it was before it was connected.
    ///
    /// # Errors
    /// The first thing that went wrong; all that is possible is done.
    pub fn close(&self) -> Result<()> {
        let deadline = Deadline::after_ms(STATE_MS);
        self.queue.lock().ignore_ctrl_c();

        let flushed = if self.dirty.load(Ordering::Relaxed) {
            self.flush()
        } else {
            Ok(())
        };
        let mut queue = self.queue.lock();
        let least = Deadline::after_ms(GIVE_UP_MS);
        let deadline = match queue.dead() {
            None => deadline.max(least),
            Some(_) => least,
        };
        flushed.and(leave(&self.device, &mut queue, deadline))
    }

    /// A transfer of pieces, none of them empty.
    fn transfer(&self, op: u8, pieces: &[Piece]) -> Result<()> {
        self.ask(|queue| queue.transfer(op, pieces))
    }

    /// A request without data, for sectors if it is a discard.
    fn command(&self, op: u8, sector: u64, count: u64) -> Result<()> {
        self.ask(|queue| queue.command(op, sector, count))
    }

    /// Something that the back-end is asked for; an error names the disk's own block.
    fn ask(&self, what: impl FnOnce(&mut Queue) -> Result<()>) -> Result<()> {
        let mut queue = self.queue.lock();
        let was_dead = queue.dead().is_some();
        let result = what(&mut queue);
        self.report(was_dead, &queue);
        result.map_err(|error| match error {
            Error::Io(sector) => Error::Io(sector / self.sectors_per_block()),
            error => error,
        })
    }

    fn sectors_per_block(&self) -> u64 {
        u64::from(self.info.block_size) / SECTOR
    }

    /// A part of a transfer, from a block of the disk's own size on.
    fn piece<'a>(&self, start: u64, buffer: Lent<'a>) -> Piece<'a> {
        Piece {
            sector: start * self.sectors_per_block(),
            buffer,
        }
    }

    /// Says once that a disk is lost.
    fn report(&self, was_dead: bool, queue: &Queue) {
        if let (false, Some(error)) = (was_dead, queue.dead()) {
            common::println!("pvblock {}: {error}; the disk is no longer used", self.name);
        }
    }

    /// One way of flushing; `Ok(false)` if the back-end turns out not to know it.
    fn flush_by(&self, op: u8, feature: &AtomicBool) -> Result<bool> {
        if !feature.load(Ordering::Relaxed) {
            return Ok(false);
        }
        match self.command(op, 0, 0) {
            Ok(()) => Ok(true),
            Err(Error::Unsupported(_)) => {
                feature.store(false, Ordering::Relaxed);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads pieces, with as few requests as possible.
    fn read_together(&self, pieces: &mut [ReadPiece]) -> Result<()> {
        let mut lent = Vec::new();
        lent.try_reserve_exact(pieces.len())
            .map_err(|_| Error::NoMemory)?;
        for piece in pieces {
            <dyn BlockDevice>::check_range(&self.info, piece.start, piece.bytes.len())?;
            if !piece.bytes.is_empty() {
                lent.push(self.piece(piece.start, Lent::to_fill(piece.bytes)));
            }
        }
        self.transfer(OP_READ, &lent)
    }

    /// The outcome of a transfer, with the very block that failed instead of the
    /// first one of its request: halves of what the request held are tried again.
    fn narrowed(
        &self,
        result: Result<()>,
        start: u64,
        len: usize,
        mut again: impl FnMut(u64, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let Err(Error::Io(failed)) = result else {
            return result;
        };
        let size = self.info.block_size as usize;
        let mut from = failed.saturating_sub(start) as usize * size;
        let mut count = len.saturating_sub(from).min(MAX_REQUEST) / size;
        while count > 1 {
            let half = count / 2;
            let block = start + (from / size) as u64;
            match again(block, from..from + half * size) {
                Ok(()) => (from, count) = (from + half * size, count - half),
                Err(Error::Io(_)) => count = half,
                Err(error) => return Err(error),
            }
        }
        Err(Error::Io(start + (from / size) as u64))
    }
}

/// Whether a back-end offers a feature. If the store does not answer in time, it
/// is tried: a back-end that does not know it says so.
fn may_have(device: &XenbusDevice, key: &str) -> Result<bool> {
    match device.feature(key) {
        Err(Error::Interrupted) => Err(Error::Interrupted),
        offered => Ok(offered.unwrap_or_else(|error| error == Error::Timeout)),
    }
}

impl BlockDevice for BlkFront {
    fn info(&self) -> BlkInfo {
        self.info.clone()
    }

    fn read(&self, start: u64, buf: &mut [u8]) -> Result<()> {
        let result = self.read_together(&mut [ReadPiece { start, bytes: buf }]);
        self.narrowed(result, start, buf.len(), |block, range| {
            let bytes = buf.get_mut(range).ok_or(Error::OutOfRange)?;
            self.transfer(OP_READ, &[self.piece(block, Lent::to_fill(bytes))])
        })
    }

    fn read_pieces(&self, pieces: &mut [ReadPiece]) -> Result<()> {
        match self.read_together(pieces) {
            // What is bad may lie between them, where nobody wants it.
            Err(Error::Io(_)) => pieces
                .iter_mut()
                .try_for_each(|piece| self.read(piece.start, piece.bytes)),
            result => result,
        }
    }

    fn write(&self, start: u64, buf: &[u8]) -> Result<()> {
        <dyn BlockDevice>::check_range(&self.info, start, buf.len())?;
        if self.info.read_only {
            return Err(Error::ReadOnly);
        }
        if buf.is_empty() {
            return Ok(());
        }
        self.dirty.store(true, Ordering::Relaxed);
        let write =
            |block, bytes| self.transfer(OP_WRITE, &[self.piece(block, Lent::to_read(bytes))]);
        self.narrowed(write(start, buf), start, buf.len(), |block, range| {
            write(block, buf.get(range).ok_or(Error::OutOfRange)?)
        })
    }

    fn flush(&self) -> Result<()> {
        // A back-end that offers neither has no cache of its own.
        _ = self.flush_by(OP_FLUSH_DISKCACHE, &self.flush)?
            || self.flush_by(OP_WRITE_BARRIER, &self.barrier)?;
        self.dirty.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn discard(&self, start: u64, count: u64) -> Result<()> {
        let end = <dyn BlockDevice>::check_blocks(&self.info, start, count)?;
        if self.info.read_only {
            return Err(Error::ReadOnly);
        }
        let units = (*self.discard.lock())?;
        let per_block = self.sectors_per_block();
        let sectors = start * per_block..end * per_block;
        if !units.hold(&sectors, self.info.blocks * per_block) {
            common::println!(
                "pvblock {}: the back-end discards units of {} blocks, from block {} on",
                self.name,
                units.size / per_block,
                units.first / per_block
            );
            return Err(Error::Invalid("not whole units"));
        }
        for (sector, count) in units.requests(sectors) {
            self.dirty.store(true, Ordering::Relaxed);
            self.command(OP_DISCARD, sector, count)
                .inspect_err(|error| {
                    if let Error::Unsupported(_) = error {
                        *self.discard.lock() = Err(*error);
                    }
                })?;
        }
        Ok(())
    }
}
