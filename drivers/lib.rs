// SPDX-License-Identifier: GPL-2.0-or-later
//! Device drivers. Each is a file that ends in its registration with `dm`.
//!
//! - [`xen`]: the hypervisor, and the front-ends of its para-virtual devices
//! - `block`: disks that are no hardware
//! - `cpu`: processors
//! - `serial`: consoles
#![no_std]
#![deny(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![cfg_attr(
    any(test, feature = "fake"),
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

extern crate alloc;
#[cfg(any(test, feature = "fake"))]
extern crate std;

pub mod block;
pub mod cpu;
pub mod serial;
#[cfg(CONFIG_XEN)]
pub mod xen;
