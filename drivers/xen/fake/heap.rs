// SPDX-License-Identifier: GPL-2.0-or-later
//! A heap whose memory is full of something that must never be shown to another domain.
#![allow(unsafe_code)] // An allocator is unsafe by its nature.

use super::memory::SECRET;
use core::alloc::{GlobalAlloc, Layout};
use std::alloc::System;

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

// SAFETY: all is done by the system's allocator; what is filled was just allocated.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let memory = unsafe { System.alloc(layout) };
        if !memory.is_null() {
            // SAFETY: `memory` has that size.
            unsafe { memory.write_bytes(SECRET, layout.size()) };
        }
        memory
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }
}
