// SPDX-License-Identifier: GPL-2.0-or-later
//! `help`: lists the commands and says how they are used.
#![cfg(CONFIG_CMD_HELP)]

use crate::command::{find, sorted};
use crate::{CmdError, CmdResult, Context};
use common::{Error, console, println};
use include::config::CONFIG_SYS_MAXARGS;

fn do_help(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match &args[1..] {
        [] => list(ctx),
        names => explain(ctx, names),
    }
}

fn list(ctx: &Context) -> CmdResult {
    for command in sorted(ctx.commands) {
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
        println!("{:<10}- {}", command.name, command.usage);
    }
    Ok(())
}

/// As in U-Boot, the status is 1 in any case.
fn explain(ctx: &Context, names: &[&str]) -> CmdResult {
    for name in names {
        match find(ctx.commands, name) {
            Some(command) => command.print_usage(),
            None => {
                println!(
                    "Unknown command '{name}' - try 'help' without arguments for list of all known commands\n"
                );
            }
        }
    }
    Err(CmdError::Failure)
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn the_commands_are_listed_by_name() {
        let list = output("help");
        let names: std::vec::Vec<_> = list
            .lines()
            .map(|line| line.split_once("- ").unwrap().0)
            .collect();
        assert!(names.is_sorted());
        assert_eq!(list, output("?"));
        assert!(list.contains("\nhelp      - "));
        assert!(list.contains("\nprintenv  - print environment variables\n"));
    }

    #[test]
    fn a_command_is_explained() {
        assert_eq!(
            output("help true"),
            "true - do nothing, successfully\n\nUsage:\ntrue - No additional help available.\n"
        );
        assert_eq!(run("help true").0, 1);
        assert!(output("help printe").contains("\n\nUsage:\nprintenv [-a]\n"));
        let (status, text) = run("help nonsense");
        assert_eq!(status, 1);
        assert!(text.starts_with("Unknown command 'nonsense' - try 'help' without arguments"));
    }
}

command! {
    name: "help",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "print command description/usage",
    help: "\n\t- list all commands, with a line about each\nhelp command ...\n\t- say how 'command' is used",
    complete: crate::complete::commands,
    run: do_help,
}

command! {
    name: "?",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "alias for 'help'",
    complete: crate::complete::commands,
    run: do_help,
}
