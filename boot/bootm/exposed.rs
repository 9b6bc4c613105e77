// SPDX-License-Identifier: GPL-2.0-or-later
//! RAM that others may change while the kernel runs, and that it therefore must never use.
//!
//! All of it lies in the loader's own heap, so nothing of what the kernel needs
//! is there; that is checked all the same.

use crate::bootm::Handover;
use crate::fdt_support::{self as support, tree_at_mut};
use crate::place::overlap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use arch::mem::Ram;
use core::ops::Range;

/// The largest pages of an arm64 kernel.
const LARGEST_PAGE: u64 = 64 << 10;

/// Takes ranges of RAM away from a kernel that is ready to be started, as whole
/// pages of any size that it may have.
///
/// # Errors
/// Why that cannot be done; the kernel must then not be started.
pub fn withhold(ram: &mut Ram, handover: &Handover, exposed: &[Range<u64>]) -> Result<(), String> {
    if exposed.is_empty() {
        return Ok(());
    }
    let mut tree = tree_at_mut(ram, handover.fdt).map_err(|error| error.to_string())?;
    let blob = handover.fdt..handover.fdt.saturating_add(tree.fdt().bytes().len() as u64);
    let initrd = support::chosen_initrd(tree.fdt()).unwrap_or(0..0);
    let images = [&handover.kernel, &initrd, &blob];
    let is_used = |range: &Range<u64>| images.into_iter().any(|image| overlap(image, range));
    let mut ranges = Vec::new();
    for range in exposed {
        if is_used(range) {
            return Err(alloc::format!("it is at {:#x}", range.start));
        }
        let start = range.start & !(LARGEST_PAGE - 1);
        let wide = start..range.end.next_multiple_of(LARGEST_PAGE);
        // Beside an image, a kernel with such pages leaves alone what is only a part of one.
        ranges.push(match is_used(&wide) {
            false => wide,
            true => range.clone(),
        });
    }
    support::withhold(&mut tree, "mapped", &joined(ranges)).map_err(|error| error.to_string())
}

/// Ascending, and those that meet as one.
fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    let mut all: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fdt::testing::{build, node, xen_guest};
    use crate::fdt::{self, Fdt};
    use crate::fdt_support::{reserved, tree_at};

    const RAM: u64 = 0x4000_0000;
    const TREE: u64 = RAM + 0x8000;
    const KERNEL: Range<u64> = RAM + 0x12_0000..RAM + 0x18_3000;

    /// What is reserved in the kernel's tree afterwards.
    fn withheld(
        blob: &[u8],
        room: usize,
        exposed: &[Range<u64>],
    ) -> Result<Vec<Range<u64>>, String> {
        let mut ram = Ram::in_buffer(RAM, 0x20_0000, Vec::new());
        let target = ram.slice_mut(TREE, blob.len() + room).unwrap();
        fdt::open_into(Fdt::new(blob).unwrap(), target).unwrap();
        let handover = Handover {
            kernel: KERNEL,
            fdt: TREE,
        };
        withhold(&mut ram, &handover, exposed)?;
        let tree = tree_at(&ram, TREE).unwrap();
        for child in tree
            .find("/reserved-memory")
            .into_iter()
            .flat_map(|node| node.children())
        {
            assert!(child.property("no-map").is_some());
        }
        Ok(reserved(tree))
    }

    fn page(offset: u64) -> Range<u64> {
        RAM + offset..RAM + offset + 0x1000
    }

    #[test]
    fn pages_are_taken_away_as_large_ones() {
        let pages = [
            page(0x5_1000),
            page(0x5_f000),
            page(0x4_0000),
            page(0x9_2000),
        ];
        let ranges = withheld(&xen_guest(), 0x400, &pages).unwrap();
        let expected = [
            RAM + 0x4_0000..RAM + 0x6_0000,
            RAM + 0x9_0000..RAM + 0xa_0000,
        ];
        assert_eq!(ranges, expected);
    }

    #[test]
    fn what_is_beside_an_image_is_not_made_larger() {
        let ranges = withheld(&xen_guest(), 0x400, &[page(0x18_4000)]).unwrap();
        assert_eq!(ranges, [page(0x18_4000)]);
    }

    #[test]
    fn nothing_is_done_without_reason() {
        assert_eq!(withheld(&xen_guest(), 0, &[]), Ok(Vec::new()));
    }

    #[test]
    fn what_an_image_needs_cannot_be_taken_away() {
        for offset in [0x12_0000, 0x18_2000, 0x8000] {
            let error = withheld(&xen_guest(), 0x400, &[page(offset)]).unwrap_err();
            assert!(error.starts_with("it is at 0x4"), "{error}");
        }
    }

    #[test]
    fn a_tree_that_has_no_room_or_that_linux_would_ignore_is_refused() {
        assert!(withheld(&xen_guest(), 0, &[page(0x9_0000)]).is_err());
        let one = 1u32.to_be_bytes();
        let two = 2u32.to_be_bytes();
        let tree = |address, ranges: bool| {
            let cells: [(&str, &[u8]); 3] = [
                ("#address-cells", address),
                ("#size-cells", &two),
                ("ranges", &[]),
            ];
            let count = if ranges { 3 } else { 2 };
            let memory = node("reserved-memory", &cells[..count], &[]);
            let root: &[(&str, &[u8])] = &[("#address-cells", &two), ("#size-cells", &two)];
            build(&node("", root, &[memory]), &[], 0)
        };
        let pages = [page(0x9_0000)];
        assert_eq!(withheld(&tree(&two, true), 0x400, &pages).unwrap().len(), 1);
        assert!(withheld(&tree(&one, true), 0x400, &pages).is_err());
        assert!(withheld(&tree(&two, false), 0x400, &pages).is_err());
    }
}
