// SPDX-License-Identifier: GPL-2.0-or-later
//! What every other part uses: errors and the console.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod console;
pub mod error;
pub mod size;

pub use error::{Error, Result};
