// SPDX-License-Identifier: GPL-2.0-or-later
//! The disk of a block map: each transfer goes to what the blocks are mapped to.
//!
//! [`dm::blkmap`] creates the device and knows its slices.
//!
//! Behaviour: U-Boot, `drivers/block/blkmap.c`.
#![cfg(CONFIG_BLKMAP)]

use alloc::format;
use alloc::sync::Arc;
use common::{Error, Result};
use core::ops::Range;
use dm::blk::{BlkInfo, BlockDevice};
use dm::blkmap::{BLKMAP_DRIVER, BlkMap, Slice, Target};
use dm::{Device, Model, Ops, UclassId};

struct MapDisk(Arc<BlkMap>);

impl BlockDevice for MapDisk {
    fn info(&self) -> BlkInfo {
        BlkInfo {
            block_size: self.0.block_size(),
            blocks: self.0.blocks(),
            read_only: self.0.slices().iter().any(|slice| slice.read_only),
            removable: false,
            vendor: "U-Boot".into(),
            product: "blkmap".into(),
            revision: "1.0".into(),
        }
    }

    fn read(&self, start: u64, buf: &mut [u8]) -> Result<()> {
        self.each_part(start, buf.len(), |part, bytes| {
            let buf = buf.get_mut(bytes).ok_or(Error::OutOfRange)?;
            match &part.slice.target {
                Target::Linear(disk, from) => {
                    let from = from.saturating_add(part.block);
                    let result = ops(disk)?.read(from, buf);
                    result.map_err(|error| part.own_error(error, from))
                }
                Target::Memory(memory) => {
                    let done = memory.read(part.offset, buf);
                    done.map_err(|_| Error::OutOfRange)
                }
            }
        })
    }

    fn write(&self, start: u64, buf: &[u8]) -> Result<()> {
        self.each_part(start, buf.len(), |part, bytes| {
            let buf = buf.get(bytes).ok_or(Error::OutOfRange)?;
            match &part.slice.target {
                Target::Linear(disk, from) => {
                    let from = from.saturating_add(part.block);
                    let result = ops(disk)?.write(from, buf);
                    result.map_err(|error| part.own_error(error, from))
                }
                Target::Memory(memory) => {
                    let done = memory.write(part.offset, buf);
                    done.map_err(|_| Error::OutOfRange)
                }
            }
        })
    }

    fn flush(&self) -> Result<()> {
        let mut result = Ok(());
        let slices = self.0.slices();
        for (disk, i) in disks(&slices) {
            let is_first = disks(&slices).all(|(other, j)| j >= i || !Arc::ptr_eq(disk, other));
            if is_first {
                result = result.and(ops(disk).and_then(|ops| ops.flush()));
            }
        }
        result
    }

    /// What it maps may change without it, and is cached where it is.
    fn is_cacheable(&self) -> bool {
        false
    }
}

/// Blocks of a transfer that are in one slice.
struct Part {
    slice: Slice,
    /// The first of them, counted from the slice's start.
    block: u64,
    /// The same in bytes.
    offset: usize,
}

impl Part {
    /// An error of the disk below, in blocks of this one; `from` is where the part is there.
    fn own_error(&self, error: Error, from: u64) -> Error {
        match error {
            Error::Io(block) => {
                let own = self.slice.start.saturating_add(self.block);
                Error::Io(own.saturating_add(block.saturating_sub(from)))
            }
            other => other,
        }
    }
}

impl MapDisk {
    /// Does a transfer slice by slice; `run` gets each part with its range in the buffer.
    fn each_part(
        &self,
        start: u64,
        len: usize,
        mut run: impl FnMut(Part, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let info = self.info();
        let block_size = u64::from(info.block_size);
        let end = start.saturating_add(<dyn BlockDevice>::check_range(&info, start, len)?);
        let bytes = |blocks: u64| {
            let bytes = blocks.checked_mul(block_size);
            bytes
                .and_then(|bytes| usize::try_from(bytes).ok())
                .ok_or(Error::OutOfRange)
        };
        let mut at = start;
        while at < end {
            // What is not mapped cannot be transferred.
            let slice = self.0.slice_at(at).ok_or(Error::Io(at))?;
            let slice_end = slice.start.saturating_add(slice.count);
            let next = end.min(slice_end);
            let block = at.saturating_sub(slice.start);
            let range = bytes(at - start)?..bytes(next - start)?;
            let offset = match slice.target {
                Target::Memory(_) => bytes(block)?,
                Target::Linear(..) => 0,
            };
            run(
                Part {
                    slice,
                    block,
                    offset,
                },
                range,
            )?;
            at = next;
        }
        Ok(())
    }
}

/// The disks that slices are mapped to, with the numbers of the slices.
fn disks(slices: &[Slice]) -> impl Iterator<Item = (&Arc<Device>, usize)> {
    let targets = slices.iter().enumerate();
    targets.filter_map(|(i, slice)| match &slice.target {
        Target::Linear(disk, _) => Some((disk, i)),
        Target::Memory(_) => None,
    })
}

/// The operations of a disk, which may have gone since it was mapped.
fn ops(disk: &Device) -> Result<Arc<dyn BlockDevice>> {
    match disk.ops() {
        Ops::Blk(ops) => Ok(ops),
        _ => Err(Error::NoDevice),
    }
}

fn bind(model: &Model, device: &Arc<Device>) -> Result<()> {
    let name = format!("{}.blk", device.name());
    model.bind_driver(device, "blkmap_blk", name, Some(device.seq()))?;
    Ok(())
}

fn probe_disk(model: &Model, disk: &Arc<Device>) -> Result<Ops> {
    let map = disk.parent().ok_or(Error::NoDevice)?.plat::<BlkMap>()?;
    let bound = model.uclass_devices(UclassId::Blk);
    // One that fails, or is gone, is an error when it is read.
    for (target, _) in disks(&map.slices()) {
        if bound.iter().any(|device| Arc::ptr_eq(device, target)) {
            _ = model.probe(target);
        }
    }
    Ok(Ops::Blk(Arc::new(MapDisk(map))))
}

#[cfg(test)]
#[path = "blkmap/tests.rs"]
mod tests;

dm::uclass!(UclassId::BlkMap, "blkmap");

dm::driver! {
    name: BLKMAP_DRIVER,
    id: UclassId::BlkMap,
    bind: Some(bind),
}

dm::driver! {
    name: "blkmap_blk",
    id: UclassId::Blk,
    probe: Some(probe_disk),
}
