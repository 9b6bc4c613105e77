// SPDX-License-Identifier: GPL-2.0-or-later
//! Programs that are called and come back.
//!
//! The user's RAM is for data only. While a program runs, and no longer, it is
//! also for code, because nobody knows how large the program is. The loader's
//! own memory keeps its rights.

use crate::arm::boot::own_memory;
use crate::arm::{cache, mmu};
use crate::mem::Ram;
use aarch64_cpu::asm::barrier::{SY, isb};
use aarch64_cpu::registers::{CPACR_EL1, Readable, Writeable};
use alloc::vec::Vec;
use core::ops::Range;

type Program = extern "C" fn(i32, *const *mut u8) -> u64;

/// Calls a program in the user's RAM.
pub fn call(ram: &mut Ram, entry: u64, args: &[&str]) -> Result<Option<u64>, &'static str> {
    // A program may write to its arguments, so they are its own copies.
    let mut words: Vec<Vec<u8>> = args
        .iter()
        .map(|arg| arg.bytes().chain([0]).collect())
        .collect();
    let mut argv: Vec<*mut u8> = words.iter_mut().map(|word| word.as_mut_ptr()).collect();
    argv.push(core::ptr::null_mut());

    let places: Vec<_> = ram.banks().flat_map(users).collect();
    for place in &places {
        cache::clean_to_unification(place.clone());
    }
    let result = set_executable(&places, true).map(|()| enter(entry, args.len(), &argv));
    set_executable(&places, false)?;
    result.map(Some)
}

/// The parts of a bank that are not the loader's.
fn users(bank: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let own = own_memory();
    let below = bank.start..bank.end.min(own.start);
    let above = bank.start.max(own.end)..bank.end;
    [below, above].into_iter().filter(|part| !part.is_empty())
}

fn set_executable(places: &[Range<u64>], executable: bool) -> Result<(), &'static str> {
    places
        .iter()
        .try_for_each(|place| mmu::set_executable(place.clone(), executable))
}

fn enter(entry: u64, argc: usize, argv: &[*mut u8]) -> u64 {
    // The loader has no use for these registers, but compilers of programs do.
    let before = CPACR_EL1.get();
    CPACR_EL1.write(CPACR_EL1::FPEN::TrapNothing);
    isb(SY);
    // SAFETY: the user asks for it. What is at `entry` is mapped and executable; that it is
    // a program which keeps to the calling convention, only the user can know.
    let program =
        unsafe { core::mem::transmute::<*const (), Program>(entry as usize as *const ()) };
    let result = program(argc as i32, argv.as_ptr());
    CPACR_EL1.set(before);
    isb(SY);
    result
}
