// SPDX-License-Identifier: GPL-2.0-or-later
//! `mdc`, `mwc`: show or fill memory again and again until Ctrl-C.

use super::{do_md, do_mw};
use crate::number::decimal;
use crate::{CmdError, CmdResult, Context};
use arch::time::Deadline;
use common::{Error, console, println};

/// Runs a command with two arguments again and again; the third is the time in between.
fn cycle(
    ctx: &mut Context,
    args: &[&str],
    run: fn(&mut Context, &[&str]) -> CmdResult,
) -> CmdResult {
    let &[name, address, argument, delay] = args else {
        return Err(CmdError::Usage);
    };
    let delay = decimal(delay);
    loop {
        // It looks for Ctrl-C too, and that is no other end than one in between.
        match run(ctx, &[name, address, argument]) {
            Err(CmdError::Error(Error::Interrupted)) => break,
            result => result?,
        }
        if !passes(delay) {
            break;
        }
    }
    println!("Abort");
    Ok(())
}

/// Whether this many milliseconds pass without Ctrl-C.
fn passes(delay: u64) -> bool {
    let deadline = Deadline::after_ms(delay);
    while !console::ctrlc() {
        if deadline.expired() {
            return true;
        }
        core::hint::spin_loop();
    }
    false
}

command! {
    name: "mdc",
    max_args: 4,
    repeatable: true,
    usage: "memory display cyclic",
    help: "[.b, .w, .l, .q] address count delay(ms)",
    run: |ctx, args| cycle(ctx, args, do_md),
}

command! {
    name: "mwc",
    max_args: 4,
    repeatable: true,
    usage: "memory write cyclic",
    help: "[.b, .w, .l, .q] address value delay(ms)",
    run: |ctx, args| cycle(ctx, args, do_mw),
}
