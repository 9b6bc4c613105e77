// SPDX-License-Identifier: GPL-2.0-or-later
//! `time`: runs a command and says how long it took.
//!
//! Behaviour: U-Boot, `cmd/time.c`.
#![cfg(CONFIG_CMD_TIME)]

use crate::{CmdError, CmdResult, Context};
use alloc::format;
use alloc::string::String;
use common::println;
use include::config::CONFIG_SYS_MAXARGS;

fn do_time(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.len() < 2 {
        return Err(CmdError::Usage);
    }
    let start = arch::time::ms();
    let status = ctx.call(&args[1..]);
    println!("\n{}", report(arch::time::ms() - start));
    match status {
        0 => Ok(()),
        status => Err(CmdError::Status(status)),
    }
}

fn report(ms: u64) -> String {
    let (minutes, seconds, ms) = (ms / 60_000, ms / 1000 % 60, ms % 1000);
    match minutes {
        0 => format!("time: {seconds}.{ms:03} seconds"),
        _ => format!("time: {minutes} minutes, {seconds}.{ms:03} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, run};

    #[test]
    fn minutes_are_shown_if_there_are_any() {
        assert_eq!(report(7), "time: 0.007 seconds");
        assert_eq!(report(59_999), "time: 59.999 seconds");
        assert_eq!(report(125_010), "time: 2 minutes, 5.010 seconds");
    }

    #[test]
    fn the_status_is_that_of_the_command() {
        let (status, text) = run("time echo a  b");
        assert_eq!(status, 0);
        let time = text.strip_prefix("a b\n\ntime: 0.").unwrap();
        assert!(time.ends_with(" seconds\n"), "{text}");
        assert_eq!(run("time false").0, 1);
        let (status, text) = run("time nonsense");
        assert_eq!(status, 1);
        assert!(text.starts_with("Unknown command 'nonsense'"));
        assert!(run("time").1.contains("Usage:\ntime "));
    }

    #[test]
    fn recursion_is_ended() {
        let (status, text) = run("setenv me 'time run me'; run me");
        assert_eq!(status, 1);
        assert!(text.contains("levels deep"), "{text}");
        let words = "time ".repeat(60) + "true";
        assert_eq!(run(&words).0, 0);
    }

    #[test]
    fn ctrl_c_ends_what_runs() {
        let console = testing::capture();
        console.keys("\x03");
        testing::context().run_script("time sleep 1000; echo never");
        assert!(console.take().ends_with("seconds\n<INTERRUPT>\n"));
    }
}

command! {
    name: "time",
    max_args: CONFIG_SYS_MAXARGS as usize,
    usage: "run commands and summarize execution time",
    help: "command [args...]\n    - run the command, then say how long it took",
    complete: crate::complete::commands,
    run: do_time,
}
