// SPDX-License-Identifier: GPL-2.0-or-later
//! `exception`: makes the processor take an exception, to see what is then printed.
#![cfg(CONFIG_CMD_EXCEPTION)]

use crate::{CmdError, CmdResult, Context};
use arch::Fault;

fn do_exception(_ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args.get(1) {
        Some(&"breakpoint") => arch::raise(Fault::Breakpoint),
        Some(&"undefined") => arch::raise(Fault::Undefined),
        Some(&"unmapped") => arch::raise(Fault::Unmapped),
        _ => Err(CmdError::Usage),
    }
}

command! {
    name: "exception",
    max_args: 2,
    repeatable: false,
    usage: "take an exception, which resets the machine",
    help: "breakpoint - run a breakpoint instruction\nexception undefined  - run an undefined instruction\nexception unmapped   - read where there is no memory",
    run: do_exception,
}
