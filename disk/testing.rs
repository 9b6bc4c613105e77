// SPDX-License-Identifier: GPL-2.0-or-later
//! A disk in memory, for this crate's unit tests.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::{Error, Result};
use dm::blk::{BlkInfo, BlockDevice, Disk};
use dm::{Driver, Model, Ops, UclassDriver, UclassId};
use spin::Mutex;

pub struct RamDisk {
    block_size: u32,
    bytes: Mutex<Vec<u8>>,
    reads: Mutex<usize>,
    broken: Mutex<Option<u64>>,
}

impl RamDisk {
    pub fn new(bytes: Vec<u8>, block_size: u32) -> Arc<RamDisk> {
        let (reads, broken) = Default::default();
        Arc::new(RamDisk {
            block_size,
            bytes: Mutex::new(bytes),
            reads,
            broken,
        })
    }

    pub fn reads(&self) -> usize {
        *self.reads.lock()
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().clone()
    }

    pub fn break_block(&self, block: u64) {
        *self.broken.lock() = Some(block);
    }
}

impl BlockDevice for RamDisk {
    fn info(&self) -> BlkInfo {
        BlkInfo {
            block_size: self.block_size,
            blocks: self.bytes.lock().len() as u64 / u64::from(self.block_size),
            read_only: false,
            removable: false,
            vendor: String::new(),
            product: String::new(),
            revision: String::new(),
        }
    }

    fn read(&self, start: u64, buf: &mut [u8]) -> Result<()> {
        let count = <dyn BlockDevice>::check_range(&self.info(), start, buf.len())?;
        *self.reads.lock() += 1;
        if let Some(block) = self
            .broken
            .lock()
            .filter(|block| (start..start + count).contains(block))
        {
            return Err(Error::Io(block));
        }
        let offset = start as usize * self.block_size as usize;
        buf.copy_from_slice(&self.bytes.lock()[offset..][..buf.len()]);
        Ok(())
    }

    fn write(&self, start: u64, buf: &[u8]) -> Result<()> {
        let count = <dyn BlockDevice>::check_range(&self.info(), start, buf.len())?;
        let broken = *self.broken.lock();
        let range = start..start + count;
        let good = match broken.filter(|block| range.contains(block)) {
            Some(block) => (block - start) as usize * self.block_size as usize,
            None => buf.len(),
        };
        let offset = start as usize * self.block_size as usize;
        self.bytes.lock()[offset..][..good].copy_from_slice(&buf[..good]);
        match good == buf.len() {
            true => Ok(()),
            false => Err(Error::Io(broken.unwrap_or(start))),
        }
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }
}

static DRIVERS: [Driver; 2] = [
    Driver {
        name: "fake_bus",
        id: UclassId::PvBlock,
        ..Driver::new()
    },
    Driver {
        name: "fake_disk",
        id: UclassId::Blk,
        probe: Some(|_, device| Ok(Ops::Blk(device.plat::<Arc<RamDisk>>()?.as_ref().clone()))),
        ..Driver::new()
    },
];

static UCLASSES: [UclassDriver; 1] = [UclassDriver::new(UclassId::PvBlock, "pvblock")];

/// A model with these disks as `pvblock 0` and so on.
pub fn model(disks: &[Arc<RamDisk>]) -> Model {
    let model = Model::new(&DRIVERS, &UCLASSES, None);
    let bus = model
        .bind_driver(model.root(), "fake_bus", "bus".into(), None)
        .unwrap();
    for disk in disks {
        let device = model
            .bind_driver(&bus, "fake_disk", "disk".into(), None)
            .unwrap();
        device.set_plat(disk.clone());
    }
    model
}

/// A disk as `pvblock 0`.
pub fn disk(disk: Arc<RamDisk>) -> Disk {
    let model = model(&[disk]);
    dm::blk::get(&model, "pvblock", 0).unwrap()
}
