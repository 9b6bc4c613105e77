// SPDX-License-Identifier: GPL-2.0-or-later
//! The environment: variables by name, and what they are at the start.
//!
//! - [`Env`] holds the variables
//! - `Env::default()` has U-Boot's default environment
//! - [`layout`] computes the load addresses from the RAM that was found
//!
//! Behaviour: U-Boot, `doc/usage/environment.rst`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod default;
mod layout;
mod vars;

pub use layout::layout;
pub use vars::Env;
