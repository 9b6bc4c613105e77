// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of finding disks.

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

/// Disks with these numbers, on a bus of each kind.
fn bind(model: &Model, pvblock: &[i32], other: &[i32]) {
    for (driver, seqs) in [("pvblock", pvblock), ("other", other)] {
        let name = driver.to_string();
        let bus = model.bind_driver(model.root(), driver, name, None).unwrap();
        for &seq in seqs {
            let name = alloc::format!("{driver}{seq}");
            model.bind_driver(&bus, "disk", name, Some(seq)).unwrap();
        }
    }
}

#[test]
fn disks_are_found_by_interface_and_number() {
    let model = Model::new(&DRIVERS, &UCLASSES, None);
    assert!(interfaces(&model).is_empty());
    bind(&model, &[16, 0, 9, 8], &[0, 3]);
    assert_eq!(interfaces(&model), ["nop", "pvblock"]);
    assert_eq!(numbers(&model, "pvblock"), [0, 8, 9, 16]);
    assert_eq!(numbers(&model, "nop"), [0, 3]);
    assert_eq!(numbers(&model, "mmc"), [0; 0]);

    let disk = get(&model, "pvblock", 16).unwrap();
    assert_eq!((disk.interface, disk.number), ("pvblock", 16));
    assert_eq!(disk.ops.info().blocks, 8);
    assert!(disk.device.active());
    assert_eq!(get(&model, "nop", 3).unwrap().device.name(), "other3");
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
    bind(&model, &[9, 2, 1], &[0]);
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
