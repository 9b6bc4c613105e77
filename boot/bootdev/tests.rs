// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the order and the names of disks.

use super::*;
use common::Error;
use common::testing::capture;
use dm::{Driver, Ops, UclassDriver};

/// What the bus of a disk says of it: its place, whether it is bootable, whether it is a CD-ROM.
type Says = (u8, bool, bool);

fn boot_order(bus: &Arc<Device>) -> Result<Vec<BootPlace>> {
    let mut disks: Vec<_> = bus.children();
    if disks.is_empty() {
        return Err(Error::Timeout);
    }
    // One of which nothing is known is not in the order.
    disks.retain(|disk| disk.plat::<Says>().is_ok());
    disks.sort_by_key(|disk| disk.plat::<Says>().unwrap().0);
    let place = |device: Arc<Device>| {
        let (_, bootable, cdrom) = *device.plat::<Says>().unwrap();
        BootPlace {
            device,
            bootable,
            cdrom,
        }
    };
    Ok(disks.into_iter().map(place).collect())
}

static DRIVERS: [Driver; 3] = [
    Driver {
        name: "ordered",
        id: UclassId::PvBlock,
        boot_order: Some(boot_order),
        ..Driver::new()
    },
    Driver {
        name: "other",
        id: UclassId::Host,
        ..Driver::new()
    },
    Driver {
        name: "disk",
        id: UclassId::Blk,
        probe: Some(|_, _| Ok(Ops::None)),
        ..Driver::new()
    },
];
static UCLASSES: [UclassDriver; 3] = [
    UclassDriver::new(UclassId::PvBlock, "pvblock"),
    UclassDriver::new(UclassId::Host, "host"),
    UclassDriver::new(UclassId::Blk, "blk"),
];

/// pvblock 0 to 4 and host 7.
fn model() -> Model {
    let model = Model::new(&DRIVERS, &UCLASSES, None);
    let root = model.root();
    let bus = model
        .bind_driver(root, "ordered", "xen".into(), None)
        .unwrap();
    let says: [Option<Says>; 5] = [
        Some((3, true, false)),
        Some((1, true, true)),
        Some((2, false, false)),
        Some((0, true, false)),
        None,
    ];
    for (number, says) in (0i32..).zip(says) {
        let name = format!("xvd{number}");
        let disk = model.bind_driver(&bus, "disk", name, Some(number)).unwrap();
        if let Some(says) = says {
            disk.set_plat(says);
        }
    }
    let host = model
        .bind_driver(root, "other", "host-a".into(), None)
        .unwrap();
    let disk = model.bind_driver(&host, "disk", "host-a.blk".into(), Some(7));
    disk.unwrap();
    model
}

fn names(bootdevs: &[Bootdev]) -> Vec<&str> {
    let names = bootdevs.iter().map(|b| b.name.strip_suffix(".bootdev"));
    names.map(Option::unwrap).collect()
}

#[test]
fn all_are_listed_by_interface_and_number() {
    let all = all(&model());
    assert_eq!(
        names(&all),
        [
            "host-a", "pvblock0", "pvblock1", "pvblock2", "pvblock3", "pvblock4"
        ]
    );
    assert!(all.iter().enumerate().all(|(seq, b)| b.seq == seq));
}

#[test]
fn the_order_is_that_of_the_bus_with_cdroms_last_and_without_what_is_not_bootable() {
    let order = order(&model());
    assert_eq!(
        names(&order.tried),
        ["pvblock3", "pvblock0", "pvblock1", "host-a", "pvblock4"]
    );
    assert_eq!(names(&order.left_out), ["pvblock2"]);
}

#[test]
fn a_bus_that_cannot_tell_keeps_no_disk_from_being_tried() {
    let _console = capture();
    let model = Model::new(&DRIVERS, &UCLASSES, None);
    let bus = model.bind_driver(model.root(), "ordered", "xen".into(), None);
    assert_eq!(places(&bus.unwrap()).len(), 0);
    assert!(order(&model).tried.is_empty());
}

#[test]
fn targets_are_tried_in_their_order_each_once() {
    let (console, model) = (capture(), model());
    let found = targets(&model, "pvblock4  mmc0 pvblock host pvblock9 host3", true);
    assert_eq!(
        names(&found),
        [
            "pvblock4", "pvblock0", "pvblock1", "pvblock2", "pvblock3", "host-a"
        ]
    );
    assert_eq!(
        console.take(),
        "Unknown uclass 'mmc0' in label\nNo bootdevs for 'pvblock9'\nNo bootdevs for 'host3'\n"
    );
    assert_eq!(names(&targets(&model, "mmc0 host7", false)), ["host-a"]);
    assert_eq!(console.take(), "");
}

#[test]
fn a_disk_is_named_in_three_ways() {
    let (console, model) = (capture(), model());
    let found = |name: &str| find(&model, name).map(|n| (names(&n.bootdevs).join(" "), n.by_seq));
    assert_eq!(found("2"), Ok(("pvblock1".into(), true)));
    assert_eq!(found("host-a.bootdev"), Ok(("host-a".into(), false)));
    assert_eq!(found("pvblock2"), Ok(("pvblock2".into(), false)));
    assert_eq!(found("host"), Ok(("host-a".into(), false)));
    assert_eq!(console.take(), "");
    assert_eq!(found("50"), Err(-19));
    assert_eq!(found("fred0"), Err(-96));
    assert_eq!(found("pvblock99999999999"), Err(-2));
    assert_eq!(
        console.take(),
        "Cannot find '50' (err=-19)\nCannot find bootdev 'fred0' (err=-96)\n\
        Cannot find bootdev 'pvblock99999999999' (err=-2)\n"
    );
}
