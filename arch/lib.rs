// SPDX-License-Identifier: GPL-2.0-or-later
//! The machine: the only crate that knows which processor it runs on.
//!
//! `arm/` is the Xen guest, `sandbox/` a host process with the same interface.
//! Nothing above this crate knows which one it is linked with.
//!
//! - [`mem`]: RAM as an owned object, with what is reserved in it
//! - [`mmio`]: device registers
//! - [`random`]: random numbers
//! - [`time`]: the timer
//! - [`call`]: programs that come back
//! - [`reset`], [`poweroff`], [`start_kernel`]: the ways out
//!
//! The binary of a machine, and drivers of what only it has, may name its folder.
#![cfg_attr(target_os = "none", no_std)]

extern crate alloc;

pub mod mem;
pub mod mmio;
#[cfg(any(target_os = "none", test))]
mod plan;
pub mod random;
pub mod time;

#[cfg(target_os = "none")]
pub mod arm;
#[cfg(target_os = "none")]
use arm as imp;

#[cfg(not(target_os = "none"))]
pub mod sandbox;
#[cfg(not(target_os = "none"))]
use sandbox as imp;

/// The machine as it was found at the start.
pub struct Machine {
    /// All of RAM, with the loader's own memory reserved in it.
    pub ram: mem::Ram,
    /// The device tree that the machine's maker passed: a copy that never changes.
    pub tree: &'static fdt::Fdt<'static>,
    /// Where the user's copy of the tree is.
    pub fdt_address: u64,
    /// The first bank's part below the loader.
    pub usable: core::ops::Range<u64>,
}

/// Restarts the machine.
pub fn reset() -> ! {
    imp::reset()
}

/// Ends after an error of the loader's own: prints a backtrace and restarts the machine.
#[cfg(target_os = "none")]
pub fn fatal() -> ! {
    imp::fatal()
}

/// Ways to make the processor take an exception on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A breakpoint instruction.
    Breakpoint,
    /// An instruction that is none.
    Undefined,
    /// A read where nothing is mapped.
    Unmapped,
}

/// Takes an exception, to show what one looks like.
pub fn raise(fault: Fault) -> ! {
    imp::raise(fault)
}

/// Turns the machine off.
pub fn poweroff() -> ! {
    imp::poweroff()
}

/// The part number of the processor we run on, as in the Main ID Register.
pub fn cpu_part() -> u32 {
    imp::cpu_part()
}

/// Makes what was written to `code` visible to instruction fetches.
pub fn flush_cache(code: &[u8]) {
    imp::flush_cache(code);
}

/// Calls a program in RAM as `int f(int argc, char *argv[])`, and gives what it returned.
///
/// `entry` must be in the user's RAM. All of the user's RAM can be executed
/// until the program returns, the loader's data at no time. Gives `None` from
/// a machine that cannot run it.
///
/// # Errors
/// If the memory cannot be made executable; then nothing was called.
pub fn call(ram: &mut mem::Ram, entry: u64, args: &[&str]) -> Result<Option<u64>, &'static str> {
    imp::call(ram, entry, args)
}

/// Leaves the loader: starts an operating system by the arm64 boot protocol.
///
/// `kernel` is its image in memory, header first, BSS included; `fdt` the
/// address of its device tree. Comes back only from a machine that cannot run
/// a kernel; else nothing of the loader is left.
#[allow(unreachable_code)] // On a real machine it does not come back.
pub fn start_kernel(ram: &mut mem::Ram, kernel: core::ops::Range<u64>, fdt: u64) {
    imp::start_kernel(ram, kernel, fdt)
}
