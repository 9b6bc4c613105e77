// SPDX-License-Identifier: GPL-2.0-or-later
//! What all commands that show the use of memory share.
//!
//! There is one list of reservations, [`Ram`]'s; what U-Boot's logical memory
//! blocks know is in it. Behaviour: U-Boot, `lib/lmb.c`.
#![cfg(any(CONFIG_CMD_BDI, CONFIG_CMD_LMB, CONFIG_CMD_MEMINFO))]

use alloc::vec::Vec;
use arch::mem::{Access, Ram, Reserved};
use common::println;

/// Prints what there is and what is reserved.
#[cfg(any(CONFIG_CMD_BDI, CONFIG_CMD_LMB))]
pub fn dump(ram: &Ram) {
    println!("lmb_dump_all:");
    println!(" memory.count = {:#x}", ram.banks().count());
    for (i, bank) in ram.banks().enumerate() {
        region("memory", i, bank.start, bank.end, "none");
    }
    println!(" reserved.count = {:#x}", ram.reserved().count());
    for (i, reserved) in reserved(ram).into_iter().enumerate() {
        let flags = match reserved.access {
            Access::Private | Access::Unmapped => "no-overwrite",
            Access::NoLoad => "no-load",
        };
        let range = &reserved.range;
        let flags = alloc::format!("{flags} ({})", reserved.what);
        region("reserved", i, range.start, range.end, &flags);
    }
}

/// What is reserved, by address.
pub fn reserved(ram: &Ram) -> Vec<&Reserved> {
    let mut reserved: Vec<_> = ram.reserved().collect();
    reserved.sort_by_key(|reserved| reserved.range.start);
    reserved
}

#[cfg(any(CONFIG_CMD_BDI, CONFIG_CMD_LMB))]
fn region(name: &str, i: usize, start: u64, end: u64, flags: &str) {
    let (last, size) = (end.saturating_sub(1), end.saturating_sub(start));
    println!(" {name}[{i}]\t[{start:#x}-{last:#x}], {size:#x} bytes, flags: {flags}");
}
