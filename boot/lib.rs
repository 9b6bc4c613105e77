// SPDX-License-Identifier: GPL-2.0-or-later
//! Booting an operating system: images, their places, the device tree, the hand-over.
//!
//! - [`image`]: the arm64 Linux `Image`, raw or compressed with gzip
//! - [`fdt`]: reading and editing device trees
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod bootm;
pub mod fdt;
pub mod fdt_support;
pub mod gzip;
pub mod image;
pub mod place;
