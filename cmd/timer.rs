// SPDX-License-Identifier: GPL-2.0-or-later
//! `timer`: measures time.
#![cfg(CONFIG_CMD_TIMER)]

use crate::{CmdError, CmdResult, Context};
use common::println;

/// When `timer start` was last called, in milliseconds; 0 is when the counter began.
#[derive(Default)]
struct Start(u64);

fn do_timer(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args {
        [_, "start"] => ctx.state::<Start>().0 = arch::time::ms(),
        [_, "get"] => {
            let ms = arch::time::ms().saturating_sub(ctx.state::<Start>().0);
            println!("{}.{:03}", ms / 1000, ms % 1000);
        }
        _ => return Err(CmdError::Usage),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn time_passes_since_the_start() {
        let console = testing::capture();
        let mut ctx = testing::context();
        arch::time::advance(5_000_000);
        ctx.run_script("timer start");
        arch::time::advance(12_034_000);
        ctx.run_script("timer get");
        assert_eq!(console.take(), "12.034\n");
        assert_eq!(ctx.run_script("timer stop"), 1);
        assert_eq!(ctx.run_script("timer"), 1);
    }
}

command! {
    name: "timer",
    max_args: 2,
    repeatable: true,
    usage: "access the system timer",
    help: "start - Begin to measure.\ntimer get   - Print the seconds since then.",
    run: do_timer,
}
