// SPDX-License-Identifier: GPL-2.0-or-later
//! The block cache: what was read of disks in small pieces, kept for the next time.
//!
//! A device request costs a round trip to the back-end, whatever its size. So a
//! small read fetches a line of many blocks, and later ones of the same line cost
//! nothing; a line that follows another one is read with those after it. Large
//! reads go straight to the device. There is one cache for all disks of a
//! [`Model`], between them and whoever uses them: the block uclass puts a disk
//! behind it when it is probed. All changes pass through it to the device, so it
//! never has other bytes than the disk.
//!
//! Behaviour: U-Boot, `drivers/block/blkcache.c`.

use crate::blk::{BlkInfo, BlockDevice, ReadPiece};
use crate::{Device, Model, Ops};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::{Error, Result};
use core::ops::RangeInclusive;
use spin::Mutex;

/// Blocks of a line, unless [`Cache::configure`] says otherwise: 16 KiB of a usual disk.
const BLOCKS: u32 = 32;
/// Lines that are kept, unless [`Cache::configure`] says otherwise.
const ENTRIES: u32 = 32;
/// Bytes that are read at a time, in whole lines, when the line before them was read too.
const AHEAD: usize = 128 << 10;
/// Bytes that a line has at most.
const MAX_LINE: usize = 1 << 20;
/// Bytes that all lines have at most.
const MAX_BYTES: usize = 4 << 20;

/// What `blkcache show` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Reads that needed no device.
    pub hits: u32,
    /// Reads that did.
    pub misses: u32,
    /// Lines that are kept.
    pub entries: u32,
    /// Blocks that a line has at most.
    pub max_blocks: u32,
    /// Lines that are kept at most.
    pub max_entries: u32,
}

/// The cache; its clones are the same one.
#[derive(Clone, Default)]
pub struct Cache(Arc<Mutex<Lines>>);

impl Cache {
    /// Puts a device behind the cache.
    pub fn attach(&self, device: Arc<dyn BlockDevice>) -> Arc<dyn BlockDevice> {
        let id = {
            let mut lines = self.0.lock();
            lines.devices = lines.devices.wrapping_add(1);
            lines.devices
        };
        let block_size = device.info().block_size.max(1) as usize;
        Arc::new(Cached {
            device,
            block_size,
            id,
            cache: self.clone(),
        })
    }

    /// Empties the cache, and sets the size of its lines and how many there may
    /// be; no lines means no cache.
    ///
    /// Beyond a few MiB of memory, lines are shorter and fewer.
    pub fn configure(&self, blocks: u32, entries: u32) {
        let mut lines = self.0.lock();
        *lines = Lines {
            devices: lines.devices,
            epoch: lines.epoch.wrapping_add(1),
            max_blocks: blocks,
            max_entries: entries,
            ..Lines::default()
        };
    }

    /// How it did since the last call.
    pub fn take_stats(&self) -> Stats {
        let mut lines = self.0.lock();
        Stats {
            hits: core::mem::take(&mut lines.hits),
            misses: core::mem::take(&mut lines.misses),
            entries: lines.lines.len() as u32,
            max_blocks: lines.max_blocks,
            max_entries: lines.max_entries,
        }
    }
}

/// Puts a disk that was probed behind the model's cache.
///
/// # Errors
/// None; it is a step of the block uclass.
pub fn post_probe(model: &Model, device: &Arc<Device>) -> Result<()> {
    if let Ops::Blk(ops) = device.ops()
        && ops.is_cacheable()
    {
        device.state().lock().ops = Ops::Blk(model.block_cache().attach(ops));
    }
    Ok(())
}

/// A line's device and its number there.
type Key = (u64, u64);

struct Line {
    bytes: Vec<u8>,
    /// When it was last used; its key in [`Lines::by_use`].
    used: u64,
}

struct Lines {
    lines: BTreeMap<Key, Line>,
    /// The lines in the order of their last use.
    by_use: BTreeMap<u64, Key>,
    bytes: usize,
    clock: u64,
    /// Grows with each write: what was read before it may be old.
    epoch: u64,
    /// Devices that were attached so far.
    devices: u64,
    max_blocks: u32,
    max_entries: u32,
    hits: u32,
    misses: u32,
}

impl Default for Lines {
    fn default() -> Lines {
        Lines {
            lines: BTreeMap::new(),
            by_use: BTreeMap::new(),
            bytes: 0,
            clock: 0,
            epoch: 0,
            devices: 0,
            max_blocks: BLOCKS,
            max_entries: ENTRIES,
            hits: 0,
            misses: 0,
        }
    }
}

impl Lines {
    /// Bytes of a line of a device with this block size; 0 if nothing is to be kept.
    fn line_bytes(&self, block_size: usize) -> usize {
        let most = (MAX_LINE / block_size).min(self.max_blocks as usize);
        if self.max_entries == 0 {
            return 0;
        }
        most * block_size
    }

    /// Copies from a line, if it is there and long enough.
    fn copy(&mut self, key: Key, skip: usize, part: &mut [u8]) -> bool {
        let line = self.lines.get_mut(&key);
        let source = line.as_ref().and_then(|line| line.bytes.get(skip..));
        let Some(source) = source.and_then(|bytes| bytes.get(..part.len())) else {
            self.misses = self.misses.wrapping_add(1);
            return false;
        };
        part.copy_from_slice(source);
        self.hits = self.hits.wrapping_add(1);
        self.clock += 1;
        if let Some(line) = line {
            self.by_use.remove(&line.used);
            line.used = self.clock;
            self.by_use.insert(self.clock, key);
        }
        true
    }

    /// Keeps lines that follow each other, of `line` bytes but for the last one.
    fn insert_all(&mut self, (id, number): Key, line: usize, bytes: Vec<u8>) {
        if bytes.len() <= line {
            return self.insert((id, number), bytes);
        }
        for (number, part) in (number..).zip(bytes.chunks(line)) {
            let mut copy = Vec::new();
            if copy.try_reserve_exact(part.len()).is_ok() {
                copy.extend_from_slice(part);
                self.insert((id, number), copy);
            }
        }
    }

    /// Keeps a line, in the place of those that were not used for longest.
    fn insert(&mut self, key: Key, bytes: Vec<u8>) {
        self.remove(key);
        while self.lines.len() >= self.max_entries as usize
            || self.bytes.saturating_add(bytes.len()) > MAX_BYTES
        {
            let Some((_, &oldest)) = self.by_use.first_key_value() else {
                return;
            };
            self.remove(oldest);
        }
        self.clock += 1;
        self.bytes += bytes.len();
        self.by_use.insert(self.clock, key);
        let used = self.clock;
        self.lines.insert(key, Line { bytes, used });
    }

    fn remove(&mut self, key: Key) {
        if let Some(line) = self.lines.remove(&key) {
            self.by_use.remove(&line.used);
            self.bytes -= line.bytes.len();
        }
    }

    fn remove_all(&mut self, keys: RangeInclusive<Key>) {
        let keys: Vec<Key> = self.lines.range(keys).map(|(key, _)| *key).collect();
        keys.into_iter().for_each(|key| self.remove(key));
    }
}

/// A device behind the cache.
struct Cached {
    device: Arc<dyn BlockDevice>,
    block_size: usize,
    id: u64,
    cache: Cache,
}

impl Cached {
    /// Reads a part of one line of `line` bytes, which begins `skip` bytes after the line does.
    fn read_part(&self, number: u64, line: usize, skip: usize, part: &mut [u8]) -> Result<()> {
        let key = (self.id, number);
        let (epoch, ahead) = {
            let mut lines = self.cache.0.lock();
            if lines.copy(key, skip, part) {
                return Ok(());
            }
            let before = number.checked_sub(1).map(|number| (self.id, number));
            let is_sequence = before.is_some_and(|before| lines.lines.contains_key(&before));
            let len = if is_sequence { AHEAD } else { line };
            (lines.epoch, (len / line).max(1) * line)
        };
        let start = number * (line / self.block_size) as u64;
        if let Some(bytes) = self.fetch(start, ahead, skip + part.len())? {
            part.copy_from_slice(&bytes[skip..][..part.len()]);
            let mut lines = self.cache.0.lock();
            if lines.epoch == epoch {
                lines.insert_all(key, line, bytes);
            }
            return Ok(());
        }
        // A bad block nearby, or too little memory, must not make these blocks unreadable.
        self.device
            .read(start + (skip / self.block_size) as u64, part)
    }

    /// Reads `len` bytes, or up to the end of the disk, but at least `needed` bytes;
    /// gives nothing if that cannot be done, but less of it can.
    fn fetch(&self, start: u64, len: usize, needed: usize) -> Result<Option<Vec<u8>>> {
        let blocks = self.device.info().blocks.saturating_sub(start);
        let blocks = blocks.min((len / self.block_size) as u64) as usize;
        let len = blocks * self.block_size;
        let mut bytes = Vec::new();
        if len < needed || bytes.try_reserve_exact(len).is_err() {
            return Ok(None);
        }
        bytes.resize(len, 0);
        match self.device.read(start, &mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            Err(Error::Io(_) | Error::NoMemory) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The keys of the lines of `line` bytes that hold these blocks, if any can.
    fn keys(&self, line: usize, start: u64, count: u64) -> Option<RangeInclusive<Key>> {
        if line == 0 {
            return None;
        }
        let blocks = (line / self.block_size) as u64;
        let last = start.saturating_add(count.checked_sub(1)?);
        Some((self.id, start / blocks)..=(self.id, last / blocks))
    }

    /// Brings the lines in line with a write that was done, or that failed somewhere.
    fn written(&self, start: u64, bytes: &[u8], result: Result<()>) {
        let mut lines = self.cache.0.lock();
        lines.epoch = lines.epoch.wrapping_add(1);
        let line = lines.line_bytes(self.block_size);
        let Some(keys) = self.keys(line, start, (bytes.len() / self.block_size) as u64) else {
            return;
        };
        if result.is_err() {
            return lines.remove_all(keys);
        }
        // A byte of the disk as an offset; a disk is not larger than that.
        let from = u128::from(start) * self.block_size as u128;
        for (&(_, number), kept) in lines.lines.range_mut(keys) {
            let begin = u128::from(number) * line as u128;
            let skip = from.saturating_sub(begin) as usize;
            let done = begin.saturating_sub(from) as usize;
            if let (Some(to), Some(from)) = (kept.bytes.get_mut(skip..), bytes.get(done..)) {
                let len = to.len().min(from.len());
                to[..len].copy_from_slice(&from[..len]);
            }
        }
    }
}

impl BlockDevice for Cached {
    fn info(&self) -> BlkInfo {
        self.device.info()
    }

    fn read(&self, start: u64, buf: &mut [u8]) -> Result<()> {
        let line = {
            let mut lines = self.cache.0.lock();
            let line = lines.line_bytes(self.block_size);
            if buf.len() >= line && line > 0 {
                lines.misses = lines.misses.wrapping_add(1);
            }
            line
        };
        if buf.len() >= line || !buf.len().is_multiple_of(self.block_size) {
            return self.device.read(start, buf);
        }
        let blocks = (line / self.block_size) as u64;
        let (mut block, mut rest) = (start, buf);
        while !rest.is_empty() {
            let skip = (block % blocks) as usize * self.block_size;
            let len = rest.len().min(line - skip);
            let (part, next) = rest.split_at_mut(len);
            self.read_part(block / blocks, line, skip, part)?;
            block = block
                .checked_add((len / self.block_size) as u64)
                .ok_or(Error::OutOfRange)?;
            rest = next;
        }
        Ok(())
    }

    fn read_pieces(&self, pieces: &mut [ReadPiece]) -> Result<()> {
        // A single one may be in the cache; of many, it has hardly any.
        if let [piece] = pieces {
            return self.read(piece.start, piece.bytes);
        }
        let mut lines = self.cache.0.lock();
        lines.misses = lines.misses.wrapping_add(1);
        drop(lines);
        self.device.read_pieces(pieces)
    }

    fn write(&self, start: u64, buf: &[u8]) -> Result<()> {
        let result = self.device.write(start, buf);
        self.written(start, buf, result);
        result
    }

    fn flush(&self) -> Result<()> {
        self.device.flush()
    }

    fn discard(&self, start: u64, count: u64) -> Result<()> {
        let result = self.device.discard(start, count);
        let mut lines = self.cache.0.lock();
        lines.epoch = lines.epoch.wrapping_add(1);
        let line = lines.line_bytes(self.block_size);
        // Whatever they hold now, and wherever it failed.
        if let Some(keys) = self.keys(line, start, count) {
            lines.remove_all(keys);
        }
        result
    }
}

impl Drop for Cached {
    fn drop(&mut self) {
        let mut lines = self.cache.0.lock();
        lines.remove_all((self.id, 0)..=(self.id, u64::MAX));
    }
}

#[cfg(test)]
mod tests;
