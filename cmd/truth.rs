// SPDX-License-Identifier: GPL-2.0-or-later
//! `true` and `false`.
#![cfg(CONFIG_HUSH_PARSER)]

use crate::{CmdError, CmdResult, Context};
use include::config::CONFIG_SYS_MAXARGS;

fn do_true(_ctx: &mut Context, _args: &[&str]) -> CmdResult {
    Ok(())
}

fn do_false(_ctx: &mut Context, _args: &[&str]) -> CmdResult {
    Err(CmdError::Failure)
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn one_succeeds_and_one_fails() {
        assert_eq!(run("true a b"), (0, "".into()));
        assert_eq!(run("false a b"), (1, "".into()));
    }
}

command! {
    name: "true",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "do nothing, successfully",
    run: do_true,
}

command! {
    name: "false",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "do nothing, unsuccessfully",
    run: do_false,
}
