// SPDX-License-Identifier: GPL-2.0-or-later
//! The first instructions: the arm64 `Image` header, and position independence.
//!
//! Source: Linux, `Documentation/arch/arm64/booting.rst`: MMU and data cache
//! are off, x0 is the device tree's address.

use core::arch::global_asm;
use include::{config, image};

/// Bytes of stack until the image has moved, and for exceptions.
pub const EARLY_STACK: usize = 0x10000;

/// Where Xen is to place the image above the base of RAM.
const TEXT_OFFSET: u64 = config::CONFIG_TEXT_BASE - config::CONFIG_LNX_KRNL_IMG_TEXT_OFFSET_BASE;

/// ELF's R_AARCH64_RELATIVE, the only relocation there is in a static position-independent image.
const R_AARCH64_RELATIVE: u64 = 1027;

global_asm!(
    ".section .head, \"ax\"",
    ".globl _start",
    "_start:",
    "    b       1f",
    "    nop",
    "    .quad   {text_offset}",
    "    .quad   __image_end - _start",
    "    .quad   {flags}",
    "    .quad   0, 0, 0",
    "    .long   {magic}",
    "    .long   0",
    "1:  msr     daifset, #15",
    "    mov     x19, x0",
    "    adrp    x20, _start",
    "    adrp    x0, exception_vectors",
    "    add     x0, x0, :lo12:exception_vectors",
    "    msr     vbar_el1, x0",
    "    isb",
    "    mov     x0, x20",
    "    bl      relocate",
    "    adrp    x0, early_stack",
    "    add     x0, x0, :lo12:early_stack",
    "    mov     x1, #{stack}",
    "    add     sp, x0, x1",
    "    mov     x29, xzr",
    "    mov     x30, xzr",
    "    mov     x0, x19",
    "    mov     x1, x20",
    "    b       early_start",
    "",
    // relocate(x0 = address of an image): makes its pointers right for where it is.
    ".globl relocate",
    "relocate:",
    "    adrp    x1, __rela_start",
    "    add     x1, x1, :lo12:__rela_start",
    "    adrp    x2, __rela_end",
    "    add     x2, x2, :lo12:__rela_end",
    "2:  cmp     x1, x2",
    "    b.hs    3f",
    "    ldp     x3, x4, [x1], #16",
    "    ldr     x5, [x1], #8",
    "    cmp     x4, #{relative}",
    "    b.ne    2b",
    "    add     x5, x5, x0",
    "    str     x5, [x0, x3]",
    "    b       2b",
    "3:  ret",
    "",
    // jump_to(x0 = argument, x1 = stack, x2 = function): goes on with a new stack.
    ".globl jump_to",
    "jump_to:",
    "    mov     sp, x1",
    "    mov     x29, xzr",
    "    mov     x30, xzr",
    "    br      x2",
    "",
    ".section .bss.early_stack, \"aw\", @nobits",
    ".balign 16",
    ".globl early_stack",
    "early_stack:",
    "    .zero   {stack}",
    text_offset = const TEXT_OFFSET,
    flags = const image::FLAG_ANYWHERE | PAGES_OF_4K,
    magic = const image::ARM64_MAGIC,
    stack = const EARLY_STACK,
    relative = const R_AARCH64_RELATIVE,
);

/// `flags`: the image was built for pages of 4 KiB.
const PAGES_OF_4K: u64 = 1 << 1;

unsafe extern "C" {
    /// Applies the relocations of the image at `base`, a copy of this one or this one itself.
    pub fn relocate(base: u64);
    /// Calls `function(argument)` on a new stack and never comes back.
    pub fn jump_to(argument: u64, stack: u64, function: u64) -> !;
    static __image_start: u8;
    static __text_end: u8;
    static __rodata_end: u8;
    static __image_end: u8;
}

/// The addresses of the parts of the running image.
#[derive(Clone, Copy)]
pub struct ImageLayout {
    /// The first byte: header and code.
    pub start: u64,
    /// The end of the code.
    pub text_end: u64,
    /// The end of the constants.
    pub rodata_end: u64,
    /// The end of everything.
    pub end: u64,
}

/// Where this image runs.
pub fn layout() -> ImageLayout {
    ImageLayout {
        start: (&raw const __image_start) as u64,
        text_end: (&raw const __text_end) as u64,
        rodata_end: (&raw const __rodata_end) as u64,
        end: (&raw const __image_end) as u64,
    }
}
