// SPDX-License-Identifier: GPL-2.0-or-later
//! The guest's memory as another domain reaches it: whole frames, by copies.
//!
//! A host process has addresses that no grant could hold, so each page that is
//! shared gets a small frame number.
#![allow(unsafe_code)] // Another domain writes pages that Rust knows nothing of.

use super::heap::uncounted;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};
use include::xen::{PAGE_SHIFT, PAGE_SIZE};
use spin::Mutex;

/// What fresh memory of the heap is full of.
pub const SECRET: u8 = 0xc5;
/// So much of it in a row is no accident.
const SECRET_RUN: usize = 4;

/// What is written to a page at a time: the part of a ring before its slots, or a part of a slot.
const PIECE: usize = 16;

/// The bytes of a page.
pub type PageBytes = Box<[u8; PAGE_SIZE]>;

static FRAMES: Mutex<BTreeMap<usize, u32>> = Mutex::new(BTreeMap::new());
static PAGES: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// The physical address that the fake gives to an address of the process.
pub fn physical(address: usize) -> usize {
    let page = address & !(PAGE_SIZE - 1);
    let mut pages = PAGES.lock();
    // Page and number stay together for as long as the process lives.
    let frame = uncounted(|| {
        *FRAMES.lock().entry(page).or_insert_with(|| {
            pages.push(page);
            pages.len() as u32
        })
    });
    ((frame as usize) << PAGE_SHIFT) | (address % PAGE_SIZE)
}

/// Where a frame is in the process.
pub fn address_of(frame: u32) -> usize {
    PAGES.lock()[frame as usize - 1]
}

/// A copy of a frame that the guest shares.
pub fn copy_of(frame: u32) -> PageBytes {
    let from = core::ptr::with_exposed_provenance::<[u8; PAGE_SIZE]>(address_of(frame));
    // SAFETY: the guest granted the whole page, so it is alive.
    Box::new(unsafe { from.read_volatile() })
}

/// Writes what differs between two copies to the frame, as another processor would.
pub fn write_changes(frame: u32, old: &[u8; PAGE_SIZE], new: &[u8; PAGE_SIZE]) {
    let to = core::ptr::with_exposed_provenance_mut::<[u8; PIECE]>(address_of(frame));
    let pieces = old.chunks_exact(PIECE).zip(new.chunks_exact(PIECE));
    for (i, (_, new)) in pieces.enumerate().filter(|(_, (old, new))| old != new) {
        // SAFETY: the guest granted the whole page for writing, so it is alive.
        unsafe { to.add(i).write_volatile(new.try_into().unwrap()) };
    }
}

/// Fails the test if a page that the guest shows holds what was in its heap.
pub fn assert_no_secret(page: &[u8]) {
    let mut runs = page.chunks_exact(SECRET_RUN);
    let shown = runs.any(|run| run == [SECRET; SECRET_RUN]);
    assert!(!shown, "a granted page shows what was in the heap");
}

/// Memory of the user's, placed as a test wants it.
pub struct UserBuffer {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl UserBuffer {
    /// `len` bytes of zeros at `offset` of a page, in pages whose rest is nobody's business.
    pub fn new(len: usize, offset: usize) -> UserBuffer {
        let memory = alloc::vec![SECRET; len + offset + 2 * PAGE_SIZE];
        let start = memory.as_ptr().align_offset(PAGE_SIZE) + offset;
        let mut buffer = UserBuffer { memory, start, len };
        buffer.fill(0);
        buffer
    }

    /// Whether all around it is as it was.
    pub fn is_intact(&self) -> bool {
        let (before, rest) = self.memory.split_at(self.start);
        let around = before.iter().chain(&rest[self.len..]);
        around.copied().all(|byte| byte == SECRET)
    }
}

impl Deref for UserBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.len]
    }
}

impl DerefMut for UserBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }
}
