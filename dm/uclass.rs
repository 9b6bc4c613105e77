// SPDX-License-Identifier: GPL-2.0-or-later
//! Uclasses: the kinds of devices.

use crate::driver::Step;
use linkme::distributed_slice;

/// The uclasses of this image; [`uclass!`](crate::uclass) adds to it.
#[allow(unsafe_code)]
#[distributed_slice]
pub static UCLASSES: [UclassDriver];

/// The kinds of devices that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UclassId {
    /// The root of the tree.
    Root,
    /// A bus whose children are described by the device tree.
    SimpleBus,
    /// No operations.
    Nop,
    /// Block devices.
    Blk,
    /// Block maps: disks made of parts of others, and of memory.
    BlkMap,
    /// Processors.
    Cpu,
    /// Firmware interfaces, such as PSCI.
    Firmware,
    /// Files of the host, in the sandbox.
    Host,
    /// Xen para-virtual block front-ends.
    PvBlock,
    /// Serial ports and consoles.
    Serial,
    /// Ways to reset or power off.
    Sysreset,
    /// The hypervisor.
    Xen,
}

/// A uclass: its name, and what it adds to its devices' lives.
pub struct UclassDriver {
    /// Which one it is.
    pub id: UclassId,
    /// Its name, as commands and aliases use it.
    pub name: &'static str,
    /// Whether `/aliases` (`serial0`, ...) give its devices their sequence numbers.
    pub seq_alias: bool,
    /// Called after one of its devices was probed.
    pub post_probe: Option<Step>,
    /// Called before one of its devices is removed.
    pub pre_remove: Option<Step>,
}

impl UclassDriver {
    /// A uclass that only has a name.
    pub const fn new(id: UclassId, name: &'static str) -> UclassDriver {
        UclassDriver {
            id,
            name,
            seq_alias: false,
            post_probe: None,
            pre_remove: None,
        }
    }
}
