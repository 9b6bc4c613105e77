// SPDX-License-Identifier: GPL-2.0-or-later
//! `history`: shows the lines typed so far.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/history.rst`.
#![cfg(CONFIG_CMD_HISTORY)]

use crate::{CmdResult, Context};
use common::println;
use include::config::CONFIG_SYS_MAXARGS;

fn do_history(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    ctx.shell.history().for_each(|line| println!("{line}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn lines_that_were_typed_are_shown() {
        let console = testing::capture();
        let mut ctx = testing::context();
        ctx.run_script("echo not typed; history");
        assert_eq!(console.take(), "not typed\n");
        console.keys("true a\r\rfalse  b\rhistory\r");
        (0..4).for_each(|_| ctx.interact());
        assert!(console.take().ends_with("\ntrue a\nfalse  b\nhistory\n"));
    }
}

command! {
    name: "history",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "print command history",
    help: "\n    - show the lines typed so far, the oldest first",
    run: do_history,
}
