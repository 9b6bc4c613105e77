// SPDX-License-Identifier: GPL-2.0-or-later
//! `exit`: leaves a script.

use crate::shell::Stop;
use crate::{CmdResult, Context, number};

fn do_exit(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let status = args.get(1).map_or(0, |arg| number::decimal(arg));
    ctx.shell.stop = Some(Stop::Exit(status as i32));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn the_script_ends_with_its_status() {
        assert_eq!(run("echo a; exit 3; echo b"), (3, "a\n".into()));
        assert_eq!(run("if true; then exit; fi; false"), (0, "".into()));
    }
}

command! {
    name: "exit",
    max_args: 2,
    repeatable: true,
    usage: "exit script",
    help: "[status]\n    - leave the running script, with status 0 or the one given",
    run: do_exit,
}
