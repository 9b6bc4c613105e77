// SPDX-License-Identifier: GPL-2.0-or-later
//! `panic`: prints a text and restarts the machine.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/panic.rst`.
#![cfg(CONFIG_CMD_PANIC)]

use crate::{CmdResult, Context};
use common::println;

fn do_panic(ctx: &mut Context, args: &[&str]) -> CmdResult {
    println!("{}", args.get(1).unwrap_or(&""));
    crate::reset::restart(ctx)
}

command! {
    name: "panic",
    max_args: 2,
    repeatable: true,
    usage: "Panic with optional message",
    help: "[message]",
    run: do_panic,
}
