// SPDX-License-Identifier: GPL-2.0-or-later
//! UCLASS_HOST: files of the host that are disks, each with a label.
//!
//! Behaviour: U-Boot, `drivers/block/host-uclass.c`.

use crate::{Device, Model, UclassId};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use common::Result;

/// The driver of host devices, which opens the file.
pub const HOST_DRIVER: &str = "host_sb_drv";

/// What a host device is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPlat {
    /// What the user calls it.
    pub label: String,
    /// The file, as the user names it.
    pub path: String,
    /// Whether it counts as a medium that can be taken out.
    pub removable: bool,
    /// Bytes in a block, a power of two from 512.
    pub block_size: u32,
}

/// Creates a device and opens its file. An earlier device of this label goes.
///
/// # Errors
/// If the file cannot be used, or the earlier one cannot be given up.
pub fn create(model: &Model, plat: HostPlat) -> Result<Arc<Device>> {
    if let Some(earlier) = find(model, &plat.label) {
        model.unbind(&earlier)?;
    }
    let name = format!("host-{}", plat.label);
    let device = model.bind_driver(model.root(), HOST_DRIVER, name, None)?;
    device.set_plat(plat);
    match model.probe(&device) {
        Ok(()) => Ok(device),
        Err(error) => {
            model.unbind(&device)?;
            Err(error)
        }
    }
}

/// The device of a label.
pub fn find(model: &Model, label: &str) -> Option<Arc<Device>> {
    let mut devices = model.uclass_devices(UclassId::Host).into_iter();
    devices.find(|device| {
        device
            .plat::<HostPlat>()
            .is_ok_and(|plat| plat.label == label)
    })
}
