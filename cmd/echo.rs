// SPDX-License-Identifier: GPL-2.0-or-later
//! `echo`: prints its arguments.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/echo.rst`.
#![cfg(CONFIG_CMD_ECHO)]

use crate::{CmdResult, Context};
use common::print;
use include::config::CONFIG_SYS_MAXARGS;

fn do_echo(_ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (newline, words) = match args {
        [_, "-n", words @ ..] => (false, words),
        _ => (true, &args[1..]),
    };
    for (i, word) in words.iter().enumerate() {
        let blank = if i > 0 { " " } else { "" };
        print!("{blank}{word}");
    }
    if newline {
        print!("\n");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::output;

    #[test]
    fn arguments_are_separated_by_one_blank() {
        assert_eq!(output("echo a   b 'c  d'"), "a b c  d\n");
        assert_eq!(output("echo"), "\n");
        assert_eq!(output("echo -n a; echo b"), "ab\n");
        assert_eq!(output("echo \"a\\c\"; echo b"), "a\\c\nb\n");
    }
}

command! {
    name: "echo",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "echo args to console",
    help: "[-n] [args..]\n    - print the arguments; -n leaves out the newline",
    run: do_echo,
}
