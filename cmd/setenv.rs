// SPDX-License-Identifier: GPL-2.0-or-later
//! `setenv`: sets and deletes variables of the environment.

use crate::{CmdError, CmdResult, Context};
use common::println;
use include::config::CONFIG_SYS_MAXARGS;

fn do_setenv(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let mut args = &args[1..];
    if args.is_empty() {
        return Err(CmdError::Usage);
    }
    // No variable is protected, so that there is nothing to be forced.
    while let ["-f", rest @ ..] = args {
        args = rest;
    }
    let [name, values @ ..] = args else {
        return Ok(());
    };
    if name.starts_with('-') {
        return Err(CmdError::Usage);
    }
    if name.contains('=') {
        println!("## Error: illegal character '=' in variable name \"{name}\"");
        return Err(CmdError::Failure);
    }
    ctx.env.set(name, &values.join(" ")).map_err(|error| {
        let number = -error.errno();
        println!("## Error inserting \"{name}\" variable, errno={number} ({error})");
        CmdError::Failure
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{context, output, run};

    #[test]
    fn variables_are_set_and_deleted() {
        assert_eq!(output("setenv a b  'c  d'; echo \"$a\""), "b c  d\n");
        assert_eq!(output("setenv a b; setenv a; echo x${a}"), "x\n");
        assert_eq!(output("setenv -f a b; echo $a"), "b\n");
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(
            run("setenv a=b c"),
            (
                1,
                "## Error: illegal character '=' in variable name \"a=b\"\n".into()
            )
        );
        assert!(run("setenv").1.contains("Usage:\nsetenv "));
        assert!(run("setenv -x a").1.contains("Usage:\nsetenv "));
        let long = "x".repeat(env::Env::CAPACITY);
        let mut ctx = context();
        let console = crate::testing::capture();
        assert_eq!(ctx.run_script(&std::format!("setenv a '{long}'")), 1);
        assert!(!console.take().is_empty());
        assert_eq!(ctx.env.get("a"), None);
    }
}

command! {
    name: "setenv",
    max_args: CONFIG_SYS_MAXARGS as usize,
    usage: "set environment variables",
    help: "[-f] name value ...\n    - set the variable 'name' to 'value ...'\nsetenv [-f] name\n    - delete the variable 'name'",
    complete: crate::complete::first_variable,
    run: do_setenv,
}
