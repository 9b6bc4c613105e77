// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot devices: the disks that may hold something to boot.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bootdev.rst`.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::Result;
use dm::blk::Disk;
use dm::{Device, Model, UclassId};

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

    /// The interface with the disk's number: `pvblock0`.
    pub fn label(&self) -> String {
        format!("{}{}", self.interface, self.number)
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
    let bootdev =
        |(seq, (interface, number, device)): (usize, (&'static str, i32, Arc<Device>))| Bootdev {
            name: name(interface, number, &device),
            seq,
            interface,
            number,
            device,
        };
    disks.into_iter().enumerate().map(bootdev).collect()
}

/// As in U-Boot the disk `host-a.blk` makes the boot device `host-a.bootdev`;
/// others are named by what commands call them.
fn name(interface: &str, number: i32, device: &Device) -> String {
    match device.name().strip_suffix(".blk") {
        Some(parent) => format!("{parent}.bootdev"),
        None => format!("{interface}{number}.bootdev"),
    }
}
