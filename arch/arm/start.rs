// SPDX-License-Identifier: GPL-2.0-or-later
//! From the first Rust instruction to the board: find the memory, turn the MMU
//! on, move the image to the top of RAM.

use crate::Machine;
use crate::arm::boot::{Found, MAX_BANKS, STARTED_US, machine};
use crate::arm::{cache, entry, exception, heap, mmu};
use crate::plan::{Plan, plan};
use core::ops::Range;
use core::sync::atomic::Ordering;
use fdt::Fdt;
use include::config;

unsafe extern "Rust" {
    /// The board: what the binary does once the machine is up.
    safe fn board_main(machine: Machine) -> !;
}

/// Runs where Xen loaded the image, with the MMU off and no heap.
#[unsafe(no_mangle)]
extern "C" fn early_start(fdt: *const u8, base: u64) -> ! {
    let started_us = crate::time::us();
    // SAFETY: by the boot protocol x0 is the device tree's address.
    let tree =
        unsafe { Fdt::from_ptr(fdt) }.unwrap_or_else(|_| panic!("no device tree at {fdt:p}"));
    let banks = banks(&tree);
    let fdt_range = fdt as u64..fdt as u64 + tree.total_size() as u64;
    let old_image = base..entry::layout().end;
    let initrd = initrd(&tree);
    let bank = banks
        .iter()
        .find(|b| b.contains(&base))
        .unwrap_or_else(|| panic!("{base:#x} is not in RAM"))
        .clone();

    let mut used: heapless::Vec<Range<u64>, 3> = heapless::Vec::new();
    _ = used.push(old_image.clone());
    _ = used.push(fdt_range.clone());
    _ = initrd.clone().map(|range| used.push(range));
    let image_size = old_image.end - old_image.start;
    let plan = plan(
        bank,
        &used,
        image_size,
        tree.total_size() as u64,
        config::CONFIG_SYS_MALLOC_LEN,
    )
    .unwrap_or_else(|| panic!("no room for the loader in RAM"));

    let tables = map_ram(&plan, &banks, &old_image).unwrap_or_else(|e| panic!("the MMU: {e:?}"));
    // SAFETY: the image, its stack and the trees are mapped; all that was written is the image's own range.
    let tables = unsafe {
        cache::invalidate(old_image.clone());
        tables.enable()
    };

    let found = Found {
        banks,
        initrd,
        old_image,
        fdt_len: tree.total_size(),
        plan,
        tables,
        started_us,
    };
    relocate(found, fdt)
}

/// Copies image and device tree to their places and goes on there.
fn relocate(found: Found, fdt: *const u8) -> ! {
    let plan = &found.plan;
    let new = plan.image.start;
    let len = (found.old_image.end - found.old_image.start) as usize;
    let offset = |function: u64| function - found.old_image.start + new;
    let function = offset(late_start as *const () as u64);
    let stack = plan.stack.end - (size_of::<Found>() as u64).next_multiple_of(16);
    // SAFETY: the plan's ranges are unused RAM, big enough, and apart from what is copied; the
    // value of `found` is moved to the new stack, above where that stack begins.
    unsafe {
        core::ptr::copy_nonoverlapping(fdt, plan.fdt.start as usize as *mut u8, found.fdt_len);
        core::ptr::copy_nonoverlapping(
            found.old_image.start as usize as *const u8,
            new as usize as *mut u8,
            len,
        );
        entry::relocate(new);
        cache::clean_to_unification(new..new + len as u64);
        (stack as usize as *mut Found).write(found);
        entry::jump_to(stack, stack, function)
    }
}

/// Runs in the image that moved.
extern "C" fn late_start(found: *mut Found) -> ! {
    exception::install();
    // SAFETY: `relocate` wrote it there, and nobody else reads it.
    let found = unsafe { found.read() };
    STARTED_US.store(found.started_us, Ordering::Relaxed);
    mmu::protect(found.tables, &entry::layout(), found.old_image)
        .unwrap_or_else(|e| panic!("the MMU: {e:?}"));
    // SAFETY: the plan keeps the heap for itself.
    unsafe { heap::init(found.plan.heap.clone()) };
    // SAFETY: the heap works from here on.
    board_main(unsafe { machine(&found.plan, &found.banks, found.initrd, found.fdt_len) })
}

/// Maps all of RAM but the stack's guard page; the two images by the page, and
/// the loader's data apart from the user's, whose rights change for programs.
fn map_ram(
    plan: &Plan,
    banks: &[Range<u64>],
    old_image: &Range<u64>,
) -> Result<mmu::Builder, aarch64_paging::MapError> {
    // SAFETY: the plan keeps these pages for the tables.
    let mut tables = unsafe { mmu::Builder::new(plan.tables.clone()) };
    let data = plan.heap.start..plan.guard.start;
    let data_and_guard = data.start..plan.guard.end;
    let mut apart = [old_image.clone(), plan.image.clone(), data_and_guard];
    apart.sort_unstable_by_key(|range| range.start);
    for bank in banks {
        let mut start = bank.start;
        for hole in apart.iter().filter(|hole| bank.contains(&hole.start)) {
            tables.ram(start..hole.start)?;
            start = hole.end;
        }
        tables.ram(start..bank.end)?;
    }
    tables.ram(data)?;
    tables.pages(old_image.clone(), true)?;
    tables.pages(plan.image.clone(), true)?;
    Ok(tables)
}

/// The ranges of all memory nodes.
fn banks(tree: &Fdt) -> heapless::Vec<Range<u64>, MAX_BANKS> {
    let nodes = tree.all_nodes().filter(|n| {
        n.property("device_type")
            .is_some_and(|p| p.value == b"memory\0")
    });
    let ranges = nodes.filter_map(|n| n.reg()).flatten().map(|r| {
        let start = r.starting_address as u64;
        start..start + r.size.unwrap_or(0) as u64
    });
    ranges
        .filter(|range| !range.is_empty())
        .take(MAX_BANKS)
        .collect()
}

/// The initial ramdisk that Xen loaded, if there is one.
fn initrd(tree: &Fdt) -> Option<Range<u64>> {
    let chosen = tree.find_node("/chosen")?;
    let cell = |name| {
        chosen
            .property(name)
            .and_then(|p| p.as_usize())
            .map(|v| v as u64)
    };
    Some(cell("linux,initrd-start")?..cell("linux,initrd-end")?).filter(|range| !range.is_empty())
}
