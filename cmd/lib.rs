// SPDX-License-Identifier: GPL-2.0-or-later
//! The command line: the command table, the shell, and one file per command.
//!
//! - [`Context`] is what commands work on, [`CmdResult`] how they end;
//!   [`Context::run_script`] runs a script, [`Context::interact`] asks for one
//! - [`command!`] registers a command, as the last item of its file; a file of
//!   this folder is part of the crate without being named anywhere else, and
//!   its first line says by which Kconfig symbol it is switched off
//! - [`main_loop`] is where the loader ends up: autoboot, then the prompt
//! - [`testing`] has a context and a captured console for tests on the host
//!
//! Behaviour: U-Boot, `doc/usage/cmdline.rst` and `doc/usage/cmd/`.
#![no_std]
// `forbid` would also forbid the registrations, which place a static in a section.
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(any(test, not(target_os = "none")))]
extern crate std;

#[macro_use]
mod command;
mod autoboot;
pub mod complete;
mod context;
pub mod number;
mod shell;
mod start;
pub mod testing;
mod version;

pub use autoboot::main_loop;
pub use command::{COMMANDS, Command, check_registrations};
pub use context::{CmdError, CmdResult, Context};
pub use start::{init, start};
pub use version::{banner, version};

#[doc(hidden)]
pub use linkme;

// The files of this folder that are not named here: the commands.
include!(concat!(env!("OUT_DIR"), "/modules-cmd.rs"));
