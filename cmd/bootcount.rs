// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootcount`: shows how often the system was started without coming up, or resets that.
//!
//! Behaviour: U-Boot, `cmd/bootcount.c`.
#![cfg(CONFIG_CMD_BOOTCOUNT)]

use crate::{CmdError, CmdResult, Context};
use boot::bootcount::Counter;
use common::println;

fn do_bootcount(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let counter = || Counter::find(&ctx.dm, &ctx.env);
    match args {
        [_, "print"] => {
            println!("{}", counter().map_or(0, |counter| counter.count()));
            Ok(())
        }
        // As in U-Boot, the variable keeps the count of this start.
        [_, "reset"] => match counter() {
            Some(counter) => Ok(counter.keep(&ctx.dm, &mut ctx.env, 0)?),
            None => Ok(()),
        },
        _ => Err(CmdError::Usage),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn nothing_is_counted_unasked() {
        assert_eq!(run("bootcount reset; bootcount print"), (0, "0\n".into()));
        for bad in ["bootcount", "bootcount x", "bootcount print 1"] {
            assert!(run(bad).1.contains("Usage:\nbootcount "), "{bad}");
        }
    }
}

command! {
    name: "bootcount",
    max_args: 2,
    repeatable: true,
    usage: "bootcount",
    help: "print - how often the system was started since it was up last\n\
        bootcount reset - set that to 0",
    subcommands: &["print", "reset"],
    run: do_bootcount,
}
