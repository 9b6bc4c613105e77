// SPDX-License-Identifier: GPL-2.0-or-later
//! `source`: runs a script that is in memory.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/source.rst`.
#![cfg(CONFIG_CMD_SOURCE)]

use crate::image_common::{located, verify};
use crate::{CmdError, CmdResult, Context};
use boot::script;
use common::println;

fn do_source(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (address, part) = located(ctx, args.get(1))?;
    println!("## Executing script at {address:08x}");
    let text = script::read(&ctx.ram, address, part, verify(ctx));
    let text = text.map_err(|_| CmdError::Failure)?;
    match ctx.run_script(&text) {
        0 => Ok(()),
        status => Err(CmdError::Status(status)),
    }
}

command! {
    name: "source",
    max_args: 2,
    usage: "run script from memory",
    help: "[<addr>][:[<image>]|#[<config>]]\n\
        \t- run the script at 'addr', or at ${loadaddr}\n\
        \t- of a FIT image, run the one that 'image' or 'config' names; an empty\n\
        \t  name means the default",
    run: do_source,
}
