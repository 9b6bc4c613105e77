// SPDX-License-Identifier: GPL-2.0-or-later
//! arm64, as a guest at EL1.
//!
//! `entry` is where Xen jumps to; `start` finds the memory, turns the MMU on and
//! moves the image to the top of RAM; `board_main` of the binary goes on.
#![allow(unsafe_code)]

mod boot;
mod cache;
mod call;
mod entry;
mod exception;
mod heap;
mod hvc;
mod jump;
mod last_words;
mod mmu;
mod random;
mod start;

pub use call::call;
pub use exception::{fatal, raise};
pub use hvc::hypercall;
pub use jump::start_kernel;
pub use last_words::{is_early, last_words};
pub use random::random;

use aarch64_cpu::registers::{CNTFRQ_EL0, CNTVCT_EL0, MIDR_EL1, Readable};
use core::ops::Range;
use smccc::{Hvc, psci};

/// Microseconds since the counter started.
pub fn timer_us() -> u64 {
    // Before any later instruction's effects: the counter may otherwise be read early.
    aarch64_cpu::asm::barrier::isb(aarch64_cpu::asm::barrier::SY);
    let ticks = u128::from(CNTVCT_EL0.get());
    (ticks * 1_000_000 / u128::from(CNTFRQ_EL0.get().max(1))) as u64
}

/// A moment of a wait for time to pass.
pub fn relax(_us: u64) {
    core::hint::spin_loop();
}

/// Microseconds that the loader has been running.
pub fn running_us() -> u64 {
    timer_us() - boot::STARTED_US.load(core::sync::atomic::Ordering::Relaxed)
}

/// PSCI SYSTEM_RESET.
pub fn reset() -> ! {
    _ = psci::system_reset::<Hvc>();
    halt()
}

/// PSCI SYSTEM_OFF.
pub fn poweroff() -> ! {
    _ = psci::system_off::<Hvc>();
    halt()
}

/// Bits 15 to 4 of MIDR_EL1.
pub fn cpu_part() -> u32 {
    (MIDR_EL1.get() >> 4 & 0xfff) as u32
}

/// Makes new code visible to instruction fetches.
pub fn flush_cache(code: &[u8]) {
    let start = code.as_ptr() as u64;
    cache::clean_to_unification(start..start + code.len() as u64);
}

/// Maps device registers.
pub fn map_device(range: Range<u64>) -> Result<(), &'static str> {
    mmu::map(range, mmu::Kind::Device)
}

/// Maps memory that is shared with Xen or another domain.
pub fn map_shared(range: Range<u64>) -> Result<(), &'static str> {
    mmu::map(range, mmu::Kind::Normal)
}

/// What is left when the firmware does not answer.
fn halt() -> ! {
    loop {
        aarch64_cpu::asm::wfi();
    }
}
