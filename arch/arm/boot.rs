// SPDX-License-Identifier: GPL-2.0-or-later
//! What was found before the image moved, and the machine made of it.

use crate::Machine;
use crate::mem::{Access, Ram, Reserved, owner};
use crate::plan::Plan;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::AtomicU64;
use fdt::Fdt;

/// The most banks of RAM that are used.
pub const MAX_BANKS: usize = 8;

static OWN_MEMORY: spin::Once<Range<u64>> = spin::Once::new();

/// Heap, page tables, stack and image.
pub fn own_memory() -> Range<u64> {
    OWN_MEMORY.get().cloned().unwrap_or(0..u64::MAX)
}

/// The timer when the loader began to run.
pub static STARTED_US: AtomicU64 = AtomicU64::new(0);

/// What `start` hands to the image that moved.
pub struct Found {
    pub plan: Plan,
    pub banks: heapless::Vec<Range<u64>, MAX_BANKS>,
    pub initrd: Option<Range<u64>>,
    pub old_image: Range<u64>,
    pub fdt_len: usize,
    pub tables: super::mmu::Enabled,
    /// The timer when the first instructions had run.
    pub started_us: u64,
}

/// The machine, for the board.
///
/// # Safety
/// The heap works, all banks are mapped, and nobody else uses them.
pub unsafe fn machine(
    plan: &Plan,
    banks: &[Range<u64>],
    initrd: Option<Range<u64>>,
    fdt_len: usize,
) -> Machine {
    OWN_MEMORY.call_once(|| plan.fdt.end..plan.image.end);
    let mut reserved: Vec<_> = [
        (plan.fdt.clone(), owner::DEVICE_TREE, Access::NoLoad),
        (plan.heap.clone(), owner::HEAP, Access::Private),
        (plan.tables.clone(), owner::TABLES, Access::Private),
        (plan.guard.clone(), owner::GUARD, Access::Unmapped),
        (plan.stack.clone(), owner::STACK, Access::Private),
        (plan.image.clone(), owner::IMAGE, Access::Private),
    ]
    .map(|(range, what, access)| Reserved {
        range,
        what,
        access,
    })
    .into();
    if let Some(range) = initrd {
        reserved.push(Reserved {
            range,
            what: "initial ramdisk",
            access: Access::NoLoad,
        });
    }
    let bank = banks
        .iter()
        .find(|b| b.contains(&plan.image.start))
        .cloned()
        .unwrap_or_default();
    // SAFETY: all banks are mapped, and the loader's part is private.
    let ram = unsafe { Ram::identity_mapped(banks, reserved) };

    let mut copy: Vec<u8> = alloc::vec![0; fdt_len];
    ram.peek(plan.fdt.start, &mut copy)
        .expect("the device tree was copied into RAM");
    let tree = Fdt::new(copy.leak()).expect("the device tree was read before");
    Machine {
        ram,
        tree: alloc::boxed::Box::leak(alloc::boxed::Box::new(tree)),
        fdt_address: plan.fdt.start,
        usable: bank.start..plan.fdt.start,
    }
}
