// SPDX-License-Identifier: GPL-2.0-or-later
//! The image for Xen guests on arm64: it links everything and holds no logic.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

// A crate that nothing names is not linked, and what it registers is lost.
extern crate drivers as _;
extern crate fs as _;

use arch::Machine;
use core::fmt::Arguments;
use core::panic::PanicInfo;

/// Where `arch` goes on once the machine is up.
#[allow(unsafe_code)] // It is found by its name.
#[unsafe(no_mangle)]
fn board_main(machine: Machine) -> ! {
    cmd::start(machine)
}

/// The last words of `arch`, before it resets the machine.
#[allow(unsafe_code)] // It is found by its name.
#[unsafe(no_mangle)]
fn board_emergency(text: Arguments) {
    if arch::arm::is_early() {
        return arch::arm::last_words(text);
    }
    common::console::break_lock();
    if !common::console::is_shown() {
        return arch::arm::last_words(text);
    }
    common::print!("{text}");
    common::console::drain();
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    board_emergency(format_args!("\n{info}\n"));
    arch::fatal()
}
