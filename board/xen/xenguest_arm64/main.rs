// SPDX-License-Identifier: GPL-2.0-or-later
//! The image for Xen guests on arm64: it links everything and holds no logic.
#![no_std]
#![no_main]

use arch::arm::Boot;

#[unsafe(no_mangle)]
fn board_main(boot: Boot) -> ! {
    common::println!("hello");
    arch::reset()
}

#[unsafe(no_mangle)]
fn board_emergency(text: core::fmt::Arguments) {
    common::console::break_lock();
    common::print!("{text}");
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    board_emergency(format_args!("\npanic: {}\n", info));
    arch::reset()
}
