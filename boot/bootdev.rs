// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot devices: the disks that may hold something to boot, how they are named,
//! and in which order they are tried.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bootdev.rst` and the variable
//! `boot_targets`. Beyond it: without that variable the toolstack's order
//! counts, CD-ROMs come last, and a disk that is not bootable is left out.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::{Result, println};
use dm::blk::{BootPlace, Disk};
use dm::{Device, Model, UclassId};
use include::errno;

/// A disk that may be booted from.
#[derive(Clone)]
pub struct Bootdev {
    /// Its name: `pvblock0.bootdev`.
    pub name: String,
    /// Its place among all of them.
    pub seq: usize,
    /// The interface of the disk: `pvblock`.
    pub interface: &'static str,
    /// The disk's number on that interface.
    pub number: i32,
    /// The disk's device.
    pub device: Arc<Device>,
}

impl Bootdev {
    /// The disk, probed.
    ///
    /// # Errors
    /// Why it could not be probed.
    pub fn disk(&self, model: &Model) -> Result<Disk> {
        dm::blk::get(model, self.interface, self.number)
    }

    fn has_label(&self, label: &Label) -> bool {
        self.interface == label.interface && label.number.is_none_or(|n| n == self.number)
    }
}

/// All of them, by interface and number.
pub fn all(model: &Model) -> Vec<Bootdev> {
    let devices = model.uclass_devices(UclassId::Blk).into_iter();
    let mut disks: Vec<_> = devices
        .filter_map(|device| {
            let interface = model.uclass_name(device.parent()?.uclass());
            Some((interface, device.seq(), device))
        })
        .collect();
    disks.sort_by_key(|(interface, number, _)| (*interface, *number));
    let numbered = disks.into_iter().enumerate();
    numbered
        .map(|(seq, (interface, number, device))| Bootdev {
            name: name(interface, number, &device),
            seq,
            interface,
            number,
            device,
        })
        .collect()
}

/// As in U-Boot the disk `host-a.blk` makes the boot device `host-a.bootdev`;
/// others are named by what commands call them.
fn name(interface: &str, number: i32, device: &Device) -> String {
    match device.name().strip_suffix(".blk") {
        Some(parent) => format!("{parent}.bootdev"),
        None => format!("{interface}{number}.bootdev"),
    }
}

/// The disks that are tried if nobody says which, in their order, and those
/// that are left out because they are not bootable.
#[derive(Default)]
pub struct Order {
    /// To be tried.
    pub tried: Vec<Bootdev>,
    /// Not bootable.
    pub left_out: Vec<Bootdev>,
}

/// The order that the buses of the disks know; disks of other buses follow.
pub fn order(model: &Model) -> Order {
    let mut all = all(model);
    let mut places: Vec<BootPlace> = buses(&all).iter().flat_map(places).collect();
    // Stable: within both kinds the order stays.
    places.sort_by_key(|place| place.cdrom);
    let mut order = Order::default();
    for place in places {
        let is_it = |bootdev: &Bootdev| Arc::ptr_eq(&bootdev.device, &place.device);
        let Some(at) = all.iter().position(is_it) else {
            continue;
        };
        let bootdev = all.remove(at);
        match place.bootable {
            true => order.tried.push(bootdev),
            false => order.left_out.push(bootdev),
        }
    }
    order.tried.append(&mut all);
    order
}

/// The devices that have the disks, each once.
fn buses(all: &[Bootdev]) -> Vec<Arc<Device>> {
    let mut buses: Vec<Arc<Device>> = Vec::new();
    for bus in all.iter().filter_map(|bootdev| bootdev.device.parent()) {
        if !buses.iter().any(|known| Arc::ptr_eq(known, &bus)) {
            buses.push(bus);
        }
    }
    buses
}

/// What a bus knows; one that cannot tell at the moment has no order.
fn places(bus: &Arc<Device>) -> Vec<BootPlace> {
    let Some(boot_order) = bus.driver().boot_order else {
        return Vec::new();
    };
    boot_order(bus).unwrap_or_else(|error| {
        println!("{}: boot order: {error}", bus.name());
        Vec::new()
    })
}

/// The disks that `boot_targets` names, in its order, each once. With `show`,
/// what is not there is told.
pub fn targets(model: &Model, targets: &str, show: bool) -> Vec<Bootdev> {
    let all = all(model);
    let mut found: Vec<Bootdev> = Vec::new();
    for target in targets.split_whitespace() {
        match by_label(model, &all, target) {
            Ok(bootdevs) => {
                for bootdev in bootdevs {
                    if !found.iter().any(|known| known.seq == bootdev.seq) {
                        found.push(bootdev);
                    }
                }
            }
            Err(NoLabel::Uclass) if show => println!("Unknown uclass '{target}' in label"),
            Err(NoLabel::Device) if show => println!("No bootdevs for '{target}'"),
            Err(_) => {}
        }
    }
    found
}

/// What a name means.
pub struct Named {
    /// The disks.
    pub bootdevs: Vec<Bootdev>,
    /// Whether it was a place in the list of all, `bootdev list`.
    pub by_seq: bool,
}

/// The disks of a name (`pvblock0.bootdev`), a label (`pvblock`, `pvblock0`) or a hexadecimal number.
///
/// # Errors
/// The number of the error; the console has been told.
pub fn find(model: &Model, name: &str) -> core::result::Result<Named, i32> {
    let all = all(model);
    let (seq, rest) = disk::number::hextoul(name);
    if rest.is_empty() && !name.is_empty() {
        let found = all.into_iter().find(|bootdev| bootdev.seq as u64 == seq);
        return match found {
            Some(bootdev) => Ok(Named {
                bootdevs: alloc::vec![bootdev],
                by_seq: true,
            }),
            None => {
                println!("Cannot find '{name}' (err=-{})", errno::ENODEV);
                Err(-errno::ENODEV)
            }
        };
    }
    let bootdevs = match all.iter().find(|bootdev| bootdev.name == name) {
        Some(bootdev) => Ok(alloc::vec![bootdev.clone()]),
        None => by_label(model, &all, name),
    };
    match bootdevs {
        Ok(bootdevs) => Ok(Named {
            bootdevs,
            by_seq: false,
        }),
        Err(error) => {
            let error = error.errno();
            println!("Cannot find bootdev '{name}' (err={error})");
            Err(error)
        }
    }
}

/// An interface, with the number of a disk or for all of its disks.
struct Label<'a> {
    interface: &'a str,
    number: Option<i32>,
}

/// Why a label means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoLabel {
    /// There is no such interface.
    Uclass,
    /// The interface has no such disk.
    Device,
}

impl NoLabel {
    fn errno(self) -> i32 {
        match self {
            NoLabel::Uclass => -errno::EPFNOSUPPORT,
            NoLabel::Device => -errno::ENOENT,
        }
    }
}

fn by_label(
    model: &Model,
    all: &[Bootdev],
    label: &str,
) -> core::result::Result<Vec<Bootdev>, NoLabel> {
    let interface = label.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = label.get(interface.len()..).unwrap_or_default();
    let number = match digits {
        "" => None,
        // A number that is too large is that of no disk.
        digits => Some(digits.parse().unwrap_or(i32::MAX)),
    };
    let label = Label { interface, number };
    let mut found = all.to_vec();
    found.retain(|bootdev| bootdev.has_label(&label));
    let mut uclasses = HUNTERS
        .iter()
        .map(|hunter| model.uclass_name(hunter.uclass));
    match found.is_empty() {
        false => Ok(found),
        true if uclasses.any(|name| name == interface) => Err(NoLabel::Device),
        true if all.iter().any(|b| b.interface == interface) => Err(NoLabel::Device),
        true => Err(NoLabel::Uclass),
    }
}

/// A way to find disks that are not known yet.
pub struct Hunter {
    /// When it is used.
    pub priority: u32,
    /// The uclass of the devices that have disks.
    pub uclass: UclassId,
    /// What it is called.
    pub name: &'static str,
}

/// All of them.
pub static HUNTERS: &[Hunter] = &[
    #[cfg(CONFIG_HOST_BLK)]
    Hunter {
        priority: 4,
        uclass: UclassId::Host,
        name: "sandbox_bootdev",
    },
    #[cfg(CONFIG_PVBLOCK)]
    Hunter {
        priority: 4,
        uclass: UclassId::PvBlock,
        name: "pvblock_bootdev",
    },
];

impl Hunter {
    /// Probes the devices that have disks, which binds the disks.
    ///
    /// # Errors
    /// If one of them cannot be probed.
    pub fn hunt(&self, model: &Model) -> Result<()> {
        let buses = model.uclass_devices(self.uclass);
        buses.iter().try_for_each(|bus| model.probe(bus))
    }
}

#[cfg(test)]
#[path = "bootdev/tests.rs"]
mod tests;
