// SPDX-License-Identifier: GPL-2.0-or-later
//! Programs that run beside the loader and come back: for `go` and `bootm`.
//!
//! They are called as `int f(int argc, char *argv[])`. U-Boot's table of
//! functions for them does not exist here.

use crate::bootm::{Failed, failed};
use arch::mem::Ram;
use common::{console, println};

/// The size of an instruction, and what its address must be a multiple of.
const INSTRUCTION: usize = 4;

/// Calls the program at an address, which has to return 0.
///
/// # Errors
/// If there can be no program, or it failed; the console has been told.
pub fn run(ram: &mut Ram, entry: u64, args: &[&str]) -> Result<(), Failed> {
    match call(ram, entry, args)? {
        None | Some(0) => Ok(()),
        Some(result) => {
            println!("The program failed: rc = 0x{result:X}");
            Err(Failed)
        }
    }
}

/// Calls the program at an address and gives what it returned, or `None` from a
/// machine that cannot run it, such as the sandbox.
///
/// # Errors
/// If there can be no program; the console has been told.
pub fn call(ram: &mut Ram, entry: u64, args: &[&str]) -> Result<Option<u64>, Failed> {
    let refused = |why: &dyn core::fmt::Display| failed("ERROR: there is no program", why);
    ram.slice(entry, INSTRUCTION)
        .map_err(|error| refused(&error))?;
    if !entry.is_multiple_of(INSTRUCTION as u64) {
        return Err(refused(&format_args!("{entry:#x} is not a multiple of 4")));
    }
    console::drain();
    let called = arch::call(ram, entry, args);
    let result = called.map_err(|error| failed("ERROR: the program cannot be called", error))?;
    if result.is_none() {
        println!("## Transferring control to application (at address {entry:08x})...");
        println!("sandbox: continuing, as we cannot run an application");
    }
    Ok(result)
}
