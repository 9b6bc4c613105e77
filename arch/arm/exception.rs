// SPDX-License-Identifier: GPL-2.0-or-later
//! Exceptions: all are fatal. Registers, the cause and a backtrace are printed,
//! and the machine resets.

use crate::Fault;
use crate::arm::entry;
use aarch64_cpu::registers::VBAR_EL1;
use aarch64_cpu::registers::Writeable;
use core::arch::global_asm;
use core::sync::atomic::{AtomicBool, Ordering};

// Each vector notes its number and joins; the interrupted stack may be what
// failed, so another one is used. x0 waits in TPIDR_EL1, which nothing else uses.
global_asm!(
    ".macro vector number",
    ".balign 128",
    "    msr     tpidr_el1, x0",
    "    mov     x0, sp",
    "    msr     tpidr_el0, x0",
    "    mov     x0, #\\number",
    "    b       exception_common",
    ".endm",
    ".section .vectors, \"ax\"",
    ".balign 2048",
    ".globl exception_vectors",
    "exception_vectors:",
    ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
    "vector \\number",
    ".endr",
    ".balign 128",
    "exception_common:",
    "    msr     tpidrro_el0, x0",
    "    adrp    x0, exception_stack",
    "    add     x0, x0, :lo12:exception_stack",
    "    add     x0, x0, #{stack}",
    "    mov     sp, x0",
    "    sub     sp, sp, #{frame}",
    "    mrs     x0, tpidr_el1",
    "    stp     x0, x1, [sp, #16 * 0]",
    "    stp     x2, x3, [sp, #16 * 1]",
    "    stp     x4, x5, [sp, #16 * 2]",
    "    stp     x6, x7, [sp, #16 * 3]",
    "    stp     x8, x9, [sp, #16 * 4]",
    "    stp     x10, x11, [sp, #16 * 5]",
    "    stp     x12, x13, [sp, #16 * 6]",
    "    stp     x14, x15, [sp, #16 * 7]",
    "    stp     x16, x17, [sp, #16 * 8]",
    "    stp     x18, x19, [sp, #16 * 9]",
    "    stp     x20, x21, [sp, #16 * 10]",
    "    stp     x22, x23, [sp, #16 * 11]",
    "    stp     x24, x25, [sp, #16 * 12]",
    "    stp     x26, x27, [sp, #16 * 13]",
    "    stp     x28, x29, [sp, #16 * 14]",
    "    mrs     x0, tpidr_el0",
    "    stp     x30, x0, [sp, #16 * 15]",
    "    mrs     x0, elr_el1",
    "    mrs     x1, spsr_el1",
    "    stp     x0, x1, [sp, #16 * 16]",
    "    mrs     x0, esr_el1",
    "    mrs     x1, far_el1",
    "    stp     x0, x1, [sp, #16 * 17]",
    "    mrs     x1, tpidrro_el0",
    "    mov     x0, sp",
    "    mov     x29, xzr",
    "    b       exception",
    ".section .bss.exception_stack, \"aw\", @nobits",
    ".balign 16",
    "exception_stack:",
    "    .zero   {stack}",
    stack = const STACK,
    frame = const size_of::<Frame>(),
);

const STACK: usize = 0x4000;

/// The state at the time of the exception, in the order that the assembly stores it.
#[repr(C)]
pub struct Frame {
    x: [u64; 31],
    sp: u64,
    elr: u64,
    spsr: u64,
    esr: u64,
    far: u64,
}

/// Makes this image's vectors the ones in force.
pub fn install() {
    unsafe extern "C" {
        static exception_vectors: u8;
    }
    VBAR_EL1.set((&raw const exception_vectors) as u64);
    aarch64_cpu::asm::barrier::isb(aarch64_cpu::asm::barrier::SY);
}

unsafe extern "Rust" {
    /// The board's console: prints a message that must get out, whatever state the loader is in.
    safe fn board_emergency(text: core::fmt::Arguments);
}

#[unsafe(no_mangle)]
extern "C" fn exception(frame: &Frame, vector: u64) -> ! {
    static NESTED: AtomicBool = AtomicBool::new(false);
    // Not in one step, which the MMU would have to be on for.
    if NESTED.load(Ordering::Relaxed) {
        crate::reset();
    }
    NESTED.store(true, Ordering::Relaxed);
    let base = entry::layout().start;
    let name = ["Synchronous Abort", "IRQ", "FIQ", "SError"][(vector % 4) as usize];
    board_emergency(format_args!(
        "\n\"{name}\" handler, esr {:#010x} ({}), far {:#x}\n",
        frame.esr,
        class(frame.esr),
        frame.far
    ));
    board_emergency(format_args!(
        "elr: {:016x} lr : {:016x} (offsets in u-boot.map)\n",
        frame.elr.wrapping_sub(base),
        frame.x[30].wrapping_sub(base)
    ));
    board_emergency(format_args!(
        "elr: {:016x} lr : {:016x} sp : {:016x} spsr: {:08x}\n",
        frame.elr, frame.x[30], frame.sp, frame.spsr
    ));
    for (i, pair) in frame.x[..30].chunks_exact(2).enumerate() {
        board_emergency(format_args!(
            "x{:<2}: {:016x} x{:<2}: {:016x}\n",
            2 * i,
            pair[0],
            2 * i + 1,
            pair[1]
        ));
    }
    backtrace(frame.x[29], frame.sp);
    board_emergency(format_args!("Resetting CPU ...\n\n"));
    crate::reset()
}

/// Takes an exception on purpose.
pub fn raise(fault: Fault) -> ! {
    // SAFETY: none of these comes back, and none changes anything.
    unsafe {
        match fault {
            Fault::Breakpoint => core::arch::asm!("brk #0", options(nomem, nostack)),
            Fault::Undefined => core::arch::asm!("udf #0", options(nomem, nostack)),
            Fault::Unmapped => {
                core::arch::asm!("ldr {0}, [{0}]", inout(reg) 8u64 => _, options(nostack))
            }
        }
    }
    unreachable!("an exception does not return")
}

/// For errors that the processor did not notice: a backtrace from here, then a reset.
pub fn fatal() -> ! {
    let (fp, sp): (u64, u64);
    // SAFETY: reads two registers.
    unsafe {
        core::arch::asm!("mov {}, x29", "mov {}, sp", out(reg) fp, out(reg) sp, options(nomem, nostack))
    };
    backtrace(fp, sp);
    board_emergency(format_args!("Resetting CPU ...\n\n"));
    crate::reset()
}

/// Follows the chain of frame records up the stack.
fn backtrace(mut fp: u64, sp: u64) {
    const DEPTH: usize = 32;
    const STACK_MAX: u64 = 256 << 10;
    let base = entry::layout().start;
    board_emergency(format_args!("backtrace (offsets in u-boot.map):"));
    let mut last = sp;
    for _ in 0..DEPTH {
        // Records lie on the same stack, each above the one before.
        if fp < last || fp - sp > STACK_MAX || !fp.is_multiple_of(16) {
            break;
        }
        // SAFETY: aligned, and on the stack as far as can be told; a fault here just resets.
        let (next, lr) = unsafe {
            (
                (fp as usize as *const u64).read(),
                (fp as usize as *const u64).add(1).read(),
            )
        };
        if lr == 0 {
            break; // The first frame of all.
        }
        board_emergency(format_args!(" {:x}", lr.wrapping_sub(base)));
        last = fp + 16;
        fp = next;
    }
    board_emergency(format_args!("\n"));
}

/// The exception class, in words; source: Arm ARM, ESR_EL1.EC.
fn class(esr: u64) -> &'static str {
    match esr >> 26 {
        0x00 => "undefined instruction",
        0x0e => "illegal execution state",
        0x20 | 0x21 => "instruction abort",
        0x22 => "PC alignment",
        0x24 | 0x25 => "data abort",
        0x26 => "SP alignment",
        0x2f => "SError",
        0x3c => "breakpoint",
        _ => "other",
    }
}
