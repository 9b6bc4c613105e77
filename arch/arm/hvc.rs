// SPDX-License-Identifier: GPL-2.0-or-later
//! The call into Xen.

use core::arch::asm;

/// Makes a hypercall; source: `xen/include/public/arch-arm.h`.
///
/// # Safety
/// The arguments must be what the operation expects: pointers among them must
/// be to structures of its type that stay valid until Xen has returned.
pub unsafe fn hypercall(op: u64, args: [u64; 5]) -> i64 {
    let result;
    // SAFETY: the caller's promise; Xen changes x16 and the argument registers only.
    unsafe {
        asm!(
            "hvc #0xea1",
            inout("x16") op => _,
            inout("x0") args[0] => result,
            inout("x1") args[1] => _,
            inout("x2") args[2] => _,
            inout("x3") args[3] => _,
            inout("x4") args[4] => _,
            options(nostack),
        );
    }
    result
}
