// SPDX-License-Identifier: GPL-2.0-or-later
//! A file of the host, and the disk that it is.
//!
//! [`dm::host`] creates the device; the file is opened when it is probed.
//!
//! Behaviour: U-Boot, `drivers/block/host_dev.c` and `drivers/block/sandbox.c`.
#![cfg(CONFIG_HOST_BLK)]

use alloc::format;
use alloc::sync::Arc;
use arch::sandbox::os::{File, FileError};
use common::{Error, Result};
use dm::blk::{BlkInfo, BlockDevice};
use dm::host::{HOST_DRIVER, HostPlat};
use dm::{Compatible, Device, Model, Ops, UclassId};

struct HostDisk {
    file: Arc<File>,
    info: BlkInfo,
}

impl HostDisk {
    /// Where a transfer begins in the file.
    fn offset(&self, start: u64, len: usize) -> Result<u64> {
        <dyn BlockDevice>::check_range(&self.info, start, len)?;
        start
            .checked_mul(self.info.block_size.into())
            .ok_or(Error::OutOfRange)
    }

    /// The error of a transfer that ended after so many bytes.
    fn failed(&self, start: u64, done: usize) -> Error {
        let blocks = (done as u64).checked_div(self.info.block_size.into());
        Error::Io(start.saturating_add(blocks.unwrap_or(0)))
    }
}

impl BlockDevice for HostDisk {
    fn info(&self) -> BlkInfo {
        self.info.clone()
    }

    fn read(&self, start: u64, buf: &mut [u8]) -> Result<()> {
        let offset = self.offset(start, buf.len())?;
        self.file
            .read(offset, buf)
            .map_err(|done| self.failed(start, done))
    }

    fn write(&self, start: u64, buf: &[u8]) -> Result<()> {
        if self.info.read_only {
            return Err(Error::ReadOnly);
        }
        let offset = self.offset(start, buf.len())?;
        self.file
            .write(offset, buf)
            .map_err(|done| self.failed(start, done))
    }

    fn flush(&self) -> Result<()> {
        match self.info.read_only {
            true => Ok(()),
            false => self.file.sync().map_err(error),
        }
    }
}

/// Opens the file, and makes a disk of it.
fn probe(model: &Model, host: &Arc<Device>) -> Result<Ops> {
    let plat = host.plat::<HostPlat>()?;
    let file = File::open(&plat.path).map_err(error)?;
    if !file.size().is_multiple_of(plat.block_size.into()) {
        return Err(Error::Invalid(
            "the file's size is not a multiple of the device's block size",
        ));
    }
    host.set_private(Arc::new(file));
    if host.children().is_empty() {
        let name = format!("{}.blk", host.name());
        model.bind_driver(host, "sandbox_host_blk", name, Some(host.seq()))?;
    }
    Ok(Ops::None)
}

fn probe_disk(_model: &Model, disk: &Arc<Device>) -> Result<Ops> {
    let host = disk.parent().ok_or(Error::NoDevice)?;
    let plat = host.plat::<HostPlat>()?;
    let file = host.private::<File>()?;
    let info = BlkInfo {
        block_size: plat.block_size,
        blocks: file
            .size()
            .checked_div(plat.block_size.into())
            .unwrap_or_default(),
        read_only: file.read_only(),
        removable: plat.removable,
        vendor: "U-Boot".into(),
        product: "hostfile".into(),
        revision: "1.0".into(),
    };
    Ok(Ops::Blk(Arc::new(HostDisk { file, info })))
}

fn error(error: FileError) -> Error {
    match error {
        FileError::NotFound => Error::NotFound,
        FileError::Permission => Error::Permission,
        FileError::NotAFile => Error::Invalid("it is neither a file nor a block device"),
        FileError::Other => Error::Invalid("the host cannot use it"),
    }
}

#[cfg(test)]
#[path = "host_dev/tests.rs"]
mod tests;

dm::uclass!(UclassId::Host, "host");

dm::driver! {
    name: HOST_DRIVER,
    id: UclassId::Host,
    of_match: &[Compatible { compatible: "sandbox,host", data: 0 }],
    probe: Some(probe),
}

dm::driver! {
    name: "sandbox_host_blk",
    id: UclassId::Blk,
    probe: Some(probe_disk),
}
