// SPDX-License-Identifier: GPL-2.0-or-later
//! Device registers, for drivers of emulated devices.

use crate::imp;

/// A mapped range of 32-bit registers.
pub struct Mmio {
    base: u64,
    size: u64,
}

impl Mmio {
    /// Maps the registers at a physical address.
    ///
    /// # Errors
    /// If the machine cannot, or the range is not one of devices.
    pub fn map(base: u64, size: u64) -> Result<Mmio, &'static str> {
        let end = base.checked_add(size).ok_or("the registers wrap around")?;
        imp::map_device(base..end)?;
        Ok(Mmio { base, size })
    }

    /// Reads the register at a byte offset; all ones outside of the range.
    pub fn read(&self, offset: u64) -> u32 {
        match self.register(offset) {
            // SAFETY: inside the mapped range, which is not RAM, and aligned.
            Some(register) => unsafe { register.read_volatile() },
            None => u32::MAX,
        }
    }

    /// Writes the register at a byte offset; nothing outside of the range.
    pub fn write(&self, offset: u64, value: u32) {
        if let Some(register) = self.register(offset) {
            // SAFETY: as in `read`.
            unsafe { register.write_volatile(value) }
        }
    }

    fn register(&self, offset: u64) -> Option<*mut u32> {
        let inside = offset.is_multiple_of(4) && offset.checked_add(4)? <= self.size;
        inside.then_some((self.base + offset) as usize as *mut u32)
    }
}
