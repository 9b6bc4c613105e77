// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the bus of disks.

use super::*;
use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::Config;
use dm::{Driver, UclassDriver, blk};

static DRIVERS: [Driver; 3] = [
    Driver {
        name: "xen",
        id: UclassId::Xen,
        ..Driver::new()
    },
    Driver {
        name: "pvblock",
        id: UclassId::PvBlock,
        probe: Some(probe),
        begin: Some(begin),
        give_up: Some(give_up),
        remove: Some(remove),
        ..Driver::new()
    },
    Driver {
        name: "pvblock_blk",
        id: UclassId::Blk,
        probe: Some(blk_probe),
        remove: Some(blk_remove),
        ..Driver::new()
    },
];
static UCLASSES: [UclassDriver; 2] = [
    UclassDriver::new(UclassId::PvBlock, "pvblock"),
    UclassDriver::new(UclassId::Blk, "blk"),
];

/// A guest with these disks, and its bus before it is probed.
fn guest(numbers: &[u64]) -> (Fixture, Model, Arc<Device>) {
    let fixture = Fixture::new();
    for &number in numbers {
        fixture.attach(Config {
            number,
            ..Config::default()
        });
    }
    let model = Model::new(&DRIVERS, &UCLASSES, None);
    let xen = model
        .bind_driver(model.root(), "xen", "xen".into(), None)
        .unwrap();
    model.probe(&xen).unwrap();
    xen.set_private(fixture.services.clone());
    let bus = model.bind_driver(&xen, "pvblock", "pvblock".into(), None);
    (fixture, model, bus.unwrap())
}

#[test]
fn disks_are_numbered_as_in_xl_cfg() {
    let cases = [
        (51712, 0, "xvda"),
        (51713, 0, "xvda1"),
        (51728, 1, "xvdb"),
        (51952, 15, "xvdp"),
        (1 << 28 | 16 << 8, 16, "xvdq"),
        (1 << 28 | 26 << 8 | 3, 26, "xvdaa3"),
        (768, 0, "hda"),
        (832, 1, "hdb"),
        (5632, 2, "hdc"),
        (2048, 0, "sda"),
        (2065, 1, "sdb1"),
    ];
    for (number, index, name) in cases {
        assert_eq!(disk_index(number), Some(index), "{number}");
        assert_eq!(disk_name(number), name, "{number}");
    }
    for number in [0, 7, 1 << 29, u64::MAX] {
        assert_eq!(disk_index(number), None);
        assert_eq!(disk_name(number), format!("vbd-{number}"));
    }
}

#[test]
fn disks_are_bound_in_the_order_of_their_numbers_and_used_on_demand() {
    let (fixture, model, bus) = guest(&[51728, 1 << 28 | 16 << 8, 51712, 7]);
    model.probe(&bus).unwrap();
    let names: Vec<_> = bus
        .children()
        .iter()
        .map(|d| String::from(d.name()))
        .collect();
    assert_eq!(names, ["vbd-7", "xvda", "xvdb", "xvdq"]);
    // The one without a place of its own came first and took 0.
    assert_eq!(blk::numbers(&model, "pvblock"), [0, 1, 2, 16]);
    fixture.world(|world| assert_eq!(world.store.tree.open(), 0));
    assert!(bus.children().iter().all(|disk| !disk.active()));

    let disk = blk::get(&model, "pvblock", 16).unwrap();
    let mut sector = [0; 512];
    disk.ops.read(3, &mut sector).unwrap();
    assert_eq!(
        &sector[..],
        fixture.world(|w| w.disks[1].disk.bytes(3, 512))
    );
    assert_eq!(
        bus.children().iter().filter(|disk| disk.active()).count(),
        1
    );
    assert!(matches!(
        blk::get(&model, "pvblock", 3),
        Err(Error::NoDevice)
    ));
    drop(disk);
    model.remove_all().unwrap();
    fixture.finish(0);
}

#[test]
fn a_new_look_finds_new_disks_keeps_the_old_ones_and_forgets_what_went() {
    let (fixture, model, bus) = guest(&[51712]);
    model.probe(&bus).unwrap();
    let first = bus.children()[0].clone();
    model.remove(&bus).unwrap();
    fixture.attach(Config {
        number: 51760,
        ..Config::default()
    });
    model.probe(&bus).unwrap();
    assert!(Arc::ptr_eq(&bus.children()[0], &first));
    assert_eq!(blk::numbers(&model, "pvblock"), [0, 3]);

    model.remove(&bus).unwrap();
    let gone = fixture.disk(|back| back.front_key(""));
    let gone = gone.trim_end_matches('/');
    fixture.world(|world| world.store.tree.delete(gone));
    model.probe(&bus).unwrap();
    assert_eq!(blk::numbers(&model, "pvblock"), [3]);
    fixture.finish(0);
}

#[test]
fn the_boot_order_is_that_of_the_listing_unless_it_is_sorted() {
    let order = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| String::from(*name)).collect();
        in_order(&names)
    };
    assert_eq!(order(&["51728", "51712", "x"]), [51728, 51712]);
    assert_eq!(order(&["268439552", "51712"]), [51712, 268439552]);
    assert_eq!(order(&["51712", "268439552"]), [51712, 268439552]);
}

#[test]
fn the_toolstack_says_what_may_be_booted_and_what_is_a_cdrom() {
    let (fixture, model, bus) = guest(&[51712, 51728, 51744]);
    model.probe(&bus).unwrap();
    fixture.world(|world| {
        for (disk, key, value) in [
            (0, "bootable", "0"),
            (1, "bootable", "1"),
            (1, "device-type", "disk"),
            (2, "device-type", "cdrom"),
        ] {
            let path = world.disks[disk].key(key);
            world.store.tree.set(&path, value);
        }
    });
    let places = boot_order(&bus).unwrap();
    let place = |place: &BootPlace| {
        let name = String::from(place.device.name());
        (name, place.bootable, place.cdrom)
    };
    let expected = [
        ("xvda", false, false),
        ("xvdb", true, false),
        ("xvdc", true, true),
    ];
    let expected = expected.map(|(name, bootable, cdrom)| (name.into(), bootable, cdrom));
    assert_eq!(places.iter().map(place).collect::<Vec<_>>(), expected);
    fixture.finish(0);
}

#[test]
fn a_listing_may_be_empty_or_hold_anything() {
    let (fixture, model, bus) = guest(&[]);
    model.probe(&bus).unwrap();
    assert!(bus.children().is_empty());
    model.remove(&bus).unwrap();
    for name in ["x", "-1", "1x", "18446744073709551616", "+5", "0x10"] {
        let path = format!("/local/domain/1/device/vbd/{name}");
        fixture.world(|world| world.store.tree.set(&path, ""));
    }
    model.probe(&bus).unwrap();
    assert!(bus.children().is_empty());
    fixture.finish(0);
}

#[test]
fn a_disk_that_fails_stays_unprobed_and_says_why_once() {
    use crate::xen::fake::terminal::take_output;
    let (fixture, model, bus) = guest(&[51712, 51728]);
    fixture.disk(|back| back.config = Config::with("sector-size", 3));
    model.probe(&bus).unwrap();
    take_output();
    assert!(matches!(
        blk::get(&model, "pvblock", 0),
        Err(Error::Protocol(_))
    ));
    assert_eq!(take_output().lines().count(), 1);
    assert!(!bus.children()[0].active());
    blk::get(&model, "pvblock", 1).unwrap();
    model.remove_all().unwrap();
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn disks_that_are_wanted_together_connect_together() {
    let (fixture, model, bus) = guest(&[51712, 51728, 51744, 51760]);
    let stuck = |disk: &mut crate::xen::fake::blkback::Blkback| {
        disk.script = Some(alloc::boxed::Box::new(|_, _| String::from("1")));
    };
    fixture.world(|world| world.disks[..2].iter_mut().for_each(stuck));
    model.probe(&bus).unwrap();
    let before = arch::time::ms();
    let found: Vec<_> = blk::all(&model, |_, _| true)
        .map(|(_, number, disk)| (number, disk.err()))
        .collect();
    let dead = Some(Error::Timeout);
    assert_eq!(found, [(0, dead), (1, dead), (2, None), (3, None)]);
    assert!(arch::time::ms() - before < 10_000);
    model.remove_all().unwrap();
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn what_was_begun_is_given_back_when_all_devices_are_removed() {
    let (fixture, model, bus) = guest(&[51712, 51728, 51744, 51760]);
    model.probe(&bus).unwrap();
    let mut disks = blk::all(&model, |_, number| number > 1);
    assert_eq!(disks.next().unwrap().1, 2);
    model.remove_all().unwrap();
    let state = fixture.world(|world| {
        let path = world.disks[3].front_key("state");
        world.store.tree.get(&path).map(String::from)
    });
    assert_eq!(state.as_deref(), Some("1"));
    drop(disks);
    fixture.finish(0);
}

#[test]
fn what_a_back_end_keeps_is_told() {
    use crate::xen::fake::terminal::take_output;
    let (fixture, model, bus) = guest(&[51712]);
    fixture.disk(|back| back.keep_ring = true);
    model.probe(&bus).unwrap();
    blk::get(&model, "pvblock", 0).unwrap();
    take_output();
    model.remove_all().unwrap();
    assert_eq!(
        take_output(),
        "pvblock xvda: it could not be given back: busy\r\n\
         pvblock: 1 page(s) are still mapped by a back-end, and lost to this guest\r\n"
    );
    fixture.finish(1);
}

#[test]
fn a_guest_without_a_store_has_no_disks() {
    let (fixture, model, bus) = guest(&[51712]);
    fixture.world(|world| world.channels = false);
    assert_eq!(model.probe(&bus), Err(Error::NoDevice));
    assert!(!bus.active());
    fixture.finish(0);
}
