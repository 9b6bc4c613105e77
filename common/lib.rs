// SPDX-License-Identifier: GPL-2.0-or-later
//! What every other part uses: errors and the console.
#![no_std]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;
extern crate alloc;

pub mod console;
pub mod error;

pub use error::{Error, Result};
