// SPDX-License-Identifier: GPL-2.0-or-later
//! `askenv`, `env ask`: asks the user for a variable.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/askenv.rst`.
#![cfg(CONFIG_CMD_ASKENV)]

use crate::setenv::set;
use crate::{CmdError, CmdResult, Context};
use alloc::format;
use common::Error;
use env::By;
use include::config::CONFIG_SYS_MAXARGS;

pub(crate) fn do_askenv(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let [_, name, ..] = *args else {
        return Err(CmdError::Usage);
    };
    let is_number = |word: &&str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_digit());
    let last = args.last().filter(|word| is_number(word));
    let message = match (last, &args[2..]) {
        (Some(_), [message @ .., _]) | (None, message) => message,
        (Some(_), []) => &[],
    };
    let size = last.map_or(usize::MAX, |size| size.parse().unwrap_or(usize::MAX));
    if size == 0 {
        return Err(CmdError::Failure);
    }
    let prompt = match message {
        [] => format!("Please enter '{name}': "),
        words => words.join(" ") + " ",
    };
    let mut value = ctx.read_line(&prompt, "").ok_or(Error::Interrupted)?;
    value.truncate(value.floor_char_boundary(size));
    let value = Some(value.as_str()).filter(|value| !value.is_empty());
    set(ctx, name, value, By::User)
}

#[cfg(test)]
mod tests {
    use crate::testing::{capture, context};

    fn session(script: &str, keys: &str) -> std::string::String {
        let console = capture();
        let mut ctx = context();
        console.keys(keys);
        ctx.run_script(script);
        console.take()
    }

    /// The examples of U-Boot's documentation.
    #[test]
    fn the_user_is_asked() {
        for (script, keys, expected) in [
            (
                "askenv env1; printenv env1",
                "val1\r",
                "Please enter 'env1': val1\nenv1=val1\n",
            ),
            (
                "env ask env2 Please type-in a value for env2: 10; printenv env2",
                "1234567890123\r",
                "Please type-in a value for env2: 1234567890123\nenv2=1234567890\n",
            ),
            (
                "askenv env3 10; printenv env3",
                "val3\r",
                "Please enter 'env3': val3\nenv3=val3\n",
            ),
            (
                "setenv a 1; askenv a; printenv a",
                "\r",
                "Please enter 'a': \n## Error: \"a\" not defined\n",
            ),
        ] {
            assert_eq!(session(script, keys), expected, "{script}");
        }
    }

    #[test]
    fn ctrl_c_changes_nothing() {
        let console = capture();
        let mut ctx = context();
        console.keys("x\x03");
        ctx.run_script("setenv a 1; askenv a");
        assert_eq!(ctx.env.get("a"), Some("1"));
        assert_eq!(ctx.run_script("askenv a 0"), 1);
    }
}

command! {
    name: "askenv",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "get environment variables from stdin",
    help: "name [message] [size]\n    - ask the user for the variable 'name', at most 'size' characters",
    run: do_askenv,
}
