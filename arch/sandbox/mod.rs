// SPDX-License-Identifier: GPL-2.0-or-later
//! A Linux process as the machine.
//!
//! - [`options`]: the command line
//! - [`start`]: RAM and the control device tree
//! - [`terminal`]: raw mode, given back at every end of the process
//! - [`os`]: what drivers ask of the host
//! - [`exit`]: the ends of the process, which a test can catch
//!
//! Behaviour: U-Boot, `doc/arch/sandbox/sandbox.rst`.
#![allow(unsafe_code)]

pub mod exit;
pub mod options;
pub mod os;
pub mod start;
pub mod terminal;

use crate::Fault;
use crate::mem::Ram;
use exit::Exit;
use std::cell::Cell;
use std::ops::Range;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

std::thread_local! {
    /// This thread's time in microseconds, once it only passes by [`advance`].
    static MANUAL: Cell<Option<u64>> = const { Cell::new(None) };
}

pub(crate) fn timer_us() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    MANUAL
        .get()
        .unwrap_or_else(|| START.get_or_init(Instant::now).elapsed().as_micros() as u64)
}

pub(crate) fn advance(us: u64) {
    MANUAL.set(Some(timer_us().saturating_add(us)));
}

/// Lets others run while time passes.
pub(crate) fn relax(us: u64) {
    match MANUAL.get() {
        Some(_) => advance(us),
        None => std::thread::sleep(Duration::from_micros(us)),
    }
}

/// 64 random bits of the host.
pub(crate) fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // The library seeds it from the host's generator, and never twice alike.
    RandomState::new().hash_one(std::process::id())
}

/// Starts this program again, with the same arguments.
pub(crate) fn reset() -> ! {
    exit::leave(Exit::Reset);
    terminal::restore();
    // What the link names is this very program, even if a newer one was built since.
    let mut again = Command::new("/proc/self/exe");
    let mut words = std::env::args_os();
    if let Some(name) = words.next() {
        again.arg0(name);
    }
    let error = again.args(words).exec();
    eprintln!("u-boot: cannot start again: {error}");
    std::process::exit(1)
}

pub(crate) fn poweroff() -> ! {
    exit::leave(Exit::Poweroff);
    std::process::exit(0)
}

/// A host's processor has no such number.
pub(crate) fn cpu_part() -> u32 {
    0
}

pub(crate) fn raise(fault: Fault) -> ! {
    exit::leave(Exit::Fault);
    let signal = match fault {
        Fault::Breakpoint => libc::SIGTRAP,
        Fault::Undefined => libc::SIGILL,
        Fault::Unmapped => libc::SIGSEGV,
    };
    // SAFETY: a signal to the process itself.
    unsafe { libc::raise(signal) };
    std::process::abort()
}

pub(crate) fn flush_cache(_code: &[u8]) {}

/// The programs of the board are for another processor.
pub(crate) fn call(
    _ram: &mut Ram,
    _entry: u64,
    _args: &[&str],
) -> Result<Option<u64>, &'static str> {
    Ok(None)
}

/// There is no processor to give to a kernel: comes back.
pub(crate) fn start_kernel(_ram: &mut Ram, _kernel: Range<u64>, _fdt: u64) {}

/// The sandbox has no devices in memory.
pub(crate) fn map_device(_range: Range<u64>) -> Result<(), &'static str> {
    Err("no device registers here")
}
