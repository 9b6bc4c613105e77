// SPDX-License-Identifier: GPL-2.0-or-later
//! Memory that another domain can change at any time.
//!
//! It is never behind a Rust reference: a [`Shared`] reads and writes it with
//! volatile or atomic accesses, each field once.
#![allow(unsafe_code)] // Raw pointers to memory that the compiler does not own.

use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use common::{Error, Result};
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};
use include::xen::{PAGE_SHIFT, PAGE_SIZE};

/// A window on shared memory. Offsets are in bytes; accesses outside of the
/// window or not aligned panic, because offsets are ours, never the peer's.
#[derive(Clone)]
pub struct Shared {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: all accesses are volatile or atomic, as for memory that other processors write.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// # Safety
    /// The memory stays mapped while the window or a copy of it exists, no
    /// Rust reference to it exists, and `base` is aligned to 8 bytes.
    pub unsafe fn new(base: NonNull<u8>, len: usize) -> Shared {
        Shared { base, len }
    }

    /// Its size in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads an index that a peer publishes: what was written before it is visible after.
    pub fn load_u32(&self, offset: usize) -> u32 {
        // SAFETY: `at` checks place and alignment.
        unsafe { AtomicU32::from_ptr(self.at(offset, 4).cast()) }.load(Ordering::Acquire)
    }

    /// Publishes an index: what was written before it is visible to who sees it.
    pub fn store_u32(&self, offset: usize, value: u32) {
        // SAFETY: `at` checks place and alignment.
        unsafe { AtomicU32::from_ptr(self.at(offset, 4).cast()) }.store(value, Ordering::Release);
    }

    /// Exchanges 16 bits, if they are what is expected.
    ///
    /// # Errors
    /// What they are instead.
    pub fn compare_exchange_u16(
        &self,
        offset: usize,
        expected: u16,
        new: u16,
    ) -> core::result::Result<u16, u16> {
        // SAFETY: `at` checks place and alignment.
        let value = unsafe { AtomicU16::from_ptr(self.at(offset, 2).cast()) };
        value.compare_exchange(expected, new, Ordering::SeqCst, Ordering::SeqCst)
    }

    /// Clears bits of a 64-bit word; returns what it was.
    pub fn fetch_and_u64(&self, offset: usize, mask: u64) -> u64 {
        // SAFETY: `at` checks place and alignment.
        unsafe { AtomicU64::from_ptr(self.at(offset, 8).cast()) }.fetch_and(mask, Ordering::SeqCst)
    }

    /// Writes 64 bits.
    pub fn store_u64(&self, offset: usize, value: u64) {
        // SAFETY: `at` checks place and alignment.
        unsafe { AtomicU64::from_ptr(self.at(offset, 8).cast()) }.store(value, Ordering::Release);
    }

    /// Reads 16 bits.
    pub fn load_u16(&self, offset: usize) -> u16 {
        // SAFETY: `at` checks place and alignment.
        unsafe { AtomicU16::from_ptr(self.at(offset, 2).cast()) }.load(Ordering::Acquire)
    }

    /// Writes 16 bits.
    pub fn store_u16(&self, offset: usize, value: u16) {
        // SAFETY: `at` checks place and alignment.
        unsafe { AtomicU16::from_ptr(self.at(offset, 2).cast()) }.store(value, Ordering::Release);
    }

    /// Copies bytes out.
    pub fn read(&self, offset: usize, bytes: &mut [u8]) {
        let from = self.at_bytes(offset, bytes.len());
        // SAFETY: inside the window, as checked; byte by byte, or by words where both are aligned.
        unsafe { copy(from, bytes.as_mut_ptr(), bytes.len()) }
    }

    /// Copies bytes in.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        let to = self.at_bytes(offset, bytes.len());
        // SAFETY: as in `read`.
        unsafe { copy(bytes.as_ptr(), to, bytes.len()) }
    }

    fn at(&self, offset: usize, size: usize) -> *mut u8 {
        assert!(offset.is_multiple_of(size));
        self.at_bytes(offset, size)
    }

    fn at_bytes(&self, offset: usize, len: usize) -> *mut u8 {
        assert!(offset <= self.len && len <= self.len - offset);
        // SAFETY: inside the window.
        unsafe { self.base.as_ptr().add(offset) }
    }
}

/// Copies with volatile accesses, by words where the alignment allows it.
///
/// # Safety
/// Both ranges are valid for their access and do not overlap.
unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    const WORD: usize = size_of::<u64>();
    /// Words that are copied in one round of the loop.
    const ROUND: usize = 8;
    let mut done = 0;
    if (from as usize | to as usize).is_multiple_of(WORD) {
        while len - done >= ROUND * WORD {
            for word in 0..ROUND {
                // SAFETY: aligned, and inside both ranges.
                unsafe {
                    let from = from.add(done).cast::<u64>().add(word);
                    let to = to.add(done).cast::<u64>().add(word);
                    to.write_volatile(from.read_volatile());
                }
            }
            done += ROUND * WORD;
        }
        while len - done >= WORD {
            // SAFETY: aligned, and inside both ranges.
            unsafe {
                to.add(done)
                    .cast::<u64>()
                    .write_volatile(from.add(done).cast::<u64>().read_volatile())
            };
            done += WORD;
        }
    }
    while done < len {
        // SAFETY: inside both ranges.
        unsafe { to.add(done).write_volatile(from.add(done).read_volatile()) };
        done += 1;
    }
}

/// Pages of our own that are made to be shared: zeroed, one after the other.
pub struct Pages {
    memory: Shared,
    layout: Layout,
}

impl Pages {
    /// Allocates pages of zeros.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn new(count: usize) -> Result<Pages> {
        let size = count.max(1).checked_mul(PAGE_SIZE).ok_or(Error::NoMemory)?;
        let layout = Layout::from_size_align(size, PAGE_SIZE).map_err(|_| Error::NoMemory)?;
        // SAFETY: the layout has a size.
        let base = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(Error::NoMemory)?;
        // SAFETY: the pages are ours until `drop`, and no reference to them is ever made.
        let memory = unsafe { Shared::new(base, size) };
        Ok(Pages { memory, layout })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.memory.len / PAGE_SIZE
    }

    /// The guest frame number of one of them: RAM is mapped at its physical address.
    pub fn frame(&self, index: usize) -> u64 {
        frame_of(self.memory.at_bytes(index * PAGE_SIZE, 0))
    }
}

impl Deref for Pages {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.memory
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { dealloc(self.memory.base.as_ptr(), self.layout) }
    }
}

/// A caller's buffer, lent for a transfer: while another domain may reach it,
/// it is only touched as shared memory is, through one pointer.
pub struct Lent<'a> {
    memory: Shared,
    writable: bool,
    lender: PhantomData<&'a mut [u8]>,
}

impl<'a> Lent<'a> {
    /// A buffer to be filled.
    pub fn to_fill(bytes: &'a mut [u8]) -> Lent<'a> {
        Lent::new(NonNull::from(bytes), true)
    }

    /// A buffer whose contents are wanted.
    pub fn to_read(bytes: &'a [u8]) -> Lent<'a> {
        Lent::new(NonNull::from(bytes), false)
    }

    fn new(bytes: NonNull<[u8]>, writable: bool) -> Lent<'a> {
        let memory = Shared {
            base: bytes.cast(),
            len: bytes.len(),
        };
        Lent {
            memory,
            writable,
            lender: PhantomData,
        }
    }

    /// Whether there is nothing to transfer.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its size in bytes.
    pub fn len(&self) -> usize {
        self.memory.len
    }

    /// Copies from `offset` on to shared memory.
    pub fn copy_to(&self, offset: usize, page: &Shared, at: usize, len: usize) {
        let (from, to) = (self.memory.at_bytes(offset, len), page.at_bytes(at, len));
        // SAFETY: inside both windows, as checked; pages never overlap what a caller lends.
        unsafe { copy(from, to, len) }
    }

    /// Copies from shared memory to `offset` on.
    pub fn copy_from(&self, offset: usize, page: &Shared, at: usize, len: usize) {
        assert!(self.writable);
        let (from, to) = (page.at_bytes(at, len), self.memory.at_bytes(offset, len));
        // SAFETY: as in `copy_to`, and the buffer was lent to be filled.
        unsafe { copy(from, to, len) }
    }
}

/// The guest frame of an address.
pub fn frame_of(address: *const u8) -> u64 {
    let address = address.expose_provenance();
    #[cfg(any(test, feature = "fake"))]
    let address = crate::xen::fake::physical(address);
    address as u64 >> PAGE_SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_zeroed_aligned_and_holds_what_is_written() {
        let page = Pages::new(1).unwrap();
        let mut bytes = [1; PAGE_SIZE];
        page.read(0, &mut bytes);
        assert_eq!(bytes, [0; PAGE_SIZE]);
        page.write(3, b"hello, shared world");
        let mut text = [0; 19];
        page.read(3, &mut text);
        assert_eq!(&text, b"hello, shared world");
        page.store_u32(8, 0x1234_5678);
        assert_eq!(page.load_u32(8), 0x1234_5678);
        assert_eq!(page.compare_exchange_u16(8, 1, 2), Err(0x5678));
        assert_eq!(page.compare_exchange_u16(8, 0x5678, 2), Ok(0x5678));
        assert_eq!(page.load_u16(8), 2);
    }

    #[test]
    fn pages_follow_each_other() {
        let pages = Pages::new(3).unwrap();
        assert_eq!(pages.count(), 3);
        pages.write(PAGE_SIZE - 1, &[1, 2]);
        pages.store_u32(2 * PAGE_SIZE, 7);
        let mut bytes = [0; 2];
        pages.read(PAGE_SIZE - 1, &mut bytes);
        assert_eq!((bytes, pages.load_u32(2 * PAGE_SIZE)), ([1, 2], 7));
    }

    #[test]
    #[should_panic]
    fn outside_is_an_error_of_ours() {
        Pages::new(1).unwrap().load_u32(PAGE_SIZE);
    }
}
