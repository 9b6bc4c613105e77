// SPDX-License-Identifier: GPL-2.0-or-later
//! A host process as the machine.

use crate::mem::Ram;
use std::sync::OnceLock;
use std::time::Instant;

pub fn timer_us() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_micros() as u64
}

pub fn reset() -> ! {
    println!("resetting ...");
    std::process::exit(0)
}

pub fn poweroff() -> ! {
    std::process::exit(0)
}

pub fn flush_cache(_code: &[u8]) {}

pub fn start_kernel(_ram: &mut Ram, entry: u64, fdt: u64) -> ! {
    println!("## Transferring control to {entry:#x}, device tree at {fdt:#x}");
    std::process::exit(0)
}
