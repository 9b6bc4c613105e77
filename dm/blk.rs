// SPDX-License-Identifier: GPL-2.0-or-later
//! UCLASS_BLK: block devices, found by the interface they sit on and a number.
//!
//! A block device is a child of the device that provides it; the parent's
//! uclass is its interface (`pvblock 0`).

use crate::{Device, Model, Ops, UclassId};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::{Error, Result};

/// What is known of a disk.
#[derive(Clone, Debug)]
pub struct BlkInfo {
    /// Bytes in a block, a power of two from 512.
    pub block_size: u32,
    /// Number of blocks.
    pub blocks: u64,
    /// Whether writes are refused.
    pub read_only: bool,
    /// Whether the medium can be taken out, as a CD-ROM.
    pub removable: bool,
    /// For `info` commands.
    pub vendor: String,
    /// For `info` commands.
    pub product: String,
    /// For `info` commands.
    pub revision: String,
}

/// Blocks that are read together with others.
pub struct ReadPiece<'a> {
    /// The first block.
    pub start: u64,
    /// Memory for whole blocks.
    pub bytes: &'a mut [u8],
}

/// A disk. Blocks are counted in its own block size; buffers hold whole blocks.
pub trait BlockDevice: Send + Sync {
    /// Size and properties.
    fn info(&self) -> BlkInfo;

    /// Reads blocks from `start` on, as many as fit in `buf`.
    ///
    /// # Errors
    /// [`Error::Io`] with the number of the first block that could not be
    /// read; [`Error::OutOfRange`] beyond the end; [`Error::Invalid`] if the
    /// buffer is not whole blocks.
    fn read(&self, start: u64, buf: &mut [u8]) -> Result<()>;

    /// Reads blocks from several places, with as few requests as the device can.
    ///
    /// # Errors
    /// As [`BlockDevice::read`]; the pieces may then hold anything.
    fn read_pieces(&self, pieces: &mut [ReadPiece]) -> Result<()> {
        pieces
            .iter_mut()
            .try_for_each(|piece| self.read(piece.start, piece.bytes))
    }

    /// Writes blocks from `start` on; they are durable after [`BlockDevice::flush`].
    ///
    /// # Errors
    /// As [`BlockDevice::read`], and [`Error::ReadOnly`].
    fn write(&self, start: u64, buf: &[u8]) -> Result<()>;

    /// Makes all that was written durable.
    ///
    /// # Errors
    /// If the device could not.
    fn flush(&self) -> Result<()>;

    /// Tells the device that nobody needs what `count` blocks from `start` on
    /// hold; what they hold afterwards is the device's choice.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the device knows no such thing;
    /// [`Error::Invalid`] if it could only do it with other blocks beside
    /// these; otherwise as [`BlockDevice::write`].
    fn discard(&self, _start: u64, _count: u64) -> Result<()> {
        Err(Error::Unsupported("the device does not erase blocks"))
    }

    /// Whether its blocks only change by writes to it, so that they can be cached.
    fn is_cacheable(&self) -> bool {
        true
    }
}

impl dyn BlockDevice {
    /// The number of blocks of a buffer, checked against the device.
    ///
    /// # Errors
    /// As [`BlockDevice::read`].
    pub fn check_range(info: &BlkInfo, start: u64, len: usize) -> Result<u64> {
        let block = info.block_size as usize;
        if !len.is_multiple_of(block) {
            return Err(Error::Invalid("the buffer is not a whole number of blocks"));
        }
        let count = (len / block) as u64;
        <dyn BlockDevice>::check_blocks(info, start, count)?;
        Ok(count)
    }

    /// Checks that the device has these blocks; returns the one behind the last.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn check_blocks(info: &BlkInfo, start: u64, count: u64) -> Result<u64> {
        let end = start.checked_add(count);
        end.filter(|&end| end <= info.blocks)
            .ok_or(Error::OutOfRange)
    }
}

/// A disk with its address: interface and number.
#[derive(Clone)]
pub struct Disk {
    /// The interface: the parent's uclass.
    pub interface: &'static str,
    /// The number on that interface.
    pub number: i32,
    /// The device.
    pub device: Arc<Device>,
    /// Its operations.
    pub ops: Arc<dyn BlockDevice>,
}

/// A disk in the order in which to boot.
pub struct BootPlace {
    /// The disk's device.
    pub device: Arc<Device>,
    /// Whether it may be booted from.
    pub bootable: bool,
    /// Whether it is a CD-ROM.
    pub cdrom: bool,
}

/// The device numbers of all disks on an interface, ascending, probed or not.
pub fn numbers(model: &Model, interface: &str) -> Vec<i32> {
    let mut numbers: Vec<i32> = model
        .uclass_devices(UclassId::Blk)
        .iter()
        .filter(|d| on_interface(model, d, interface))
        .map(|d| d.seq())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Interfaces that have disks, by name.
pub fn interfaces(model: &Model) -> Vec<&'static str> {
    let mut names: Vec<&str> = model
        .uclass_devices(UclassId::Blk)
        .iter()
        .filter_map(|d| Some(model.uclass_name(d.parent()?.uclass())))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Begins to probe the disks that are wanted, so that whatever they have to wait
/// for, they wait for it together.
pub fn begin<'a>(model: &'a Model, is_wanted: impl Fn(&str, i32) -> bool) -> Begun<'a> {
    begin_list(model, &list(model, is_wanted))
}

/// The disks that are wanted, by interface and number, begun together and each
/// probed in its turn.
pub fn all<'a>(
    model: &'a Model,
    is_wanted: impl Fn(&str, i32) -> bool,
) -> impl Iterator<Item = (&'static str, i32, Result<Disk>)> + 'a {
    let disks = list(model, is_wanted);
    let begun = begin_list(model, &disks);
    disks.into_iter().map(move |(interface, device)| {
        // All of it, which so lives as long as the iterator.
        let begun = &begun;
        (interface, device.seq(), open(begun.model, device))
    })
}

/// Disks that were begun to be probed. Those that were not probed until this is
/// dropped are as if nobody had wanted them.
pub struct Begun<'a> {
    model: &'a Model,
    buses: Vec<Arc<Device>>,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.buses.iter().for_each(|bus| self.model.give_up(bus));
    }
}

fn begin_list<'a>(model: &'a Model, disks: &[(&str, Arc<Device>)]) -> Begun<'a> {
    let mut buses: Vec<Arc<Device>> = Vec::new();
    for bus in disks.iter().filter_map(|(_, device)| device.parent()) {
        if !buses.iter().any(|known| Arc::ptr_eq(known, &bus)) {
            buses.push(bus);
        }
    }
    for bus in &buses {
        let is_child = |device: &Arc<Device>| device.parent().is_some_and(|p| Arc::ptr_eq(&p, bus));
        let devices = disks.iter().map(|(_, device)| device.clone());
        let idle: Vec<_> = devices.filter(|d| is_child(d) && !d.active()).collect();
        if !idle.is_empty() {
            model.begin(bus, &idle);
        }
    }
    Begun { model, buses }
}

fn list(model: &Model, is_wanted: impl Fn(&str, i32) -> bool) -> Vec<(&'static str, Arc<Device>)> {
    let mut disks = Vec::new();
    for interface in interfaces(model) {
        let devices = model.uclass_devices(UclassId::Blk).into_iter();
        let mine = devices.filter(|d| on_interface(model, d, interface));
        let wanted = mine.filter(|d| is_wanted(interface, d.seq()));
        disks.extend(wanted.map(|device| (interface, device)));
    }
    disks
}

/// The disk at an interface and number, probed.
///
/// # Errors
/// [`Error::NoDevice`] if there is none, or why it could not be probed.
pub fn get(model: &Model, interface: &str, number: i32) -> Result<Disk> {
    let device = model
        .uclass_devices(UclassId::Blk)
        .into_iter()
        .find(|d| d.seq() == number && on_interface(model, d, interface))
        .ok_or(Error::NoDevice)?;
    open(model, device)
}

fn open(model: &Model, device: Arc<Device>) -> Result<Disk> {
    model.probe(&device)?;
    let parent = device.parent().ok_or(Error::NoDevice)?;
    match device.ops() {
        Ops::Blk(ops) => Ok(Disk {
            interface: model.uclass_name(parent.uclass()),
            number: device.seq(),
            device,
            ops,
        }),
        _ => Err(Error::NoDevice),
    }
}

fn on_interface(model: &Model, device: &Device, interface: &str) -> bool {
    device
        .parent()
        .is_some_and(|parent| model.uclass_name(parent.uclass()) == interface)
}

#[cfg(CONFIG_BLOCK_CACHE)]
crate::uclass!(UclassId::Blk, "blk", post_probe: Some(crate::blkcache::post_probe));
#[cfg(not(CONFIG_BLOCK_CACHE))]
crate::uclass!(UclassId::Blk, "blk");

#[cfg(test)]
mod tests;
