// SPDX-License-Identifier: GPL-2.0-or-later
//! UCLASS_PVBLOCK: the disks that XenStore lists, numbered as xl.cfg numbers them (xvda is 0).
//!
//! A disk is bound when it is listed, and connected when it is first used.
#![cfg(CONFIG_PVBLOCK)]

use crate::xen::blkconnect::Attempts;
use crate::xen::blkfront::BlkFront;
use crate::xen::services::Services;
use crate::xen::xenbus::{XenbusDevice, number};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::{Error, Result};
use dm::blk::BootPlace;
use dm::{Device, Model, Ops, UclassId};

/// The directory with all disks.
const DISKS: &str = "device/vbd";

/// More disks than this are none.
const MOST: usize = 1024;

/// A disk as XenStore lists it.
struct Vbd {
    /// Its directory: `device/vbd/51712`.
    node: String,
    /// Its virtual device number.
    number: u64,
}

/// Binds a device for each disk that XenStore lists and that has none yet, and
/// forgets those that it no longer lists.
fn probe(model: &Model, bus: &Arc<Device>) -> Result<Ops> {
    let services = services(bus)?;
    let names = match services.store()?.directory(DISKS) {
        Err(Error::NotFound) => Vec::new(),
        names => names?,
    };
    // By number, not in the order of the listing, so that a disk's place never depends on it.
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| number(name).ok()).collect();
    numbers.sort_unstable();
    if numbers.len() > MOST {
        common::println!(
            "pvblock: {} disks are too many, only {MOST} are used",
            numbers.len()
        );
        numbers.truncate(MOST);
    }
    for disk in bus.children() {
        let vbd = disk.plat::<Vbd>();
        if !vbd.is_ok_and(|vbd| numbers.contains(&vbd.number)) {
            model.unbind(&disk)?;
        }
    }
    for number in numbers {
        let name = disk_name(number);
        if bus.children().iter().any(|child| child.name() == name) {
            continue;
        }
        let disk = match model.bind_driver(bus, "pvblock_blk", name.clone(), disk_index(number)) {
            // Such as xvda and hda: whoever comes later gets the next free number.
            Err(Error::Exists) => model.bind_driver(bus, "pvblock_blk", name, None)?,
            disk => disk?,
        };
        disk.set_plat(Vbd {
            node: format!("{DISKS}/{number}"),
            number,
        });
    }
    bus.set_private(Arc::new(Attempts::default()));
    Ok(Ops::None)
}

fn services(bus: &Device) -> Result<Arc<Services>> {
    bus.parent().ok_or(Error::NoDevice)?.private()
}

/// Begins to connect to disks; what goes wrong is told when they are probed.
fn begin(_model: &Model, bus: &Arc<Device>, disks: &[Arc<Device>]) {
    if let (Ok(services), Ok(attempts)) = (services(bus), bus.private::<Attempts>()) {
        for disk in disks {
            if let Ok(vbd) = disk.plat::<Vbd>() {
                attempts.begin(&services, &vbd.node, disk.name(), vbd.number);
            }
        }
    }
}

fn give_up(_model: &Model, bus: &Arc<Device>) -> Result<()> {
    bus.private::<Attempts>()?.give_up();
    Ok(())
}

/// The toolstack's order of the disks, and what it wrote of each for those who boot.
fn boot_order(bus: &Arc<Device>) -> Result<Vec<BootPlace>> {
    let store = services(bus)?.store()?.together();
    let disks = bus.children();
    let mut places = Vec::new();
    for number in in_order(&store.directory(DISKS)?) {
        let is_it = |disk: &&Arc<Device>| disk.plat::<Vbd>().is_ok_and(|vbd| vbd.number == number);
        let Some(device) = disks.iter().find(is_it) else {
            continue;
        };
        // What cannot be read keeps no disk from being tried.
        let back = XenbusDevice::open(store.together(), &format!("{DISKS}/{number}"));
        let key = |name| back.as_ref().ok()?.text(name).ok().flatten();
        places.push(BootPlace {
            device: device.clone(),
            bootable: key("bootable").as_deref() != Some("0"),
            cdrom: key("device-type").as_deref() == Some("cdrom"),
        });
    }
    Ok(places)
}

/// The store lists disks as they were made, which is `xl`'s order. A listing
/// that is sorted by name says nothing: some stores sort always.
fn in_order(names: &[String]) -> Vec<u64> {
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| number(name).ok()).collect();
    if names.is_sorted() {
        numbers.sort_unstable();
    }
    numbers
}

fn blk_probe(_model: &Model, disk: &Arc<Device>) -> Result<Ops> {
    let vbd = disk.plat::<Vbd>()?;
    let bus = disk.parent().ok_or(Error::NoDevice)?;
    let attempts = bus.private::<Attempts>()?;
    let front = attempts
        .finish(&services(&bus)?, &vbd.node, disk.name(), vbd.number)
        .inspect_err(|error| common::println!("pvblock {}: {error}", disk.name()))?;
    let front = Arc::new(front);
    disk.set_private(front.clone());
    Ok(Ops::Blk(front))
}

/// A back-end that does not play along keeps nobody from booting from another
/// disk: what matters is that it lets go of our pages, which the parent checks.
fn blk_remove(_model: &Model, disk: &Arc<Device>) -> Result<()> {
    if let Err(error) = disk.private::<BlkFront>()?.close() {
        common::println!(
            "pvblock {}: it could not be given back: {error}",
            disk.name()
        );
    }
    Ok(())
}

/// Says what back-ends keep, as long as there is a console.
fn remove(model: &Model, bus: &Arc<Device>) -> Result<()> {
    give_up(model, bus)?;
    let services = services(bus)?;
    services.grants.end_leaked();
    match services.grants.leaked() {
        0 => {}
        kept => common::println!(
            "pvblock: {kept} page(s) are still mapped by a back-end, and lost to this guest"
        ),
    }
    Ok(())
}

/// The index of a disk on its bus; source: `docs/man/xen-vbd-interface.7.pandoc`.
fn disk_index(number: u64) -> Option<i32> {
    let index = match (number >> 8, number) {
        (_, n) if n >> 28 == 1 => n >> 8 & 0xf_ffff,
        (202, n) => n >> 4 & 0xf,
        (8, n) => n >> 4 & 0xf,
        (3, n) => n >> 6 & 1,
        (22, n) => 2 + (n >> 6 & 1),
        _ => return None,
    };
    i32::try_from(index).ok()
}

/// The name that xl.cfg would give it: xvda, xvda1, hdc, sdb.
fn disk_name(number: u64) -> String {
    let (prefix, partition) = match number >> 8 {
        _ if number >> 28 == 1 => ("xvd", number & 0xff),
        202 => ("xvd", number & 0xf),
        8 => ("sd", number & 0xf),
        3 | 22 => ("hd", number & 0x3f),
        _ => return format!("vbd-{number}"),
    };
    let letters = disk_index(number).map(letters).unwrap_or_default();
    match partition {
        0 => format!("{prefix}{letters}"),
        _ => format!("{prefix}{letters}{partition}"),
    }
}

/// a ... z, aa, ab, ...
fn letters(index: i32) -> String {
    let mut left = index + 1;
    let mut letters = Vec::new();
    while left > 0 {
        left -= 1;
        letters.push((b'a' + (left % 26) as u8) as char);
        left /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
#[path = "pvblock/tests.rs"]
mod tests;

dm::uclass!(UclassId::PvBlock, "pvblock");

dm::driver! { name: "pvblock_blk", id: UclassId::Blk, probe: Some(blk_probe), remove: Some(blk_remove) }

dm::driver! {
    name: "pvblock",
    id: UclassId::PvBlock,
    probe: Some(probe),
    begin: Some(begin),
    give_up: Some(give_up),
    boot_order: Some(boot_order),
    remove: Some(remove),
}
