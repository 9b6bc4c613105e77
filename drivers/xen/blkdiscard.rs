// SPDX-License-Identifier: GPL-2.0-or-later
//! What a back-end lets be discarded: whole units of its storage.
//!
//! Source: `xen/include/public/io/blkif.h`. `discard-secure` is not asked for:
//! what is erased here may be left readable, as U-Boot's `erase` leaves it.

use crate::xen::xenbus::XenbusDevice;
use common::{Error, Result};
use core::ops::Range;
use include::xen::io::blkif::SECTOR;

/// Sectors of a request at most, if a unit is not larger: the back-end must answer in time.
const MOST: u64 = (256 << 20) / SECTOR;

/// The units of a disk, in sectors of 512 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    /// Sectors of one.
    pub size: u64,
    /// Where the first one begins, less than the size of one.
    pub first: u64,
}

impl Units {
    /// The units of a connected back-end; `block_size` is the disk's, in bytes.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if it offers none, [`Error::Protocol`] if they make no sense.
    pub fn offered(device: &XenbusDevice, block_size: u64) -> Result<Units> {
        if !device.feature("feature-discard")? {
            return Err(Error::Unsupported("the back-end does not offer discard"));
        }
        let size = device.number("discard-granularity")?.unwrap_or(block_size);
        let first = device.number("discard-alignment")?.unwrap_or(0);
        Units::new(size, first, block_size)
    }

    /// Units of so many bytes, the first one after so many.
    fn new(size: u64, first: u64, block_size: u64) -> Result<Units> {
        // Smaller ones cannot be addressed.
        let size = match size {
            1.. if block_size.is_multiple_of(size) => block_size,
            size => size,
        };
        let is_whole = |bytes: u64| bytes.is_multiple_of(block_size);
        if size == 0 || !is_whole(size) || !is_whole(first) {
            return Err(Error::Protocol("the units of discard make no sense"));
        }
        Ok(Units {
            size: size / SECTOR,
            first: first / SECTOR % (size / SECTOR),
        })
    }

    /// Whether sectors are whole units, as far as the disk has whole ones.
    pub fn hold(&self, sectors: &Range<u64>, disk: u64) -> bool {
        let is_edge = |sector| sector % self.size == self.first;
        let starts = sectors.start == 0 || is_edge(sectors.start);
        starts && (sectors.end == disk || is_edge(sectors.end))
    }

    /// The requests for sectors, each the first one and how many.
    pub fn requests(self, sectors: Range<u64>) -> impl Iterator<Item = (u64, u64)> {
        let most = (MOST / self.size).max(1).saturating_mul(self.size);
        let mut start = sectors.start;
        core::iter::from_fn(move || {
            // All but the first begin with a unit.
            let before = (start + self.size - self.first) % self.size;
            let count = (sectors.end - start).min(most - before);
            let request = (start, count);
            start += count;
            (count > 0).then_some(request)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn units_are_whole_blocks() {
        let units = |size, first| Units { size, first };
        for (size, first, block_size, wanted) in [
            (512, 0, 512, units(1, 0)),
            (4096, 0, 512, units(8, 0)),
            (4096, 1024, 512, units(8, 2)),
            (4096, 4096, 512, units(8, 0)),
            (4096, 4096 + 512, 512, units(8, 1)),
            (512, 0, 4096, units(8, 0)),
            (192 << 10, 0, 512, units(384, 0)),
        ] {
            assert_eq!(Units::new(size, first, block_size), Ok(wanted), "{size}");
        }
        for (size, first, block_size) in [
            (0, 0, 512),
            (3, 0, 512),
            (513, 0, 512),
            (u64::MAX, 0, 512),
            (6144, 0, 4096),
            (4096, 100, 512),
            // What Linux says of devices that do not fit together.
            (4096, 0xffff_ffff, 512),
            (4096, 512, 4096),
        ] {
            let result = Units::new(size, first, block_size);
            assert!(matches!(result, Err(Error::Protocol(_))), "{size} {first}");
        }
    }

    #[test]
    fn only_whole_units_and_the_disks_ends() {
        let units = Units { size: 8, first: 2 };
        for (range, wanted) in [
            (2..10, true),
            (10..26, true),
            (0..10, true),
            (90..99, true),
            (0..99, true),
            (1..10, false),
            (2..9, false),
            (3..11, false),
            (8..16, false),
            (91..99, false),
        ] {
            assert_eq!(units.hold(&range, 99), wanted, "{range:?}");
        }
    }

    #[test]
    fn requests_are_bounded_and_whole() {
        let requests = |size, first, range| -> Vec<(u64, u64)> {
            Units { size, first }.requests(range).collect()
        };
        assert_eq!(requests(8, 0, 16..32), [(16, 16)]);
        assert_eq!(requests(8, 0, 5..5), []);
        assert_eq!(requests(8, 0, 0..MOST + 8), [(0, MOST), (MOST, 8)]);
        // The first one makes up for what lies before the first unit.
        let many = requests(384, 2, 0..3 * MOST);
        assert!(many.iter().all(|&(_, count)| count <= MOST));
        assert!(many[1..].iter().all(|&(start, _)| start % 384 == 2));
        assert_eq!(many.iter().map(|&(_, count)| count).sum::<u64>(), 3 * MOST);
        // A unit that is larger than a request should be.
        let large = requests(MOST * 2, 0, 0..MOST * 4);
        assert_eq!(large, [(0, MOST * 2), (MOST * 2, MOST * 2)]);
    }
}
