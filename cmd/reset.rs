// SPDX-License-Identifier: GPL-2.0-or-later
//! `reset` and `poweroff`: the ways out that start no operating system.

use crate::{CmdResult, Context};
use common::println;

fn do_reset(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    restart(ctx)
}

/// Starts the machine again.
pub fn restart(ctx: &Context) -> ! {
    println!("resetting ...");
    release_devices(ctx);
    arch::reset()
}

#[cfg(CONFIG_CMD_POWEROFF)]
fn do_poweroff(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    println!("poweroff ...");
    release_devices(ctx);
    arch::poweroff()
}

/// Writes back and gives back what the devices hold. A device that refuses must not keep the machine on.
fn release_devices(ctx: &Context) {
    if let Err(error) = ctx.dm.remove_all() {
        println!("## Error: a device could not be stopped: {error}");
    }
}

command! {
    name: "reset",
    max_args: 2,
    usage: "Perform RESET of the CPU",
    help: "- stop all devices and start the machine again\nreset -w - the same: there is no warm reset",
    run: do_reset,
}

#[cfg(CONFIG_CMD_POWEROFF)]
command! {
    name: "poweroff",
    usage: "Perform POWEROFF of the device",
    help: "- stop all devices and turn the machine off",
    run: do_poweroff,
}
