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

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn only_images_are_run() {
        assert_eq!(
            run("mw.b 40000000 20 40; source 40000000"),
            (
                1,
                "## Executing script at 40000000\nWrong image format for \"source\" command\n"
                    .into()
            )
        );
        assert_eq!(run("source 1000").0, 1);
        assert!(run("source x").1.starts_with("## Error: 'x' is not ADDR"));
        assert!(run("source 1 2").1.contains("Usage:\nsource "));
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
