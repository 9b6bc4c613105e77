// SPDX-License-Identifier: GPL-2.0-or-later
//! `cls`: clears the terminal.
#![cfg(CONFIG_CMD_CLS)]

use crate::{CmdResult, Context};
use common::print;

/// Clear all, then to the top left corner; source: ECMA-48.
const CLEAR: &str = "\x1b[2J\x1b[1;1H";

fn do_cls(_ctx: &mut Context, _args: &[&str]) -> CmdResult {
    print!("{CLEAR}");
    Ok(())
}

#[cfg(test)]
#[test]
fn the_terminal_is_cleared() {
    assert_eq!(crate::testing::run("cls"), (0, CLEAR.into()));
}

command! {
    name: "cls",
    usage: "clear screen",
    run: do_cls,
}
