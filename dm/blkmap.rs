// SPDX-License-Identifier: GPL-2.0-or-later
//! UCLASS_BLKMAP: disks that are put together from parts of others, and from memory.
//!
//! A block map has a label and slices, ranges of its blocks that something is
//! mapped to. Maps of maps are built from the bottom up: one that another map
//! uses gets no map below it any more, so that no loop can come about.
//!
//! Behaviour: U-Boot, `doc/usage/blkmap.rst` and `drivers/block/blkmap.c`.

use crate::blk::Disk;
use crate::{Device, Model, UclassId};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::mem::Lent;
use common::{Error, Result};
use spin::Mutex;

/// The driver of block maps, which binds their disk.
pub const BLKMAP_DRIVER: &str = "blkmap_dev";

/// The block size, unless the first slice is of a disk with another one.
const BLOCK_SIZE: u32 = 512;
/// How many maps may lie one above the other.
const MAX_LEVELS: u32 = 8;

/// What blocks are mapped to.
#[derive(Clone)]
pub enum Target {
    /// Blocks of a disk, from this one on.
    Linear(Arc<Device>, u64),
    /// Memory.
    Memory(Arc<Lent>),
}

/// Blocks that are mapped.
#[derive(Clone)]
pub struct Slice {
    /// The first one.
    pub start: u64,
    /// How many there are, at least one.
    pub count: u64,
    /// To what.
    pub target: Target,
    /// Whether it refuses writes.
    pub read_only: bool,
}

/// A block map.
pub struct BlkMap {
    label: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Ascending.
    slices: Vec<Slice>,
    block_size: Option<u32>,
    /// How many maps are below it.
    level: u32,
}

impl BlkMap {
    /// The bytes of its blocks.
    pub fn block_size(&self) -> u32 {
        self.state.lock().block_size.unwrap_or(BLOCK_SIZE)
    }

    /// Its blocks, up to the last one that is mapped; one if there is none.
    pub fn blocks(&self) -> u64 {
        let state = self.state.lock();
        let last = state.slices.last();
        last.map_or(1, |last| last.start.saturating_add(last.count))
    }

    /// What is mapped, in the order of the blocks.
    pub fn slices(&self) -> Vec<Slice> {
        self.state.lock().slices.clone()
    }

    /// What a block is mapped to.
    pub fn slice_at(&self, block: u64) -> Option<Slice> {
        let state = self.state.lock();
        let found = state.slices.iter().find(|slice| {
            let offset = block.checked_sub(slice.start);
            offset.is_some_and(|offset| offset < slice.count)
        });
        found.cloned()
    }

    /// Maps blocks to memory of their size.
    ///
    /// # Errors
    /// If it has another size, or some of the blocks are mapped already.
    pub fn map_memory(&self, start: u64, count: u64, memory: Lent) -> Result<()> {
        let mut state = self.state.lock();
        let block_size = state.block_size.unwrap_or(BLOCK_SIZE);
        if count.checked_mul(block_size.into()) != Some(memory.len() as u64) {
            return Err(Error::Invalid(
                "the memory has another size than the blocks",
            ));
        }
        state.add(Slice {
            start,
            count,
            target: Target::Memory(Arc::new(memory)),
            read_only: false,
        })?;
        state.block_size = Some(block_size);
        Ok(())
    }

    fn uses(&self, disk: &Arc<Device>) -> bool {
        let state = self.state.lock();
        state.slices.iter().any(
            |slice| matches!(&slice.target, Target::Linear(target, _) if Arc::ptr_eq(target, disk)),
        )
    }
}

impl State {
    /// Adds a slice that overlaps no other one.
    fn add(&mut self, new: Slice) -> Result<()> {
        let end = new.start.checked_add(new.count).ok_or(Error::OutOfRange)?;
        if new.count == 0 {
            return Err(Error::Invalid("no blocks are to be mapped"));
        }
        let before = |slice: &Slice| slice.start.saturating_add(slice.count) <= new.start;
        let place = self.slices.partition_point(before);
        if self.slices.get(place).is_some_and(|next| next.start < end) {
            return Err(Error::Invalid("some of the blocks are mapped already"));
        }
        self.slices.insert(place, new);
        Ok(())
    }
}

/// Creates a block map, with a disk of its number.
///
/// # Errors
/// [`Error::Exists`] if the label is taken.
pub fn create(model: &Model, label: &str) -> Result<Arc<Device>> {
    if find(model, label).is_some() {
        return Err(Error::Exists);
    }
    let name = format!("blkmap-{label}");
    let device = model.bind_driver(model.root(), BLKMAP_DRIVER, name, None)?;
    device.set_plat(BlkMap {
        label: label.into(),
        state: Mutex::default(),
    });
    Ok(device)
}

/// Takes a block map out of the tree; memory that it maps is free again.
///
/// # Errors
/// [`Error::Busy`] if another one maps it.
pub fn destroy(model: &Model, device: &Arc<Device>) -> Result<()> {
    if is_used(model, device) {
        return Err(Error::Busy);
    }
    model.unbind(device)
}

/// The device of a label.
pub fn find(model: &Model, label: &str) -> Option<Arc<Device>> {
    let mut devices = model.uclass_devices(UclassId::BlkMap).into_iter();
    devices.find(|device| device.plat::<BlkMap>().is_ok_and(|map| map.label == label))
}

/// Maps blocks of a block map to as many of a disk, from `from` on.
///
/// # Errors
/// If the disk does not have these blocks, or others than the map has, if some
/// are mapped already, or if the map would be part of itself.
pub fn map_linear(
    model: &Model,
    device: &Arc<Device>,
    blocks: (u64, u64),
    disk: &Disk,
    from: u64,
) -> Result<()> {
    let map = device.plat::<BlkMap>()?;
    let level = level_above(model, device, disk)?;
    let info = disk.ops.info();
    let (start, count) = blocks;
    from.checked_add(count)
        .filter(|&end| end <= info.blocks)
        .ok_or(Error::OutOfRange)?;
    let mut state = map.state.lock();
    if state.block_size.is_some_and(|size| size != info.block_size) {
        return Err(Error::Invalid(
            "the disk's block size is not that of the block map",
        ));
    }
    state.add(Slice {
        start,
        count,
        target: Target::Linear(disk.device.clone(), from),
        read_only: info.read_only,
    })?;
    state.block_size = Some(info.block_size);
    state.level = state.level.max(level);
    Ok(())
}

/// The level of a map that maps this disk.
fn level_above(model: &Model, device: &Arc<Device>, disk: &Disk) -> Result<u32> {
    let Some(below) = disk
        .device
        .parent()
        .filter(|p| p.uclass() == UclassId::BlkMap)
    else {
        return Ok(0);
    };
    if Arc::ptr_eq(&below, device) {
        return Err(Error::Invalid("a block map cannot map itself"));
    }
    if is_used(model, device) {
        return Err(Error::Invalid(
            "a block map that another one maps cannot map a third one",
        ));
    }
    let level = below.plat::<BlkMap>()?.state.lock().level.saturating_add(1);
    if level >= MAX_LEVELS {
        return Err(Error::Invalid("too many block maps above each other"));
    }
    Ok(level)
}

/// Whether a block map maps the disk of this one.
fn is_used(model: &Model, device: &Arc<Device>) -> bool {
    let disks = device.children();
    let maps = model.uclass_devices(UclassId::BlkMap).into_iter();
    maps.filter_map(|other| other.plat::<BlkMap>().ok())
        .any(|map| disks.iter().any(|disk| map.uses(disk)))
}
