// SPDX-License-Identifier: GPL-2.0-or-later
//! `run`: runs the commands in variables.
#![cfg(CONFIG_CMD_RUN)]

use crate::{CmdError, CmdResult, Context, complete};
use include::config::CONFIG_SYS_MAXARGS;

pub(crate) fn do_run(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.len() < 2 {
        return Err(CmdError::Usage);
    }
    for name in &args[1..] {
        ctx.run_variable(name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn variables_are_run_until_one_fails() {
        assert_eq!(
            output("setenv a 'echo a; false'; setenv b 'echo b'; run b a b; echo $?"),
            "b\na\n1\n"
        );
        assert_eq!(
            run("run none"),
            (1, "## Error: \"none\" not defined\n".into())
        );
        assert!(run("run").1.contains("Usage:\nrun "));
    }

    #[test]
    fn a_script_sees_the_variables_of_the_moment() {
        assert_eq!(
            output("setenv a 'echo $b; setenv b 2; echo $b'; setenv b 1; run a"),
            "1\n2\n"
        );
    }

    #[test]
    fn a_variable_that_runs_itself_is_ended() {
        let (status, text) = run("setenv me 'run me; run me'; run me; echo never");
        assert_eq!(status, 1);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("levels deep"));
    }
}

command! {
    name: "run",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "run commands in an environment variable",
    help: "var [...]\n    - run the commands in the variable(s) 'var'",
    complete: complete::variables,
    run: do_run,
}
