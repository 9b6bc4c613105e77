// SPDX-License-Identifier: GPL-2.0-or-later
//! A context and a captured console, for tests on the host.
#![cfg(not(target_os = "none"))]

use crate::Context;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::mem::Ram;
use common::console::{self, Terminal};
use dm::{DRIVERS, Model, UCLASSES};
use env::Env;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where the RAM of a test context begins.
pub const RAM_BASE: u64 = 0x4000_0000;
/// How large it is.
pub const RAM_SIZE: usize = 64 << 20;

/// A context with 64 MiB of RAM, no devices and the default environment.
pub fn context() -> Context {
    let ram = Ram::in_buffer(RAM_BASE, RAM_SIZE, Vec::new());
    let mut env = Env::default();
    env.set_layout(RAM_BASE..RAM_BASE + RAM_SIZE as u64);
    Context::new(ram, Arc::new(Model::new(&DRIVERS, &UCLASSES, None)), env)
}

/// The console, taken for one test: what is printed is kept, what is typed is up to the test.
///
/// The console is one for the whole process, so the next test waits for this one to end.
pub struct Captured {
    terminal: Arc<Fake>,
    _lock: MutexGuard<'static, ()>,
}

#[derive(Default)]
struct Fake {
    output: Mutex<Vec<u8>>,
    keys: Mutex<VecDeque<u8>>,
}

/// Takes the console.
pub fn capture() -> Captured {
    static TAKEN: Mutex<()> = Mutex::new(());
    let lock = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let terminal = Arc::new(Fake::default());
    console::set_device(terminal.clone());
    while console::getc().is_some() {}
    let captured = Captured {
        terminal,
        _lock: lock,
    };
    captured.take();
    captured
}

impl Captured {
    /// What was printed since the last call, with `\n` for `\r\n`.
    pub fn take(&self) -> String {
        let bytes = core::mem::take(&mut *lock(&self.terminal.output));
        String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
    }

    /// Types.
    pub fn keys(&self, keys: &str) {
        lock(&self.terminal.keys).extend(keys.bytes());
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        console::clear_device();
    }
}

impl Terminal for Fake {
    fn write(&self, bytes: &[u8]) {
        lock(&self.output).extend_from_slice(bytes);
    }

    fn read(&self) -> Option<u8> {
        lock(&self.keys).pop_front()
    }

    fn wait(&self, _timeout_us: u64) {}
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
