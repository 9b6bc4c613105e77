// SPDX-License-Identifier: GPL-2.0-or-later
//! RAM as one owned object: the only way for safe code to reach a physical address.
//!
//! [`Ram`] knows the banks and what is reserved in them: the loader's own
//! image, heap, stack and page tables, which nobody may write, and the device
//! tree, which `fdt` commands may change but no load may overwrite. All else is
//! the user's; a slice of it borrows the `Ram`, so two users never share bytes.
//! Who needs some of it for longer borrows it as a [`Lent`].

mod lent;

pub use lent::Lent;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use lent::Loans;

/// Why an address range cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemError {
    /// Not all of it is RAM.
    NotRam {
        /// The first address of the range.
        start: u64,
        /// Its length in bytes.
        len: u64,
    },
    /// It overlaps something that must stay.
    Reserved {
        /// What it overlaps.
        what: &'static str,
        /// Where that is.
        start: u64,
        /// The first address after it.
        end: u64,
    },
}

impl fmt::Display for MemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MemError::NotRam { start, len } => {
                write!(f, "{start:#x} (length {len:#x}) is not in RAM")
            }
            MemError::Reserved { what, start, end } => {
                write!(
                    f,
                    "it would overwrite the {what} ({start:#x}-{:#x})",
                    end - 1
                )
            }
        }
    }
}

/// What a reserved range allows, the strictest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Loads must not overwrite it, commands that name it may.
    NoLoad,
    /// The loader lives there: no slice is ever given out.
    Private,
    /// Nothing is mapped there: it cannot even be looked at.
    Unmapped,
}

/// What a [`Reserved`] range of the loader's own is for, in the words of messages.
pub mod owner {
    /// The image.
    pub const IMAGE: &str = "boot loader";
    /// The heap.
    pub const HEAP: &str = "boot loader's heap";
    /// The page tables.
    pub const TABLES: &str = "boot loader's page tables";
    /// The page below the stack that nothing is mapped at.
    pub const GUARD: &str = "guard page of the boot loader's stack";
    /// The stack.
    pub const STACK: &str = "boot loader's stack";
    /// The device tree that the user can change.
    pub const DEVICE_TREE: &str = "device tree";
}

/// A range of RAM that is spoken for.
#[derive(Clone, Debug)]
pub struct Reserved {
    /// Physical addresses.
    pub range: Range<u64>,
    /// For messages; those of the loader are in [`owner`].
    pub what: &'static str,
    /// What may still be done to it.
    pub access: Access,
}

struct Bank {
    base: u64,
    size: u64,
    memory: *mut u8,
}

/// The machine's RAM.
pub struct Ram {
    banks: Vec<Bank>,
    reserved: Vec<Reserved>,
    loans: Loans,
    /// Keeps the memory of banks that are host buffers.
    buffers: Arc<Vec<Vec<u8>>>,
}

// SAFETY: the pointers are to memory that the `Ram` owns.
unsafe impl Send for Ram {}

impl Ram {
    /// RAM that is mapped at its physical address.
    ///
    /// # Safety
    /// Each range is mapped, normal memory; nothing outside of `reserved`
    /// ranges with [`Access::Private`] is used by anything else as long as
    /// the `Ram` exists, or what it lends.
    pub unsafe fn identity_mapped(banks: &[Range<u64>], reserved: Vec<Reserved>) -> Ram {
        let banks = banks
            .iter()
            .map(|b| Bank {
                base: b.start,
                size: b.end - b.start,
                memory: b.start as usize as *mut u8,
            })
            .collect();
        Ram {
            banks,
            reserved,
            loans: Loans::default(),
            buffers: Arc::default(),
        }
    }

    /// RAM that is mapped somewhere else than at its physical address: one bank at `base`.
    ///
    /// # Safety
    /// `memory` points to `size` bytes that nothing else uses as long as the `Ram` exists,
    /// or what it lends.
    pub unsafe fn mapped(base: u64, memory: *mut u8, size: u64, reserved: Vec<Reserved>) -> Ram {
        Ram {
            banks: alloc::vec![Bank { base, size, memory }],
            reserved,
            loans: Loans::default(),
            buffers: Arc::default(),
        }
    }

    /// RAM in a buffer of the host, for tests: one bank at `base`.
    pub fn in_buffer(base: u64, size: usize, reserved: Vec<Reserved>) -> Ram {
        let mut buffer = alloc::vec![0; size];
        let bank = Bank {
            base,
            size: size as u64,
            memory: buffer.as_mut_ptr(),
        };
        Ram {
            banks: alloc::vec![bank],
            reserved,
            loans: Loans::default(),
            buffers: Arc::new(alloc::vec![buffer]),
        }
    }

    /// The banks, in the order of the device tree.
    pub fn banks(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.banks.iter().map(|b| b.base..b.base + b.size)
    }

    /// What is reserved, with what is lent.
    pub fn reserved(&self) -> impl Iterator<Item = &Reserved> {
        self.reserved.iter().chain(self.loans.reserved())
    }

    /// Reserves a range.
    pub fn reserve(&mut self, reserved: Reserved) {
        self.reserved.push(reserved);
    }

    /// Gives up the reservations that begin at `start` and are not the loader's own.
    pub fn unreserve(&mut self, start: u64) {
        self.reserved
            .retain(|r| r.access == Access::Private || r.range.start != start);
    }

    /// The bytes at a physical address.
    ///
    /// # Errors
    /// If not all of it is RAM, or the loader lives there.
    pub fn slice(&self, start: u64, len: usize) -> Result<&[u8], MemError> {
        let memory = self.check(start, len, Access::Private)?;
        // SAFETY: inside a bank, outside of private memory, borrowed from self.
        Ok(unsafe { core::slice::from_raw_parts(memory, len) })
    }

    /// All bytes from a physical address on, up to where the loader lives or the bank ends.
    ///
    /// # Errors
    /// As [`Ram::slice`] for a single byte.
    pub fn slice_from(&self, start: u64) -> Result<&[u8], MemError> {
        self.check(start, 1, Access::Private)?;
        let bank = self.banks().find(|bank| bank.contains(&start));
        let private = self.reserved().filter(|r| r.access >= Access::Private);
        let next = private.map(|r| r.range.start).filter(|&s| s > start).min();
        let end = bank.map_or(start, |bank| bank.end);
        let len = next.map_or(end, |next| next.min(end)) - start;
        self.slice(start, len as usize)
    }

    /// The bytes at a physical address, to be changed; see [`Ram::slice`].
    pub fn slice_mut(&mut self, start: u64, len: usize) -> Result<&mut [u8], MemError> {
        let memory = self.check(start, len, Access::Private)?;
        // SAFETY: as in `slice`, and borrowed exclusively.
        Ok(unsafe { core::slice::from_raw_parts_mut(memory, len) })
    }

    /// Room to load something to: as [`Ram::slice_mut`], and outside of everything reserved.
    pub fn load_region(&mut self, start: u64, len: usize) -> Result<&mut [u8], MemError> {
        self.check(start, len, Access::NoLoad)?;
        self.slice_mut(start, len)
    }

    /// What is read and what is made from it, at once: `source` as [`Ram::slice`],
    /// `target` as [`Ram::load_region`].
    ///
    /// # Errors
    /// As those, and if the two overlap.
    pub fn source_and_target(
        &mut self,
        source: Range<u64>,
        target: Range<u64>,
    ) -> Result<(&[u8], &mut [u8]), MemError> {
        let len = |range: &Range<u64>| range.end.saturating_sub(range.start) as usize;
        let (source_len, target_len) = (len(&source), len(&target));
        let from = self.check(source.start, source_len, Access::Private)?;
        let to = self.check(target.start, target_len, Access::NoLoad)?;
        if source.start < target.end && target.start < source.end {
            return Err(MemError::Reserved {
                what: "data that is read",
                start: source.start,
                end: source.end,
            });
        }
        // SAFETY: as in `slice` and `slice_mut`; the two do not overlap.
        Ok(unsafe {
            (
                core::slice::from_raw_parts(from, source_len),
                core::slice::from_raw_parts_mut(to, target_len),
            )
        })
    }

    /// How many bytes can be loaded to `start` before something reserved or the end of the bank comes.
    ///
    /// # Errors
    /// As [`Ram::load_region`] for a single byte.
    pub fn load_limit(&self, start: u64) -> Result<u64, MemError> {
        self.check(start, 1, Access::NoLoad)?;
        let bank = self
            .banks
            .iter()
            .find(|b| start >= b.base && start - b.base < b.size);
        let end = bank.map_or(start, |b| b.base + b.size);
        let next = self
            .reserved()
            .map(|r| r.range.start)
            .filter(|&s| s > start)
            .min();
        Ok(next.map_or(end, |s| s.min(end)) - start)
    }

    /// Copies inside RAM; the ranges may overlap.
    ///
    /// # Errors
    /// If either range is not the user's RAM.
    pub fn copy(&mut self, from: u64, to: u64, len: usize) -> Result<(), MemError> {
        let from = self.check(from, len, Access::Private)?;
        let to = self.check(to, len, Access::Private)?;
        // SAFETY: both ranges are RAM outside of private memory, borrowed exclusively.
        unsafe { core::ptr::copy(from, to, len) };
        Ok(())
    }

    /// Reads bytes one by one, also where the loader lives; for memory dumps.
    ///
    /// # Errors
    /// If not all of it is RAM that is mapped.
    pub fn peek(&self, start: u64, bytes: &mut [u8]) -> Result<(), MemError> {
        let memory = self.check(start, bytes.len(), Access::Unmapped)?;
        let _lock = self.loans.lock();
        for (i, byte) in bytes.iter_mut().enumerate() {
            // SAFETY: inside a bank; volatile, because what lives there may change.
            *byte = unsafe { memory.add(i).read_volatile() };
        }
        Ok(())
    }

    /// The pointer to a range that is RAM and in no reservation as strict as `access`.
    fn check(&self, start: u64, len: usize, access: Access) -> Result<*mut u8, MemError> {
        let memory = self.locate(start, len)?;
        let end = start + len as u64;
        let hit = self
            .reserved()
            .find(|r| start < r.range.end && r.range.start < end && r.access >= access);
        match hit {
            Some(r) => Err(MemError::Reserved {
                what: r.what,
                start: r.range.start,
                end: r.range.end,
            }),
            None => Ok(memory),
        }
    }

    fn locate(&self, start: u64, len: usize) -> Result<*mut u8, MemError> {
        let outside = MemError::NotRam {
            start,
            len: len as u64,
        };
        let bank = self
            .banks
            .iter()
            .find(|b| start >= b.base && start - b.base < b.size)
            .ok_or(outside)?;
        let offset = start - bank.base;
        if len as u64 > bank.size - offset {
            return Err(outside);
        }
        Ok(bank.memory.wrapping_add(offset as usize))
    }
}

#[cfg(test)]
mod tests;
