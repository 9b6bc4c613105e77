// SPDX-License-Identifier: GPL-2.0-or-later
//! RAM that is lent: bytes of the user's that something else than a command works on.
//!
//! As long as the [`Lent`] exists, its range is reserved as private memory, so
//! [`Ram`] gives out no slice of it. Its bytes are only copied, under a lock
//! that [`Ram::peek`] takes too.

use super::{Access, MemError, Ram, Reserved};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use spin::{Mutex, MutexGuard};

/// A range of RAM that is its owner's until it is dropped.
pub struct Lent {
    start: u64,
    memory: *mut u8,
    len: usize,
    is_out: Arc<AtomicBool>,
    lock: Arc<Mutex<()>>,
    /// The memory itself, if it is a host buffer.
    _buffers: Arc<Vec<Vec<u8>>>,
}

// SAFETY: its bytes are only reached through it and `Ram::peek`, under the lock.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Lent {
    /// The address of its first byte.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies bytes from `offset` on.
    ///
    /// # Errors
    /// If not all of them are in the range.
    pub fn read(&self, offset: usize, bytes: &mut [u8]) -> Result<(), MemError> {
        let from = self.place(offset, bytes.len())?;
        let _lock = self.lock.lock();
        // SAFETY: inside the range, which no slice is in; nobody else is at it under the lock.
        unsafe { core::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    /// Copies bytes to `offset`.
    ///
    /// # Errors
    /// If not all of them are in the range.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), MemError> {
        let to = self.place(offset, bytes.len())?;
        let _lock = self.lock.lock();
        // SAFETY: as in `read`.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        Ok(())
    }

    fn place(&self, offset: usize, len: usize) -> Result<*mut u8, MemError> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => Ok(self.memory.wrapping_add(offset)),
            _ => Err(MemError::NotRam {
                start: self.start.saturating_add(offset as u64),
                len: len as u64,
            }),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.is_out.store(false, Ordering::Release);
    }
}

/// What is lent of a [`Ram`].
#[derive(Default)]
pub(super) struct Loans {
    loans: Vec<Loan>,
    lock: Arc<Mutex<()>>,
}

struct Loan {
    reserved: Reserved,
    is_out: Arc<AtomicBool>,
}

impl Loan {
    fn is_out(&self) -> bool {
        self.is_out.load(Ordering::Acquire)
    }
}

impl Loans {
    /// The ranges that were not given back.
    pub fn reserved(&self) -> impl Iterator<Item = &Reserved> {
        let out = self.loans.iter().filter(|loan| loan.is_out());
        out.map(|loan| &loan.reserved)
    }

    /// Keeps the bytes that are lent as they are.
    pub fn lock(&self) -> MutexGuard<'_, ()> {
        self.lock.lock()
    }
}

impl Ram {
    /// Lends a range of the user's memory, for the purpose that messages name.
    ///
    /// # Errors
    /// As [`Ram::load_region`].
    pub fn lend(&mut self, start: u64, len: usize, what: &'static str) -> Result<Lent, MemError> {
        let memory = self.check(start, len, Access::NoLoad)?;
        let is_out = Arc::new(AtomicBool::new(true));
        self.loans.loans.retain(Loan::is_out);
        self.loans.loans.push(Loan {
            reserved: Reserved {
                range: start..start + len as u64,
                what,
                access: Access::Private,
            },
            is_out: is_out.clone(),
        });
        Ok(Lent {
            start,
            memory,
            len,
            is_out,
            lock: self.loans.lock.clone(),
            _buffers: self.buffers.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ram() -> Ram {
        let tree = Reserved {
            range: 0x3000..0x3800,
            what: "device tree",
            access: Access::NoLoad,
        };
        Ram::in_buffer(0x1000, 0x4000, alloc::vec![tree])
    }

    #[test]
    fn what_is_lent_is_not_given_out() {
        let mut ram = ram();
        ram.slice_mut(0x2000, 4).unwrap().copy_from_slice(b"abcd");
        let lent = ram.lend(0x2000, 0x100, "disk").unwrap();
        let expected = MemError::Reserved {
            what: "disk",
            start: 0x2000,
            end: 0x2100,
        };
        assert_eq!(ram.slice(0x20ff, 1), Err(expected));
        assert_eq!(ram.slice_mut(0x1fff, 2), Err(expected));
        assert_eq!(ram.load_region(0x2000, 1), Err(expected));
        assert_eq!(ram.copy(0x2000, 0x1000, 4), Err(expected));
        assert!(
            ram.source_and_target(0x2000..0x2001, 0x1000..0x1001)
                .is_err()
        );
        assert!(
            ram.source_and_target(0x1000..0x1001, 0x2000..0x2001)
                .is_err()
        );
        assert_eq!(ram.lend(0x20ff, 2, "other").err(), Some(expected));
        assert_eq!(ram.load_limit(0x1000), Ok(0x1000));
        assert_eq!(ram.slice_from(0x1000).map(<[u8]>::len), Ok(0x1000));
        ram.unreserve(0x2000);
        assert_eq!(ram.reserved().count(), 2);

        lent.write(2, b"xy").unwrap();
        let mut bytes = [0; 4];
        lent.read(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"abxy");
        // Dumps see it.
        ram.peek(0x2000, &mut bytes).unwrap();
        assert_eq!(&bytes, b"abxy");

        drop(lent);
        assert_eq!(ram.slice(0x2000, 4), Ok(&b"abxy"[..]));
        assert_eq!(ram.reserved().count(), 1);
        drop(ram.lend(0x2000, 4, "again").unwrap());
        assert_eq!(ram.loans.loans.len(), 1);
    }

    #[test]
    fn only_free_ram_is_lent_and_only_its_bytes_are_reached() {
        let mut ram = ram();
        for (start, len) in [(0xfff, 2), (0x4fff, 2), (0x37ff, 1), (0x2fff, 2)] {
            assert!(ram.lend(start, len, "disk").is_err(), "{start:#x}");
        }
        assert!(ram.lend(0x1000, usize::MAX, "disk").is_err());
        let lent = ram.lend(0x1000, 8, "disk").unwrap();
        assert_eq!(
            (lent.start(), lent.len(), lent.is_empty()),
            (0x1000, 8, false)
        );
        assert!(lent.read(8, &mut []).is_ok());
        assert!(lent.read(7, &mut [0; 2]).is_err());
        assert!(lent.write(9, &[]).is_err());
        assert!(lent.write(usize::MAX, &[0]).is_err());
    }

    #[test]
    fn it_outlives_the_ram_of_a_test() {
        let lent = ram().lend(0x1000, 8, "disk").unwrap();
        lent.write(0, &[7; 8]).unwrap();
        let mut bytes = [0; 8];
        lent.read(0, &mut bytes).unwrap();
        assert_eq!(bytes, [7; 8]);
    }
}
