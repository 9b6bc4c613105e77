// SPDX-License-Identifier: GPL-2.0-or-later
//! Cache maintenance, by address only: set/way operations are trapped in guests.

use aarch64_cpu::asm::barrier::{ISH, SY, dsb, isb};
use core::arch::asm;
use core::ops::Range;

/// Drops cached copies of memory that was written with the caches off.
///
/// # Safety
/// No cache line of the range may hold data that was not written back.
pub unsafe fn invalidate(range: Range<u64>) {
    for line in lines(range) {
        // SAFETY: the caller's promise.
        unsafe { asm!("dc ivac, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    dsb(SY);
}

/// Writes back, for an observer that reads memory with its caches off.
pub fn clean_to_coherency(range: Range<u64>) {
    for line in lines(range) {
        // SAFETY: writing back and dropping a line changes no data.
        unsafe { asm!("dc civac, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    dsb(SY);
}

/// Writes back as far as instruction fetches look, and drops stale instructions.
pub fn clean_to_unification(range: Range<u64>) {
    for line in lines(range) {
        // SAFETY: writing back a line changes no data.
        unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    dsb(ISH);
    // SAFETY: dropping cached instructions changes no data.
    unsafe { asm!("ic iallu", options(nostack, preserves_flags)) };
    dsb(ISH);
    isb(SY);
}

fn lines(range: Range<u64>) -> impl Iterator<Item = u64> {
    let ctr: u64;
    // SAFETY: reading the cache type register has no effects.
    unsafe { asm!("mrs {}, ctr_el0", out(reg) ctr, options(nomem, nostack, preserves_flags)) };
    // DminLine: the logarithm of the smallest line's length in words.
    let line = 4u64 << (ctr >> 16 & 0xf);
    (range.start & !(line - 1)..range.end).step_by(line as usize)
}
