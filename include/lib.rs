// SPDX-License-Identifier: GPL-2.0-or-later
//! Raw interface definitions, without logic.
//!
//! - [`config`]: the values of the Kconfig symbols of this build
//! - [`errno`]: U-Boot's (and POSIX's) error numbers
//! - [`image`]: the arm64 `Image` header
//! - [`uimage`]: U-Boot's image formats
//! - [`xen`]: hypercall numbers and the structures shared with Xen
#![no_std]
#![forbid(unsafe_code)]

pub mod errno;
pub mod image;
pub mod uimage;
pub mod xen;

/// The release of U-Boot whose behaviour this is, and the version of this loader.
pub const PLAIN_VERSION: &str = concat!("2026.10-rs", env!("CARGO_PKG_VERSION"));

/// The Kconfig symbols of this build as typed constants.
pub mod config {
    #![allow(missing_docs)]
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}
