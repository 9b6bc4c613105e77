// SPDX-License-Identifier: GPL-2.0-or-later
//! What every other part uses: errors, the console, the log, progress of long work, regular expressions.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(not(target_os = "none"))]
extern crate std;

pub mod console;
pub mod error;
pub mod log;
pub mod progress;
pub mod regex;
pub mod size;
pub mod testing;

pub use error::{Error, Result};
