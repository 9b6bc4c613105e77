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
mod tests {
    use super::*;
    use crate::{Driver, UclassDriver};
    use alloc::string::ToString;

    struct Nothing;

    impl BlockDevice for Nothing {
        fn info(&self) -> BlkInfo {
            info(512, 8)
        }
        fn read(&self, _start: u64, _buf: &mut [u8]) -> Result<()> {
            Ok(())
        }
        fn write(&self, _start: u64, _buf: &[u8]) -> Result<()> {
            Err(Error::ReadOnly)
        }
        fn flush(&self) -> Result<()> {
            Ok(())
        }
    }

    fn info(block_size: u32, blocks: u64) -> BlkInfo {
        BlkInfo {
            block_size,
            blocks,
            read_only: true,
            removable: false,
            vendor: String::new(),
            product: String::new(),
            revision: String::new(),
        }
    }

    fn probe(_model: &Model, device: &Arc<Device>) -> Result<Ops> {
        match device.seq() {
            9 => Err(Error::Timeout),
            8 => Ok(Ops::None),
            _ => Ok(Ops::Blk(Arc::new(Nothing))),
        }
    }

    static DRIVERS: [Driver; 3] = [
        Driver {
            name: "pvblock",
            id: UclassId::PvBlock,
            ..Driver::new()
        },
        Driver {
            name: "other",
            id: UclassId::Nop,
            ..Driver::new()
        },
        Driver {
            name: "disk",
            id: UclassId::Blk,
            probe: Some(probe),
            ..Driver::new()
        },
    ];
    static UCLASSES: [UclassDriver; 2] = [
        UclassDriver::new(UclassId::PvBlock, "pvblock"),
        UclassDriver::new(UclassId::Nop, "nop"),
    ];

    #[test]
    fn disks_are_found_by_interface_and_number() {
        let model = Model::new(&DRIVERS, &UCLASSES, None);
        assert!(interfaces(&model).is_empty());
        for (bus, seqs) in [("pvblock", &[16, 0, 9, 8][..]), ("other", &[0, 3])] {
            let name = bus.to_string();
            let bus = model.bind_driver(model.root(), bus, name, None).unwrap();
            for &seq in seqs {
                model
                    .bind_driver(&bus, "disk", alloc::format!("disk{seq}"), Some(seq))
                    .unwrap();
            }
        }
        assert_eq!(interfaces(&model), ["nop", "pvblock"]);
        assert_eq!(numbers(&model, "pvblock"), [0, 8, 9, 16]);
        assert_eq!(numbers(&model, "nop"), [0, 3]);
        assert_eq!(numbers(&model, "mmc"), [0; 0]);

        let disk = get(&model, "pvblock", 16).unwrap();
        assert_eq!((disk.interface, disk.number), ("pvblock", 16));
        assert_eq!(disk.ops.info().blocks, 8);
        assert!(disk.device.active());
        assert_eq!(get(&model, "nop", 3).unwrap().device.name(), "disk3");
        let error = |interface, number| get(&model, interface, number).err();
        assert_eq!(error("pvblock", 9), Some(Error::Timeout));
        assert_eq!(error("pvblock", 8), Some(Error::NoDevice));
        assert_eq!(error("pvblock", 3), Some(Error::NoDevice));
        assert_eq!(error("mmc", 0), Some(Error::NoDevice));
    }

    #[test]
    fn all_disks_are_begun_together_and_what_nobody_took_is_given_up() {
        static STEPS: spin::Mutex<Vec<String>> = spin::Mutex::new(Vec::new());
        fn note(step: &str, devices: &[Arc<Device>]) {
            let names = devices.iter().map(|device| device.name());
            let names = names.collect::<Vec<_>>().join(" ");
            STEPS.lock().push(alloc::format!("{step} {names}"));
        }
        static DRIVERS: [Driver; 3] = [
            Driver {
                name: "pvblock",
                id: UclassId::PvBlock,
                begin: Some(|_, _, disks| note("begin", disks)),
                give_up: Some(|_, bus| {
                    note("give up", core::slice::from_ref(bus));
                    Ok(())
                }),
                ..Driver::new()
            },
            Driver {
                name: "other",
                id: UclassId::Nop,
                ..Driver::new()
            },
            Driver {
                name: "disk",
                id: UclassId::Blk,
                probe: Some(|model, device| {
                    note("probe", core::slice::from_ref(device));
                    probe(model, device)
                }),
                ..Driver::new()
            },
        ];
        let model = Model::new(&DRIVERS, &UCLASSES, None);
        for (driver, seqs) in [("pvblock", &[9, 2, 1][..]), ("other", &[0])] {
            let name = driver.to_string();
            let bus = model.bind_driver(model.root(), driver, name, None).unwrap();
            for &seq in seqs {
                let name = alloc::format!("{driver}{seq}");
                model.bind_driver(&bus, "disk", name, Some(seq)).unwrap();
            }
        }
        let take = || core::mem::take(&mut *STEPS.lock());
        let found: Vec<_> = all(&model, |_, _| true)
            .map(|(interface, number, disk)| (interface, number, disk.is_ok()))
            .collect();
        let wanted = [
            ("nop", 0, true),
            ("pvblock", 1, true),
            ("pvblock", 2, true),
            ("pvblock", 9, false),
        ];
        assert_eq!(found, wanted);
        let steps = [
            "begin pvblock1 pvblock2 pvblock9",
            "probe other0",
            "probe pvblock1",
            "probe pvblock2",
            "probe pvblock9",
            "give up pvblock",
        ];
        assert_eq!(take(), steps);

        // Of those that are there already, nothing is begun; nor of those that nobody wants.
        let mut some = all(&model, |interface, number| {
            interface == "pvblock" && number > 1
        });
        assert_eq!(take(), ["begin pvblock9"]);
        assert_eq!(some.next().unwrap().1, 2);
        drop(some);
        assert_eq!(take(), ["give up pvblock"]);
    }

    #[test]
    fn ranges_are_checked_without_overflow() {
        let check = |start, len| <dyn BlockDevice>::check_range(&info(4096, 10), start, len);
        assert_eq!(check(0, 40960), Ok(10));
        assert_eq!(check(10, 0), Ok(0));
        assert_eq!(check(9, 4096), Ok(1));
        assert!(matches!(check(0, 512), Err(Error::Invalid(_))));
        for (start, len) in [(10, 4096), (9, 8192), (11, 0), (u64::MAX, 4096)] {
            assert_eq!(check(start, len), Err(Error::OutOfRange));
        }
    }
}
