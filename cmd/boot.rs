// SPDX-License-Identifier: GPL-2.0-or-later
//! `boot` and `bootd`: run the default boot command.
#![cfg(CONFIG_CMD_BOOTD)]

use crate::{CmdError, CmdResult, Context};
use common::println;

/// Whether the boot command is running.
#[derive(Default)]
struct Booting(bool);

fn do_bootd(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    if core::mem::replace(&mut ctx.state::<Booting>().0, true) {
        println!("'bootd' recursion detected");
        return Err(CmdError::Failure);
    }
    let result = ctx.run_variable("bootcmd");
    ctx.state::<Booting>().0 = false;
    result
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn the_boot_command_is_run() {
        assert_eq!(output("setenv bootcmd 'echo a'; boot; bootd"), "a\na\n");
        assert_eq!(run("setenv bootcmd 'false'; boot").0, 1);
        assert_eq!(
            output("setenv bootcmd; boot"),
            "## Error: \"bootcmd\" not defined\n"
        );
    }

    #[test]
    fn a_boot_command_that_boots_is_refused() {
        assert_eq!(
            output("setenv bootcmd 'boot; echo a'; boot; boot"),
            "'bootd' recursion detected\na\n'bootd' recursion detected\na\n"
        );
    }
}

command! {
    name: "boot",
    repeatable: true,
    usage: "boot default, i.e., run 'bootcmd'",
    run: do_bootd,
}

command! {
    name: "bootd",
    repeatable: true,
    usage: "boot default, i.e., run 'bootcmd'",
    run: do_bootd,
}
