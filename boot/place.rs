// SPDX-License-Identifier: GPL-2.0-or-later
//! Places in RAM for a kernel, an initramfs and a device tree.
//!
//! What is well placed stays where it is. The loader's own memory is never
//! given away: it lives until the jump. Neighbours: [`arch::mem::Ram`] says what
//! is reserved, [`crate::bootm`] makes the moves that a [`Plan`] asks for.

use crate::image::Image;
use crate::limits::{High, Limits};
use alloc::vec::Vec;
use arch::mem::Ram;
use core::fmt;
use core::ops::Range;

/// Alignment of what is put somewhere without a rule of its own.
pub const PAGE: u64 = 0x1000;

/// The free parts of RAM, ascending within each bank, banks in their order.
#[derive(Clone, Debug)]
pub struct Free(Vec<Range<u64>>);

impl Free {
    /// All RAM in which nothing is reserved.
    pub fn of(ram: &Ram) -> Free {
        let mut free = Free(ram.banks().collect());
        ram.reserved()
            .for_each(|reserved| free.remove(&reserved.range));
        free
    }

    /// Takes a range out.
    pub fn remove(&mut self, used: &Range<u64>) {
        if used.is_empty() {
            return;
        }
        let split = |range: &Range<u64>| {
            let below = range.start..range.end.min(used.start.max(range.start));
            let above = range.start.max(used.end.min(range.end))..range.end;
            [below, above]
        };
        self.0 = self
            .0
            .iter()
            .flat_map(|range| {
                if overlap(range, used) {
                    split(range)
                } else {
                    [range.clone(), 0..0]
                }
            })
            .filter(|range| !range.is_empty())
            .collect();
    }

    /// Without some ranges.
    pub fn without<'a>(&self, used: impl IntoIterator<Item = &'a Range<u64>>) -> Free {
        let mut free = self.clone();
        used.into_iter().for_each(|range| free.remove(range));
        free
    }

    /// Whether all of `len` bytes at `start` are free.
    pub fn fits(&self, start: u64, len: u64) -> bool {
        self.room(start).is_some_and(|room| len <= room)
    }

    /// Bytes from `start` on that are free; `None` if it is not in free memory, nor at its end.
    pub fn room(&self, start: u64) -> Option<u64> {
        let contains = |range: &&Range<u64>| range.start <= start && start <= range.end;
        let rooms = self.0.iter().filter(contains);
        rooms.map(|range| range.end.saturating_sub(start)).max()
    }

    /// The lowest place for a kernel in the first bank that has one.
    pub fn lowest(&self, image: &Image) -> Option<u64> {
        self.0
            .iter()
            .filter_map(|range| image.place_from(range.start))
            .find(|&start| self.fits(start, image.size))
    }

    /// The highest page-aligned place of the first bank that has one.
    pub fn highest(&self, ram: &Ram, len: u64) -> Option<u64> {
        ram.banks().find_map(|bank| {
            self.0
                .iter()
                .rev()
                .filter(|range| overlap(range, &bank))
                .find_map(|range| {
                    let start = range.end.checked_sub(len)?;
                    let start = start.checked_sub(start.checked_rem(PAGE)?)?;
                    (start >= range.start).then_some(start)
                })
        })
    }

    /// What of it is inside of a range.
    pub fn within(mut self, range: &Range<u64>) -> Free {
        self.remove(&(0..range.start));
        self.remove(&(range.end..u64::MAX));
        self
    }

    /// The largest free part.
    pub fn largest(&self) -> Option<Range<u64>> {
        self.0
            .iter()
            .max_by_key(|range| range.end.saturating_sub(range.start))
            .cloned()
    }
}

/// What is to be placed.
#[derive(Clone, Debug)]
pub struct Request {
    /// The kernel's header.
    pub image: Image,
    /// Where the kernel's bytes are.
    pub kernel: Range<u64>,
    /// Where the initramfs is, if one was given.
    pub initrd: Option<Range<u64>>,
    /// Where the device tree is.
    pub fdt: Range<u64>,
    /// Bytes that the device tree needs at its new place.
    pub fdt_len: u64,
    /// What must stay untouched: reservations of the device tree, an initramfs that it names.
    pub keep: Vec<Range<u64>>,
    /// What the user wants.
    pub limits: Limits,
}

/// Where everything goes. The moves are to be made in this order: initramfs,
/// kernel, device tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The start of the initramfs, if one was given.
    pub initrd: Option<u64>,
    /// The start of the kernel, which is its entry too.
    pub kernel: u64,
    /// The start of the device tree.
    pub fdt: u64,
    /// The bytes that it has there.
    pub fdt_len: u64,
}

/// What there is no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom {
    /// What it is.
    pub what: &'static str,
    /// Bytes that it needs.
    pub len: u64,
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "there is no room in RAM for the {} ({:#x} bytes)",
            self.what, self.len
        )
    }
}

impl Plan {
    /// Whether the device tree stays where it is.
    pub fn keeps_fdt(&self, request: &Request) -> bool {
        self.fdt == request.fdt.start
    }
}

/// Whether an initramfs is where the kernel can reach it and nothing else belongs. A
/// reservation that begins with it is its own.
fn may_stay(request: &Request, initrd: &Range<u64>) -> bool {
    let map = &request.limits.map;
    let others = request
        .keep
        .iter()
        .filter(|kept| kept.start != initrd.start);
    map.start <= initrd.start
        && initrd.end <= map.end
        && !others.into_iter().any(|kept| overlap(kept, initrd))
}

/// Finds places for everything.
///
/// # Errors
/// If something does not fit next to what must stay.
pub fn plan(ram: &Ram, request: &Request) -> Result<Plan, NoRoom> {
    let free = Free::of(ram).without(&request.keep).without([&request.fdt]);
    let (kernel, initrd) = match &request.initrd {
        None => (kernel_place(ram, request, &free), None),
        Some(initrd) if request.limits.initrd == High::InPlace => {
            let kernel = kernel_place(ram, request, &free.without([initrd]));
            (kernel, Some(initrd.start))
        }
        Some(initrd) if request.limits.initrd != High::Anywhere || !may_stay(request, initrd) => {
            let beside = kernel_place(ram, request, &free.without([initrd]));
            let kernel = beside.or_else(|| kernel_place(ram, request, &free));
            (kernel, initrd_place(ram, request, &free, kernel, initrd))
        }
        Some(initrd) => {
            // The initramfs stays, unless the kernel fits only without it.
            match kernel_place(ram, request, &free.without([initrd])) {
                Some(kernel) => (Some(kernel), Some(initrd.start)),
                None => {
                    let kernel = kernel_place(ram, request, &free);
                    (kernel, initrd_place(ram, request, &free, kernel, initrd))
                }
            }
        }
    };
    let kernel = kernel.ok_or(NoRoom {
        what: "kernel",
        len: request.image.size,
    })?;
    let initrd_range = match (&request.initrd, initrd) {
        (None, _) => 0..0,
        (Some(old), Some(new)) => new..new.saturating_add(len(old)),
        (Some(old), None) => {
            return Err(NoRoom {
                what: "initramfs next to the kernel",
                len: len(old),
            });
        }
    };
    let rest = free.without([
        &initrd_range,
        &(kernel..kernel.saturating_add(request.image.size)),
    ]);
    let (fdt, fdt_len) = fdt_place(ram, request, &rest).ok_or(NoRoom {
        what: "device tree",
        len: request.fdt_len,
    })?;
    Ok(Plan {
        initrd,
        kernel,
        fdt,
        fdt_len,
    })
}

/// Where the device tree goes, and the bytes that it has there.
fn fdt_place(ram: &Ram, request: &Request, rest: &Free) -> Option<(u64, u64)> {
    let limits = &request.limits;
    let len = request.fdt_len;
    if limits.fdt != High::InPlace {
        return Some((limits.free(rest, limits.fdt).highest(ram, len)?, len));
    }
    // It grows if what follows it is free.
    let own = self::len(&request.fdt);
    let grown = len.saturating_sub(own);
    match rest.fits(request.fdt.end, grown) {
        true => Some((request.fdt.start, len)),
        false => Some((request.fdt.start, own)),
    }
}

/// Where it is if that is allowed, else just above, else as low as possible.
fn kernel_place(ram: &Ram, request: &Request, free: &Free) -> Option<u64> {
    let image = &request.image;
    let bottom = ram.banks().next().map_or(0, |bank| bank.start);
    let wish = if image.anywhere {
        request.kernel.start
    } else {
        bottom
    };
    let wish = image
        .place_from(wish)
        .filter(|&start| free.fits(start, image.size));
    wish.or_else(|| free.lowest(image))
}

/// A new place for the initramfs, apart from everything that is still needed.
fn initrd_place(
    ram: &Ram,
    request: &Request,
    free: &Free,
    kernel: Option<u64>,
    initrd: &Range<u64>,
) -> Option<u64> {
    let kernel = kernel?;
    let kernel = kernel..kernel.saturating_add(request.image.size);
    let limits = &request.limits;
    limits
        .free(&free.without([&kernel, &request.kernel]), limits.initrd)
        .highest(ram, len(initrd))
}

/// Whether two ranges have a byte in common.
pub fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end && !a.is_empty() && !b.is_empty()
}

/// Bytes of a range.
pub fn len(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

#[cfg(test)]
mod tests;
