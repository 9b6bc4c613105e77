// SPDX-License-Identifier: GPL-2.0-or-later
//! A context and a captured console, for tests on the host.
#![cfg(not(target_os = "none"))]

pub mod xen;

use crate::Context;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::mem::Ram;
pub use common::testing::{Captured, capture};
use dm::{DRIVERS, Model, UCLASSES};
use env::Env;

/// Where the RAM of a test context begins.
pub const RAM_BASE: u64 = 0x4000_0000;
/// How large it is.
pub const RAM_SIZE: usize = 64 << 20;

/// A context with 64 MiB of RAM, no devices and the default environment.
pub fn context() -> Context {
    let ram = Ram::in_buffer(RAM_BASE, RAM_SIZE, Vec::new());
    let mut env = Env::default();
    env.set_tables(&env::storage::ENV_DRIVERS, &env::callback::ENV_CALLBACKS);
    env.set_layout(RAM_BASE..RAM_BASE + RAM_SIZE as u64);
    Context::new(ram, Arc::new(Model::new(&DRIVERS, &UCLASSES, None)), env)
}

/// What a script prints in a context of its own.
pub fn output(script: &str) -> String {
    let console = capture();
    context().run_script(script);
    console.take()
}

/// The status of a script in a context of its own, and what it prints.
pub fn run(script: &str) -> (i32, String) {
    let console = capture();
    let status = context().run_script(script);
    (status, console.take())
}
