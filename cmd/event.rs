// SPDX-License-Identifier: GPL-2.0-or-later
//! `event`: who is told of the loader's events.
//!
//! Nothing in this loader spies on another part, so the list has only its
//! heading. Behaviour: U-Boot, `doc/usage/cmd/event.rst`.
#![cfg(CONFIG_CMD_EVENT)]

use crate::{CmdError, CmdResult, Context};
use common::println;

fn do_event(_ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args {
        [_, "list"] => {
            println!("Seq  {:<24}  {:>16}  ID", "Type", "Function");
            Ok(())
        }
        _ => Err(CmdError::Usage),
    }
}

#[cfg(test)]
#[test]
fn the_list_has_its_heading() {
    let heading = "Seq  Type                              Function  ID\n";
    assert_eq!(crate::testing::run("event list"), (0, heading.into()));
    assert_eq!(crate::testing::run("event").0, 1);
}

command! {
    name: "event",
    max_args: 2,
    repeatable: true,
    usage: "Events",
    help: "list - list who is told of events",
    subcommands: &["list"],
    run: do_event,
}
