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
        match start.checked_add(count) {
            Some(end) if end <= info.blocks => Ok(count),
            _ => Err(Error::OutOfRange),
        }
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
    model.probe(&device)?;
    let parent = device.parent().ok_or(Error::NoDevice)?;
    match device.ops() {
        Ops::Blk(ops) => Ok(Disk {
            interface: model.uclass_name(parent.uclass()),
            number,
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

crate::uclass!(UclassId::Blk, "blk");
