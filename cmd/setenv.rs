// SPDX-License-Identifier: GPL-2.0-or-later
//! `setenv`, `env set`: sets and deletes variables of the environment.

use crate::{CmdError, CmdResult, Context, complete};
use common::{Error, println};
use env::By;
use include::config::CONFIG_SYS_MAXARGS;

pub(crate) fn do_setenv(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.len() < 2 {
        return Err(CmdError::Usage);
    }
    let (by, rest) = force_option(args)?;
    match *rest {
        [] => Ok(()),
        [name] => set(ctx, name, None, by),
        [name, ref values @ ..] => set(ctx, name, Some(&values.join(" ")), by),
    }
}

/// Takes the options `-f` in front of the names of variables.
pub(crate) fn force_option<'a>(args: &'a [&'a str]) -> Result<(By, &'a [&'a str]), CmdError> {
    let (mut by, mut rest) = (By::User, args.get(1..).unwrap_or_default());
    while let [option, others @ ..] = rest {
        let Some(letters) = option.strip_prefix('-') else {
            break;
        };
        if letters.contains(|letter| letter != 'f') {
            return Err(CmdError::Usage);
        }
        if !letters.is_empty() {
            by = By::Force;
        }
        rest = others;
    }
    Ok((by, rest))
}

/// Sets a variable as the user wants it, or deletes it.
pub(crate) fn set(ctx: &mut Context, name: &str, value: Option<&str>, by: By) -> CmdResult {
    if name.contains('=') {
        println!("## Error: illegal character '=' in variable name \"{name}\"");
        return Err(CmdError::Failure);
    }
    let Some(value) = value else {
        return match ctx.env.remove(name, by) {
            Ok(()) | Err(Error::NotFound) => Ok(()),
            Err(_) => Err(CmdError::Failure),
        };
    };
    ctx.env.put(name, value, by).map_err(|error| {
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
        assert_eq!(output("setenv a -f b; echo $a"), "-f b\n");
        assert_eq!(
            output("setenv a ''; printenv a; setenv a; printenv a; echo $?"),
            "a=\n## Error: \"a\" not defined\n1\n"
        );
        assert_eq!(run("setenv -; setenv -f"), (0, "".into()));
    }

    /// As Debian's U-Boot does it, but for the reason in brackets.
    #[test]
    fn protected_variables_are_changed_by_force_only() {
        assert_eq!(
            output(
                "setenv foo 5; setenv .flags foo:dr; setenv foo 7; echo $?; setenv foo; echo $?
                setenv -f foo 7; printenv foo; setenv -f foo; printenv foo"
            ),
            "## Error: Can't overwrite \"foo\"\n\
             ## Error inserting \"foo\" variable, errno=1 (not permitted)\n1\n\
             ## Error: Can't delete \"foo\"\n1\n\
             foo=7\n## Error: \"foo\" not defined\n"
        );
        assert_eq!(
            output("setenv bar 1; setenv .flags bar:b; setenv bar yes; setenv .flags bar:zz"),
            "## Error: flags type check failure for \"bar\" <= \"yes\" (type: b)\n\
             ## Error inserting \"bar\" variable, errno=1 (not permitted)\n\
             ## Warning: Unknown environment variable type 'z'\n\
             ## Warning: Unknown environment variable access method 'z'\n"
        );
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
        let long = "x".repeat(env::Env::LIMIT);
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
    help: "[-f] name value ...\n    - set the variable 'name' to 'value ...'; -f also if it is protected\nsetenv [-f] name\n    - delete the variable 'name'",
    complete: complete::first_variable,
    run: do_setenv,
}
