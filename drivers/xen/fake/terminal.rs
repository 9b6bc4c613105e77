// SPDX-License-Identifier: GPL-2.0-or-later
//! A console that each test has for itself, although there is only one.

use alloc::string::String;
use alloc::sync::Arc;
use common::console::Terminal;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::vec::Vec;

std::thread_local! {
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static KEYS: RefCell<VecDeque<u8>> = const { RefCell::new(VecDeque::new()) };
}

struct PerThread;

impl Terminal for PerThread {
    fn write(&self, bytes: &[u8]) {
        OUTPUT.with_borrow_mut(|output| output.extend_from_slice(bytes));
    }

    fn read(&self) -> Option<u8> {
        KEYS.with_borrow_mut(VecDeque::pop_front)
    }

    fn wait(&self, _timeout_us: u64) {}
}

/// Makes it the console of this process, with nothing printed and no key pressed.
pub fn install() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| common::console::set_device(Arc::new(PerThread)));
    take_output();
    KEYS.take();
}

/// What the test has printed since it asked last.
pub fn take_output() -> String {
    String::from_utf8(OUTPUT.take()).unwrap()
}

/// Forgets what was pressed and nobody has looked for.
pub fn forget_keys() {
    KEYS.take();
}

/// Presses Ctrl-C, once: what is not taken at the first look goes to all tests.
pub fn press_ctrl_c() {
    KEYS.with_borrow_mut(|keys| *keys = [3].into());
}
