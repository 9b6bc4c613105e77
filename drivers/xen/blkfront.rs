// SPDX-License-Identifier: GPL-2.0-or-later
//! A disk's connection: negotiation through XenStore, use, and giving it back.
//!
//! Source: `xen/include/public/io/blkif.h`. When an operating system starts,
//! the device must look as if nobody had ever used it.

use crate::xen::blkdiscard::Units;
use crate::xen::blkqueue::{MAX_REQUEST, Queue};
use crate::xen::blkreq::Piece;
use crate::xen::services::Services;
use crate::xen::shared::Lent;
use crate::xen::xenbus::XenbusDevice;
use crate::xen::xenstore::NO_TRANSACTION;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use arch::time::Deadline;
use common::{Error, Result};
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};
use dm::blk::{BlkInfo, BlockDevice, ReadPiece};
use include::xen::io::blkif::{
    OP_DISCARD, OP_FLUSH_DISKCACHE, OP_READ, OP_WRITE, OP_WRITE_BARRIER, SECTOR, VDISK_CDROM,
    VDISK_READONLY, VDISK_REMOVABLE,
};
use include::xen::io::xenbus::State;
use spin::Mutex;

/// How long the back-end may take for all changes of state on the way to a connection, or back.
const STATE_MS: u64 = 8000;
/// How long it may take to let go, at least, when it has used up that time or is dead.
const GIVE_UP_MS: u64 = 1000;
/// The largest block size that is believed.
const BLOCK_SIZE_MAX: u64 = 64 << 10;
/// The size of a ring, as a power of two in pages, where the back-end takes it.
const RING_ORDER: u32 = 1;
/// Our keys in XenStore while connected, which another driver must not find,
/// besides those of the ring's pages.
const KEYS: [&str; 5] = [
    "ring-ref",
    "ring-page-order",
    "event-channel",
    "protocol",
    "feature-persistent",
];

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

impl BlkFront {
    /// Connects to the disk at `node` of XenStore; `handle` is its virtual device number.
    ///
    /// # Errors
    /// Why it did not connect; the device is then as it was before.
    pub fn connect(services: &Services, node: &str, name: &str, handle: u64) -> Result<BlkFront> {
        let device = XenbusDevice::open(&services.store()?, node)?;
        if is_leaving(&device)? {
            return Err(Error::NoDevice);
        }
        let deadline = Deadline::after_ms(STATE_MS);
        device.wait_backend(&[State::INIT_WAIT], deadline)?;
        let pages = 1 << ring_order(&device)?;
        let mut queue = Queue::new(services, device.backend_id(), handle as u16, pages)?;
        match negotiate(&device, &mut queue, deadline) {
            Ok(info) => Ok(BlkFront {
                name: name.to_string(),
                flush: AtomicBool::new(device.feature("feature-flush-cache").unwrap_or(false)),
                barrier: AtomicBool::new(device.feature("feature-barrier").unwrap_or(false)),
                discard: Mutex::new(Units::offered(&device, info.block_size.into())),
                dirty: AtomicBool::new(false),
                device,
                queue: Mutex::new(queue),
                info,
            }),
            Err(error) => {
                let left = Deadline::after_us(deadline.left_us() + GIVE_UP_MS * 1000);
                _ = disconnect(&device, &mut queue, left);
                Err(error)
            }
        }
    }

    /// Flushes and gives the device back, as [`BlkFront::connect`] found it.
    ///
    /// # Errors
    /// The first thing that went wrong; all that is possible is done.
    pub fn close(&self) -> Result<()> {
        let flushed = if self.dirty.load(Ordering::Relaxed) {
            self.flush()
        } else {
            Ok(())
        };
        let mut queue = self.queue.lock();
        let limit = match queue.dead() {
            None => STATE_MS,
            Some(_) => GIVE_UP_MS,
        };
        let deadline = Deadline::after_ms(limit);
        flushed.and(disconnect(&self.device, &mut queue, deadline))
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

/// Offers the ring, waits for the back-end, and reads what the disk is.
fn negotiate(device: &XenbusDevice, queue: &mut Queue, deadline: Deadline) -> Result<BlkInfo> {
    device.store().transaction(|transaction| {
        let write =
            |key: &str, value: &str| device.store().write(transaction, &device.key(key), value);
        let references: Vec<u32> = queue.ring_references().collect();
        match references.as_slice() {
            [reference] => write("ring-ref", &format!("{reference}"))?,
            references => {
                write("ring-page-order", &format!("{}", references.len().ilog2()))?;
                for (i, reference) in references.iter().enumerate() {
                    write(&ring_key(i), &format!("{reference}"))?;
                }
            }
        }
        write("feature-persistent", "1")?;
        write("event-channel", &format!("{}", queue.port()))?;
        write("protocol", "arm-abi")?;
        device.switch(transaction, State::INITIALISED)
    })?;
    let states = [State::CONNECTED, State::CLOSING, State::CLOSED];
    if device.wait_backend(&states, deadline)? != State::CONNECTED {
        return Err(Error::Protocol("the back-end refuses the connection"));
    }
    let info = disk_info(device)?;
    let segments = device.number("feature-max-indirect-segments")?;
    queue.allow_indirect(segments.unwrap_or(0));
    device.switch_now(State::CONNECTED)?;
    Ok(info)
}

/// The order of the ring's size: what we want, or what the back-end takes.
fn ring_order(device: &XenbusDevice) -> Result<u32> {
    let most = device.number("max-ring-page-order")?.unwrap_or(0);
    Ok(u32::try_from(most).unwrap_or(u32::MAX).min(RING_ORDER))
}

/// The key of one of several pages of a ring.
fn ring_key(index: usize) -> String {
    format!("ring-ref{index}")
}

fn disk_info(device: &XenbusDevice) -> Result<BlkInfo> {
    let flags = device.number("info")?.unwrap_or(0);
    let cdrom = device.own("device-type")?.as_deref() == Some("cdrom") || flags & VDISK_CDROM != 0;
    let read_only = flags & VDISK_READONLY != 0
        || device
            .text("mode")?
            .is_some_and(|mode| mode.starts_with('r'));
    let sectors = device
        .number("sectors")?
        .ok_or(Error::Protocol("the disk has no size"))?;
    let block_size = device.number("sector-size")?.unwrap_or(SECTOR);
    if !block_size.is_power_of_two() || !(SECTOR..=BLOCK_SIZE_MAX).contains(&block_size) {
        return Err(Error::Protocol("the sector size makes no sense"));
    }
    if block_size > include::xen::PAGE_SIZE as u64 {
        return Err(Error::Unsupported("sectors larger than a page"));
    }
    sectors
        .checked_mul(SECTOR)
        .ok_or(Error::Protocol("the disk's size makes no sense"))?;
    Ok(BlkInfo {
        block_size: block_size as u32,
        blocks: sectors / (block_size / SECTOR),
        read_only,
        removable: cdrom || flags & VDISK_REMOVABLE != 0,
        vendor: "Xen".to_string(),
        product: "Virtual disk".to_string(),
        revision: "1".to_string(),
    })
}

/// Takes the device back to where the toolstack had put it.
fn disconnect(device: &XenbusDevice, queue: &mut Queue, deadline: Deadline) -> Result<()> {
    let mut result = device.switch_now(State::CLOSING);
    let closing = [State::CLOSING, State::CLOSED, State::INIT_WAIT];
    result = result.and_then(|()| device.wait_backend(&closing, deadline).map(drop));
    result = result.and(device.switch_now(State::CLOSED));
    result = result.and_then(|()| {
        device
            .wait_backend(&[State::CLOSED, State::INIT_WAIT], deadline)
            .map(drop)
    });
    result = result.and(queue.close());
    let keys = KEYS.iter().map(ToString::to_string);
    for key in keys.chain((0..1 << RING_ORDER).map(ring_key)) {
        result = result.and(device.store().remove(NO_TRANSACTION, &device.key(&key)));
    }
    if is_leaving(device)? {
        return result;
    }
    result = result.and(device.switch_now(State::INITIALISING));
    result.and_then(|()| device.wait_backend(&[State::INIT_WAIT], deadline).map(drop))
}

/// Whether the toolstack takes the device away; it waits until our end is closed.
fn is_leaving(device: &XenbusDevice) -> Result<bool> {
    Ok(device.text("online")?.as_deref() == Some("0"))
}
