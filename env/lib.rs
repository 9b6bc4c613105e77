// SPDX-License-Identifier: GPL-2.0-or-later
//! The environment: variables by name, what they are at the start, and where
//! they are kept.
//!
//! - [`Env`] holds the variables; [`flags`] say what a variable may be,
//!   [`callback`]s are told of changes
//! - `Env::default()` has U-Boot's default environment
//! - [`layout`] computes the load addresses from the RAM that was found
//! - [`Env::import`] and [`Env::export`] know the forms in which variables are exchanged
//! - [`storage`] loads and saves them; each place is one file that ends in its registration
//!
//! Behaviour: U-Boot, `doc/usage/environment.rst`.
#![no_std]
// `forbid` would also forbid the registrations, which place a static in a section.
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[macro_use]
pub mod callback;
#[macro_use]
pub mod storage;

pub mod attr;
#[cfg(CONFIG_BLK)]
pub mod blk;
mod console;
mod default;
mod distro;
pub mod file;
pub mod flags;
mod image;
mod import;
mod layout;
mod nowhere;
pub mod text;
mod vars;

pub use image::{seal, variables_of};
pub use import::{Import, Separator, escaped};
pub use layout::layout;
pub use vars::{By, Env};

#[doc(hidden)]
pub use linkme;
