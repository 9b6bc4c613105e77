// SPDX-License-Identifier: GPL-2.0-or-later
//! Where the loader goes in RAM: at the top of the bank that Xen put it in.
//!
//! From low to high: copy of the device tree, heap, page tables, a page that
//! nothing is mapped at, stack, image.

use core::ops::Range;

/// The unit of everything here.
pub const PAGE: u64 = 4096;
/// Stack of the loader, in bytes.
const STACK: u64 = 256 << 10;
/// Page tables: enough for each bank to begin and end at any page.
const TABLES: u64 = 64 * PAGE;
/// Room for edits in the copy of the device tree.
const FDT_ROOM: u64 = 64 << 10;
/// Small guests keep at least this share of RAM for what they boot.
const HEAP_SHARE: u64 = 8;

/// The loader's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The device tree that `${fdtcontroladdr}` names.
    pub fdt: Range<u64>,
    /// The heap.
    pub heap: Range<u64>,
    /// Page tables.
    pub tables: Range<u64>,
    /// Nothing, so that an overflowing stack is noticed.
    pub guard: Range<u64>,
    /// The stack.
    pub stack: Range<u64>,
    /// The image.
    pub image: Range<u64>,
}

/// Places the loader in `bank`, away from what is in `used`.
///
/// Returns `None` if there is no room.
pub fn plan(
    bank: Range<u64>,
    used: &[Range<u64>],
    image: u64,
    fdt: u64,
    heap: u64,
) -> Option<Plan> {
    let heap = align_down(heap.min((bank.end - bank.start) / HEAP_SHARE));
    let sizes = [
        align_up(fdt + FDT_ROOM),
        heap,
        TABLES,
        PAGE,
        STACK,
        align_up(image),
    ];
    let total: u64 = sizes.iter().sum();

    let mut end = align_down(bank.end);
    let mut start = loop {
        let start = end
            .checked_sub(total)
            .filter(|&start| start >= bank.start)?;
        match used.iter().find(|u| start < u.end && u.start < end) {
            Some(hit) => end = align_down(hit.start),
            None => break start,
        }
    };
    let [fdt, heap, tables, guard, stack, image] = sizes.map(|size| {
        let range = start..start + size;
        start = range.end;
        range
    });
    Some(Plan {
        fdt,
        heap,
        tables,
        guard,
        stack,
        image,
    })
}

fn align_down(address: u64) -> u64 {
    address & !(PAGE - 1)
}

fn align_up(size: u64) -> u64 {
    align_down(size + PAGE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn parts(p: &Plan) -> [Range<u64>; 6] {
        [
            p.fdt.clone(),
            p.heap.clone(),
            p.tables.clone(),
            p.guard.clone(),
            p.stack.clone(),
            p.image.clone(),
        ]
    }

    #[test]
    fn goes_to_the_top_in_order() {
        let plan = plan(0x4000_0000..0x6000_0000, &[], MIB - 5, 5000, 32 * MIB).unwrap();
        assert_eq!(plan.image, 0x5ff0_0000..0x6000_0000);
        assert_eq!(plan.heap.end - plan.heap.start, 32 * MIB);
        assert!(parts(&plan).windows(2).all(|w| w[0].end == w[1].start));
        assert!(parts(&plan).iter().all(|r| r.start.is_multiple_of(PAGE)));
        assert!(plan.fdt.end - plan.fdt.start >= 5000 + FDT_ROOM);
    }

    #[test]
    fn keeps_away_from_what_is_used() {
        let used = [0x43e0_0000..0x4400_0000, 0x4000_0000..0x4010_0000];
        let small = plan(0x4000_0000..0x4400_0000, &used, MIB, 5000, 32 * MIB).unwrap();
        assert_eq!(small.image.end, 0x43e0_0000);
        assert_eq!(small.heap.end - small.heap.start, 8 * MIB);
        assert_eq!(plan(0x4000_0000..0x4010_0000, &used, MIB, 5000, MIB), None);
        let all = 0x4000_0000..0x4400_0000;
        assert_eq!(
            plan(
                0x4000_0000..0x4400_0000,
                core::slice::from_ref(&all),
                MIB,
                5000,
                MIB
            ),
            None
        );
    }
}
