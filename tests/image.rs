// SPDX-License-Identifier: GPL-2.0-or-later
//! Disks made of image files, which count what is read of them.

use common::{Error, Result};
use disk::BlockRange;
use dm::blk::{BlkInfo, BlockDevice, Disk};
use dm::{Driver, Model, Ops, UclassDriver, UclassId};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A block that was written: its number and its bytes.
pub type Written = (u64, Vec<u8>);

/// A disk with the contents of an image file, or of a test's own bytes; writes stay in memory.
pub struct ImageDisk {
    block_size: u32,
    read_only: bool,
    bytes: Mutex<Vec<u8>>,
    bad_block: Mutex<Option<u64>>,
    us_per_mib: AtomicU64,
    reads: AtomicU64,
    read_bytes: AtomicU64,
    writes: AtomicU64,
    flushes: AtomicU64,
    /// The blocks that were written, if this is wanted.
    log: Mutex<Option<Vec<Written>>>,
    is_flushed: AtomicBool,
}

impl ImageDisk {
    /// The disk of an image file.
    pub fn open(path: &Path, block_size: u32) -> Arc<ImageDisk> {
        let bytes =
            std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        ImageDisk::new(bytes, block_size)
    }

    /// A disk with these bytes.
    pub fn new(bytes: Vec<u8>, block_size: u32) -> Arc<ImageDisk> {
        ImageDisk::with(bytes, block_size, false)
    }

    /// A disk that refuses writes.
    pub fn read_only(bytes: Vec<u8>, block_size: u32) -> Arc<ImageDisk> {
        ImageDisk::with(bytes, block_size, true)
    }

    fn with(bytes: Vec<u8>, block_size: u32, read_only: bool) -> Arc<ImageDisk> {
        Arc::new(ImageDisk {
            block_size,
            read_only,
            bytes: Mutex::new(bytes),
            bad_block: Mutex::default(),
            us_per_mib: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            read_bytes: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            flushes: AtomicU64::new(0),
            log: Mutex::default(),
            is_flushed: AtomicBool::new(true),
        })
    }

    /// Makes a block fail.
    pub fn break_block(&self, block: u64) {
        *lock(&self.bad_block) = Some(block);
    }

    /// Makes each MiB take this time, in microseconds.
    pub fn slow_down(&self, us_per_mib: u64) {
        self.us_per_mib.store(us_per_mib, Ordering::Relaxed);
    }

    /// Its contents.
    pub fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        lock(&self.bytes)
    }

    /// How many read requests there were since the last call, and of how many bytes.
    pub fn take_reads(&self) -> (u64, u64) {
        (
            self.reads.swap(0, Ordering::Relaxed),
            self.read_bytes.swap(0, Ordering::Relaxed),
        )
    }

    /// How many write requests there were.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// How often it was told to make its contents durable.
    pub fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }

    /// Forgets what was written, and notes each block from now on.
    pub fn log_writes(&self) {
        *lock(&self.log) = Some(Vec::new());
    }

    /// The blocks that were written since [`ImageDisk::log_writes`], in their
    /// order, with their numbers.
    pub fn take_writes(&self) -> Vec<Written> {
        lock(&self.log).take().unwrap_or_default()
    }

    /// Whether all that was written is durable.
    pub fn is_flushed(&self) -> bool {
        self.is_flushed.load(Ordering::Relaxed)
    }

    /// All of it as a range, with a block cache of its own.
    pub fn range(self: &Arc<Self>) -> Arc<BlockRange> {
        let device = dm::blkcache::Cache::default().attach(self.clone());
        Arc::new(BlockRange::of_device(device, 0, u64::MAX).unwrap())
    }

    fn place(&self, start: u64, len: usize) -> Result<usize> {
        let count = <dyn BlockDevice>::check_range(&self.info(), start, len)?;
        let us_per_mib = self.us_per_mib.load(Ordering::Relaxed);
        if us_per_mib > 0 {
            arch::time::advance((us_per_mib * len as u64) >> 20);
        }
        match lock(&self.bad_block).filter(|bad| (start..start + count).contains(bad)) {
            Some(bad) => Err(Error::Io(bad)),
            None => Ok(start as usize * self.block_size as usize),
        }
    }
}

impl BlockDevice for ImageDisk {
    fn info(&self) -> BlkInfo {
        BlkInfo {
            block_size: self.block_size,
            blocks: self.bytes().len() as u64 / u64::from(self.block_size),
            read_only: self.read_only,
            removable: false,
            vendor: "(Xen)".into(),
            product: "(Xen Virtual)".into(),
            revision: "1.0".into(),
        }
    }

    fn read(&self, start: u64, buf: &mut [u8]) -> Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.read_bytes
            .fetch_add(buf.len() as u64, Ordering::Relaxed);
        let place = self.place(start, buf.len())?;
        buf.copy_from_slice(&self.bytes()[place..][..buf.len()]);
        Ok(())
    }

    fn write(&self, start: u64, buf: &[u8]) -> Result<()> {
        if self.read_only {
            return Err(Error::ReadOnly);
        }
        let place = self.place(start, buf.len())?;
        self.is_flushed.store(false, Ordering::Relaxed);
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.bytes()[place..][..buf.len()].copy_from_slice(buf);
        if let Some(log) = lock(&self.log).as_mut() {
            let blocks = buf.chunks(self.block_size as usize).map(<[u8]>::to_vec);
            log.extend((start..).zip(blocks));
        }
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.is_flushed.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// The drivers of [`bind`]'s disks.
pub static DRIVERS: [Driver; 2] = [
    Driver {
        name: "image_bus",
        id: UclassId::PvBlock,
        ..Driver::new()
    },
    Driver {
        name: "image_disk",
        id: UclassId::Blk,
        probe: Some(|_, device| Ok(Ops::Blk(device.plat::<Arc<ImageDisk>>()?.as_ref().clone()))),
        ..Driver::new()
    },
];

/// The uclass with which a scan of this configuration looks for disks that are not known yet.
pub const HUNTED: &str = match cfg!(CONFIG_PVBLOCK) {
    true => "pvblock",
    false => "host",
};

static UCLASSES: [UclassDriver; 3] = [
    UclassDriver::new(UclassId::PvBlock, "pvblock"),
    UclassDriver::new(UclassId::Host, "host"),
    UclassDriver::new(UclassId::Blk, "blk"),
];

static CACHED_UCLASSES: [UclassDriver; 2] = [
    UclassDriver::new(UclassId::PvBlock, "pvblock"),
    UclassDriver {
        post_probe: Some(dm::blkcache::post_probe),
        ..UclassDriver::new(UclassId::Blk, "blk")
    },
];

/// A model whose `pvblock 0`, `pvblock 1` and so on are these disks. There is no
/// block cache, so that a test can change what is on a disk.
pub fn model(disks: &[Arc<ImageDisk>]) -> Model {
    model_of(disks, &UCLASSES)
}

/// As [`model`], with the block cache.
pub fn cached_model(disks: &[Arc<ImageDisk>]) -> Model {
    model_of(disks, &CACHED_UCLASSES)
}

fn model_of(disks: &[Arc<ImageDisk>], uclasses: &'static [UclassDriver]) -> Model {
    let model = Model::new(&DRIVERS, uclasses, None);
    bind(&model, disks);
    model
}

/// Makes these disks `pvblock 0` and so on of a model that has [`DRIVERS`].
pub fn bind(model: &Model, disks: &[Arc<ImageDisk>]) {
    for (number, disk) in disks.iter().enumerate() {
        let bus = model
            .bind_driver(model.root(), "image_bus", format!("bus{number}"), None)
            .unwrap();
        let device = model
            .bind_driver(
                &bus,
                "image_disk",
                format!("disk{number}"),
                Some(number as i32),
            )
            .unwrap();
        device.set_plat(disk.clone());
    }
}

/// A disk as `pvblock 0`.
pub fn disk(image: &Arc<ImageDisk>) -> Disk {
    dm::blk::get(&model(std::slice::from_ref(image)), "pvblock", 0).unwrap()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
