// SPDX-License-Identifier: GPL-2.0-or-later
//! A console that is captured, for tests on the host.
#![cfg(not(target_os = "none"))]

use crate::console::{self, Terminal};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// The console, taken for one test: what its thread prints is kept, what it reads is up to it.
///
/// The console is one for the whole process, so the next test that takes it waits for this one
/// to end. Tests that do not care for the console print meanwhile, which shows nowhere.
pub struct Captured {
    terminal: Arc<Fake>,
    _lock: MutexGuard<'static, ()>,
}

struct Fake {
    owner: ThreadId,
    output: Mutex<Vec<u8>>,
    keys: Mutex<VecDeque<u8>>,
}

/// Takes the console.
pub fn capture() -> Captured {
    static TAKEN: Mutex<()> = Mutex::new(());
    let lock = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let terminal = Arc::new(Fake {
        owner: thread::current().id(),
        output: Mutex::default(),
        keys: Mutex::default(),
    });
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

impl Fake {
    fn is_owner(&self) -> bool {
        thread::current().id() == self.owner
    }
}

impl Terminal for Fake {
    fn write(&self, bytes: &[u8]) {
        if self.is_owner() {
            lock(&self.output).extend_from_slice(bytes);
        }
    }

    fn read(&self) -> Option<u8> {
        if !self.is_owner() {
            return None;
        }
        lock(&self.keys).pop_front()
    }

    fn wait(&self, _timeout_us: u64) {}
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
