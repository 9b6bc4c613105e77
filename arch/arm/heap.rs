// SPDX-License-Identifier: GPL-2.0-or-later
//! The heap: what U-Boot's CONFIG_SYS_MALLOC_LEN is for.

use core::ops::Range;
use talc::TalcLock;
use talc::source::Manual;

#[global_allocator]
static HEAP: TalcLock<spin::Mutex<()>, Manual> = TalcLock::new(Manual);

/// Gives the heap its memory.
///
/// # Safety
/// The range must be mapped, normal memory that nobody else uses, now or later.
pub unsafe fn init(range: Range<u64>) {
    // SAFETY: the caller's promise.
    unsafe {
        HEAP.lock().claim(
            range.start as usize as *mut u8,
            (range.end - range.start) as usize,
        )
    };
}
