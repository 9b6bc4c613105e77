// SPDX-License-Identifier: GPL-2.0-or-later
//! `showvar`: prints variables of the shell.
#![cfg(CONFIG_HUSH_PARSER)]

use crate::{CmdError, CmdResult, Context};
use common::println;
use include::config::CONFIG_SYS_MAXARGS;

fn do_showvar(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.len() == 1 {
        for (name, value) in ctx.shell.locals() {
            println!("{name}={value}");
        }
        return Ok(());
    }
    let mut result = Ok(());
    for name in &args[1..] {
        match ctx.shell.local(name) {
            Some(value) => println!("{name}={value}"),
            None => {
                println!("## Error: \"{name}\" not defined");
                result = Err(CmdError::Failure);
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn only_variables_of_the_shell_are_shown() {
        assert_eq!(output("b=1; a='2 3'; setenv c 4; showvar"), "a=2 3\nb=1\n");
        assert_eq!(
            run("a=1; showvar a b"),
            (1, "a=1\n## Error: \"b\" not defined\n".into())
        );
    }
}

command! {
    name: "showvar",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "print local hushshell variables",
    help: "\n    - print all variables of the shell\nshowvar name ...\n    - print the variable 'name' of the shell",
    run: do_showvar,
}
