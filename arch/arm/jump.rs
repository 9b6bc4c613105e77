// SPDX-License-Identifier: GPL-2.0-or-later
//! The last instructions: into an operating system.

use crate::arm::{cache, entry};
use crate::mem::Ram;
use core::arch::asm;
use core::ops::Range;

/// Jumps to a kernel with MMU and caches off, as the boot protocol says.
pub fn start_kernel(ram: &mut Ram, kernel: Range<u64>, fdt: u64) -> ! {
    let entry = kernel.start;
    // The kernel runs with its caches off at first, and so do our last instructions.
    cache::clean_to_coherency(kernel);
    cache::clean_to_coherency(fdt..fdt + fdt_size(ram, fdt));
    let own = entry::layout();
    cache::clean_to_coherency(own.start..own.end);
    // SAFETY: all devices were removed; the memory of kernel and tree is complete. Nothing of
    // ours is used after the MMU is off.
    unsafe {
        asm!(
            "msr     daifset, #15",
            "mrs     x9, sctlr_el1",
            "bic     x9, x9, #(1 << 0)",
            "bic     x9, x9, #(1 << 2)",
            "bic     x9, x9, #(1 << 12)",
            "dsb     sy",
            "msr     sctlr_el1, x9",
            "isb",
            "tlbi    vmalle1",
            "ic      iallu",
            "dsb     nsh",
            "isb",
            "mov     x1, xzr",
            "mov     x2, xzr",
            "mov     x3, xzr",
            "br      x8",
            in("x0") fdt,
            in("x8") entry,
            options(noreturn),
        )
    }
}

/// The tree's own word for its size.
fn fdt_size(ram: &Ram, fdt: u64) -> u64 {
    let mut size = [0; 4];
    match ram.peek(fdt + 4, &mut size) {
        Ok(()) => u64::from(u32::from_be_bytes(size)),
        Err(_) => 0,
    }
}
