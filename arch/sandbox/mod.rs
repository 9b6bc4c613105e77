// SPDX-License-Identifier: GPL-2.0-or-later
//! A host process as the machine.

use crate::mem::Ram;
use std::cell::Cell;
use std::ops::Range;
use std::sync::OnceLock;
use std::time::Instant;

std::thread_local! {
    /// This thread's time in microseconds, once it only passes by [`advance`].
    static MANUAL: Cell<Option<u64>> = const { Cell::new(None) };
}

pub fn timer_us() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    MANUAL
        .get()
        .unwrap_or_else(|| START.get_or_init(Instant::now).elapsed().as_micros() as u64)
}

pub fn advance(us: u64) {
    MANUAL.set(Some(timer_us().saturating_add(us)));
}

pub fn reset() -> ! {
    println!("resetting ...");
    std::process::exit(0)
}

pub fn poweroff() -> ! {
    std::process::exit(0)
}

pub fn raise(fault: crate::Fault) -> ! {
    println!("exception: {fault:?}");
    std::process::exit(1)
}

pub fn flush_cache(_code: &[u8]) {}

pub fn start_kernel(_ram: &mut Ram, kernel: Range<u64>, fdt: u64) -> ! {
    println!(
        "## Transferring control to {:#x}, device tree at {fdt:#x}",
        kernel.start
    );
    std::process::exit(0)
}

/// The sandbox has no devices in memory.
pub fn map_device(_range: Range<u64>) -> Result<(), &'static str> {
    Err("no device registers here")
}
