// SPDX-License-Identifier: GPL-2.0-or-later
//! `printenv`, `env print`: prints variables of the environment.

use crate::{CmdError, CmdResult, Context, complete};
use alloc::string::String;
use common::{console, println};
use env::Env;
use env::{Separator, text};
use include::config::CONFIG_SYS_MAXARGS;

/// The status is the number of variables that are not there.
pub(crate) fn do_printenv(ctx: &mut Context, args: &[&str]) -> CmdResult {
    // Names that begin with a dot are hidden unless they are asked for.
    let (all, names) = match args {
        [_, flag, names @ ..] if flag.starts_with("-a") => (true, names),
        _ => (false, &args[1..]),
    };
    if names.is_empty() {
        print_all(&ctx.env, all);
        return Ok(());
    }
    let mut missing = 0;
    for name in names {
        match ctx.env.get(name) {
            Some(value) => print_variable(name, value),
            None => {
                println!("## Error: \"{name}\" not defined");
                missing += 1;
            }
        }
    }
    match missing {
        0 => Ok(()),
        missing => Err(CmdError::Status(missing)),
    }
}

/// Prints all variables as a text that could be imported, and its size.
fn print_all(env: &Env, all: bool) {
    let mut size = 1;
    for (name, value) in env.sorted() {
        if all || !name.starts_with('.') {
            size += print_entry(name, value);
        }
    }
    println!("\nEnvironment size: {size}/{} bytes", Env::CAPACITY);
}

/// Prints a variable as a text that could be imported; the value is its length.
pub(crate) fn print_entry(name: &str, value: &str) -> usize {
    let value = env::escaped(value, Separator::Newline);
    print_variable(name, &value);
    text::len(name) + text::len(&value) + "=\n".len()
}

/// Prints the bytes of a variable as they are stored, whatever their encoding.
fn print_variable(name: &str, value: &str) {
    let mut line = String::from(name);
    line.push('=');
    line.push_str(value);
    line.push('\n');
    console::write_bytes(&text::encode(&line));
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};
    use env::By;
    use std::string::ToString;

    #[test]
    fn variables_are_printed() {
        assert_eq!(
            output("setenv a '1  2'; setenv b 3; printenv b a"),
            "b=3\na=1  2\n"
        );
        assert_eq!(
            run("setenv b 3; printenv none b"),
            (1, "## Error: \"none\" not defined\nb=3\n".into())
        );
        let missing = "printenv none a nothing";
        assert!(output(&std::format!("{missing}; echo $?")).ends_with("\n3\n"));
        let script = std::format!("setenv p {missing}; run p; echo $?");
        assert!(output(&script).ends_with("\n1\n"));
    }

    #[test]
    fn all_variables_are_printed_by_name() {
        let text = output("setenv .hidden 1; printenv");
        let (variables, size) = text.split_once("\n\n").unwrap();
        assert!(variables.lines().is_sorted());
        assert!(variables.contains("\nbootdelay=") && !variables.contains("hidden"));
        let size = size.strip_prefix("Environment size: ").unwrap();
        let (size, capacity) = size.split_once('/').unwrap();
        assert_eq!(size, (variables.len() + 2).to_string());
        assert_eq!(capacity, std::format!("{} bytes\n", env::Env::CAPACITY));
        assert!(output("setenv .hidden 1; printenv -a").contains(".hidden=1\n"));
    }

    #[test]
    fn values_are_escaped_only_among_all() {
        let console = crate::testing::capture();
        let mut ctx = crate::testing::context();
        ctx.env.put("a", "x\\y", By::User).unwrap();
        ctx.env.put("b", "", By::User).unwrap();
        ctx.run_script("printenv a b");
        assert_eq!(console.take(), "a=x\\y\nb=\n");
        ctx.run_script("printenv");
        assert!(console.take().contains("a=x\\\\y\n"));
    }
}

command! {
    name: "printenv",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "print environment variables",
    help: "[-a]\n    - print all variables; -a also those whose name begins with a dot\nprintenv name ...\n    - print the variable 'name'",
    complete: complete::variables,
    run: do_printenv,
}
