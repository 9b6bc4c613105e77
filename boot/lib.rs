// SPDX-License-Identifier: GPL-2.0-or-later
//! Booting an operating system: images, their places, the device tree, the hand-over.
//!
//! - [`bootflow`] looks for something to boot on all disks ([`bootdev`]), with each [`bootmeth`]
//! - [`bootcount`] counts starts, so that something else is booted after too many
//! - [`extlinux`] reads what a distribution wants to be booted, [`label`] boots it
//! - [`bootm`] takes images in RAM to a running kernel, [`stages`] step by step;
//!   [`find`] finds them
//! - [`image`]: the arm64 Linux `Image`; [`zboot`]: one that is packed in a UEFI program
//! - [`decompress`], [`compress`], [`hash`]: what images are packed and checked with
//! - [`uimage`], [`fit`]: U-Boot's own images; [`spec`] how commands name them,
//!   [`script`] the scripts in them
//! - [`place`]: where images may be in RAM
//! - [`fdt`], [`fdt_support`]: device trees, and what a kernel has to find in one
#![no_std]
// `forbid` would also forbid the registrations, which place a static in a section.
#![deny(unsafe_code)]
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

pub mod bootargs;
pub mod bootcount;
#[cfg(CONFIG_BOOTSTD)]
pub mod bootdev;
#[cfg(CONFIG_BOOTSTD)]
pub mod bootflow;
#[cfg(CONFIG_BOOTSTD)]
pub mod bootflow_menu;
pub mod bootm;
#[cfg(CONFIG_BOOTSTD)]
#[macro_use]
pub mod bootmeth;
pub mod booti;
#[cfg(CONFIG_BOOTMETH_EXTLINUX)]
mod bootmeth_extlinux;
#[cfg(CONFIG_BOOTMETH_IMAGE)]
mod bootmeth_image;
#[cfg(CONFIG_BOOTMETH_SCRIPT)]
mod bootmeth_script;
#[cfg(CONFIG_BOOTSTD)]
pub mod cmdline;
pub mod compress;
pub mod decompress;
#[cfg(CONFIG_EXTLINUX)]
pub mod extlinux;
pub mod fdt;
pub mod fdt_support;
pub mod find;
pub mod fit;
pub mod fit_hash;
mod fit_load;
mod fit_overlay;
pub mod fit_print;
pub mod hash;
pub mod image;
pub mod image_load;
mod image_names;
mod kernel;
#[cfg(CONFIG_EXTLINUX)]
pub mod label;
pub mod limits;
#[cfg(any(CONFIG_BOOTSTD, CONFIG_EXTLINUX))]
pub mod loader;
#[cfg(CONFIG_EXTLINUX)]
mod menu;
pub mod place;
pub mod script;
pub mod seed;
pub mod spec;
pub mod stages;
pub mod standalone;
#[cfg(test)]
mod testing;
pub mod uimage;
pub mod zboot;

#[doc(hidden)]
pub use linkme;
