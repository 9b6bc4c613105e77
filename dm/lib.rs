// SPDX-License-Identifier: GPL-2.0-or-later
//! The driver model: drivers, uclasses and devices with U-Boot's life cycle.
//!
//! A [`Device`] is bound to a [`Driver`] (from the device tree, or by a parent
//! that finds its children itself), gets its platform data from its node, is
//! probed on first use, and is removed and unbound in reverse. Each device
//! belongs to a uclass, which numbers its devices and says what they can do
//! ([`Ops`]).
//!
//! Drivers and uclasses register with [`driver!`] and [`uclass!`]; a [`Model`]
//! takes the tables as slices, so that tests can pass their own.
//!
//! Behaviour: U-Boot, `doc/develop/driver-model/`.
#![no_std]
// `forbid` would also forbid the registrations, which place a static in a section.
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[macro_use]
mod register;

pub mod blk;
pub mod blkcache;
pub mod blkmap;
pub mod cpu;
mod device;
mod driver;
#[cfg(test)]
mod fake_tree;
pub mod host;
mod model;
pub mod ofnode;
pub mod serial;
mod simple_bus;
mod uclass;
pub mod xen;

pub use device::{Device, Ops};
pub use driver::{BootOrder, Compatible, DRIVERS, Driver, Probe, Step};
pub use model::Model;
pub use uclass::{UCLASSES, UclassDriver, UclassId};

#[doc(hidden)]
pub use linkme;
