// SPDX-License-Identifier: GPL-2.0-or-later
//! What a driver is, and the table of all of them.

use crate::blk::BootPlace;
use crate::{Device, Model, Ops, UclassId};
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::Result;
use linkme::distributed_slice;

/// The drivers of this image; [`driver!`](crate::driver) adds to it.
#[allow(unsafe_code)]
#[distributed_slice]
pub static DRIVERS: [Driver];

/// A `compatible` string that a driver handles, with a number of the driver's own.
#[derive(Debug, Clone, Copy)]
pub struct Compatible {
    /// The string, as in the device tree.
    pub compatible: &'static str,
    /// What the driver wants to know about this match.
    pub data: usize,
}

/// A step of a device's life.
pub type Step = fn(&Model, &Arc<Device>) -> Result<()>;
/// The step of a bus that begins the probes of some of its children.
pub type Begin = fn(&Model, &Arc<Device>, &[Arc<Device>]);
/// The step that makes a device usable; says what it can do.
pub type Probe = fn(&Model, &Arc<Device>) -> Result<Ops>;
/// What a bus knows of its disks before they are used: the order in which to boot from them.
pub type BootOrder = fn(&Arc<Device>) -> Result<Vec<BootPlace>>;

/// A driver: what it handles and the steps of its devices' lives.
///
/// Every step may be left out.
pub struct Driver {
    /// The name, unique, as `dm drivers` shows it.
    pub name: &'static str,
    /// The uclass of its devices.
    pub id: UclassId,
    /// The device tree nodes it handles.
    pub of_match: &'static [Compatible],
    /// Called when a device is bound; may bind children.
    pub bind: Option<Step>,
    /// Reads the device's node; called before each probe.
    pub of_to_plat: Option<Step>,
    /// Makes the device usable.
    pub probe: Option<Probe>,
    /// Begins the probes of children that are about to be probed one after
    /// another, so that all wait at the same time for what each waits for.
    pub begin: Option<Begin>,
    /// Takes back what was begun for children that nobody has probed.
    pub give_up: Option<Step>,
    /// Stops the device and gives back what it holds.
    pub remove: Option<Step>,
    /// Called before the device ceases to exist.
    pub unbind: Option<Step>,
    /// Of a bus of disks: tells in which order to boot from them.
    pub boot_order: Option<BootOrder>,
}

impl Driver {
    /// A driver without a name or any step, to fill in the rest of a registration.
    pub const fn new() -> Driver {
        Driver {
            name: "",
            id: UclassId::Nop,
            of_match: &[],
            bind: None,
            of_to_plat: None,
            probe: None,
            begin: None,
            give_up: None,
            remove: None,
            unbind: None,
            boot_order: None,
        }
    }
}

impl Default for Driver {
    fn default() -> Self {
        Driver::new()
    }
}
