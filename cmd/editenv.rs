// SPDX-License-Identifier: GPL-2.0-or-later
//! `editenv`, `env edit`: lets the user edit a variable.
#![cfg(CONFIG_CMD_EDITENV)]

use crate::setenv::set;
use crate::{CmdError, CmdResult, Context, complete};
use alloc::string::ToString;
use common::println;
use env::By;
use include::config::CONFIG_SYS_CBSIZE;

pub(crate) fn do_editenv(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[_, name, ..] = args else {
        return Err(CmdError::Usage);
    };
    let old = ctx.env.get(name).unwrap_or_default().to_string();
    if old.len() as i64 > CONFIG_SYS_CBSIZE {
        let len = old.len();
        println!(
            "## Error: \"{name}\" has {len} characters, more than a line of {CONFIG_SYS_CBSIZE}"
        );
        return Err(CmdError::Failure);
    }
    let new = ctx.read_line("edit: ", &old).ok_or(CmdError::Failure)?;
    let value = Some(new.as_str()).filter(|value| !value.is_empty());
    set(ctx, name, value, By::User)
}

#[cfg(test)]
mod tests {
    use crate::testing::{capture, context};

    #[test]
    fn a_value_is_edited() {
        let console = capture();
        let mut ctx = context();
        for (keys, expected) in [
            ("new\r", Some("new")),
            ("\x08er\r", Some("neer")),
            ("x\x03", Some("neer")),
            ("\x15\r", None),
        ] {
            console.keys(keys);
            ctx.run_script("env edit a");
            assert_eq!(ctx.env.get("a"), expected, "{keys:?}");
        }
        assert!(console.take().starts_with("edit: new\nedit: new\x08"));
    }

    #[test]
    fn a_value_that_is_too_long_is_not_cut_off() {
        let console = capture();
        let mut ctx = context();
        let long = "x".repeat(super::CONFIG_SYS_CBSIZE as usize + 1);
        ctx.env.set("a", &long).unwrap();
        assert_eq!(ctx.run_script("editenv a"), 1);
        assert!(console.take().starts_with("## Error: \"a\" has "));
        assert_eq!(ctx.env.get("a"), Some(long.as_str()));
    }
}

command! {
    name: "editenv",
    max_args: 2,
    usage: "edit environment variable",
    help: "name\n    - edit the variable 'name'",
    complete: complete::first_variable,
    run: do_editenv,
}
