// SPDX-License-Identifier: GPL-2.0-or-later
//! `mdc`, `mwc`: show or fill memory again and again until Ctrl-C.

use super::{do_md, do_mw};
use crate::number::decimal;
use crate::{CmdError, CmdResult, Context};
use arch::time::Deadline;
use common::{console, println};

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
        run(ctx, &[name, address, argument])?;
        let deadline = Deadline::after_ms(delay);
        loop {
            if console::ctrlc() {
                println!("Abort");
                return Ok(());
            }
            if deadline.expired() {
                break;
            }
            core::hint::spin_loop();
        }
    }
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
