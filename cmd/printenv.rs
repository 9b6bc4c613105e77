// SPDX-License-Identifier: GPL-2.0-or-later
//! `printenv`: prints variables of the environment.

use crate::{CmdError, CmdResult, Context};
use common::println;
use env::Env;
use include::config::CONFIG_SYS_MAXARGS;

fn do_printenv(ctx: &mut Context, args: &[&str]) -> CmdResult {
    // Names that begin with a dot are hidden unless they are asked for.
    let (all, names) = match args {
        [_, "-a", names @ ..] => (true, names),
        _ => (false, &args[1..]),
    };
    if names.is_empty() {
        print_all(&ctx.env, all);
        return Ok(());
    }
    let mut result = Ok(());
    for name in names {
        match ctx.env.get(name) {
            Some(value) => println!("{name}={value}"),
            None => {
                println!("## Error: \"{name}\" not defined");
                result = Err(CmdError::Failure);
            }
        }
    }
    result
}

fn print_all(env: &Env, all: bool) {
    for (name, value) in env.sorted() {
        if all || !name.starts_with('.') {
            println!("{name}={value}");
        }
    }
    println!("\nEnvironment size: {}/{} bytes", env.size(), Env::CAPACITY);
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn variables_are_printed() {
        assert_eq!(
            output("setenv a '1  2'; setenv b 3; printenv b a"),
            "b=3\na=1  2\n"
        );
        assert_eq!(
            run("printenv none board"),
            (
                1,
                "## Error: \"none\" not defined\nboard=xenguest_arm64\n".into()
            )
        );
    }

    #[test]
    fn all_variables_are_printed_by_name() {
        let text = output("setenv .hidden 1; printenv");
        let (variables, size) = text.split_once("\n\n").unwrap();
        assert!(variables.lines().is_sorted());
        assert!(variables.contains("\nbootdelay=") && !variables.contains("hidden"));
        assert!(size.starts_with("Environment size: ") && size.ends_with(" bytes\n"));
        assert!(output("setenv .hidden 1; printenv -a").contains(".hidden=1\n"));
    }
}

command! {
    name: "printenv",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "print environment variables",
    help: "[-a]\n    - print all variables; -a also those whose name begins with a dot\nprintenv name ...\n    - print the variable 'name'",
    complete: crate::complete::variables,
    run: do_printenv,
}
