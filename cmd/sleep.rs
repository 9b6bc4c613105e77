// SPDX-License-Identifier: GPL-2.0-or-later
//! `sleep`: waits.
#![cfg(CONFIG_CMD_SLEEP)]

use crate::{CmdError, CmdResult, Context, number};
use arch::time::{Deadline, udelay};
use common::{Error, console};

/// How often Ctrl-C is looked for.
const STEP_US: u64 = 100;

fn do_sleep(_ctx: &mut Context, args: &[&str]) -> CmdResult {
    let [_, seconds] = args else {
        return Err(CmdError::Usage);
    };
    let deadline = Deadline::after_ms(milliseconds(seconds));
    while !deadline.expired() {
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
        udelay(STEP_US.min(deadline.left_us()));
    }
    Ok(())
}

/// Seconds as text, with at most three digits after the point that count.
fn milliseconds(text: &str) -> u64 {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = match fraction.bytes().all(|c| c.is_ascii_digit()) {
        true => fraction,
        false => "",
    };
    let fraction = fraction
        .bytes()
        .chain(core::iter::repeat(b'0'))
        .take(3)
        .fold(0, |ms, digit| ms * 10 + u64::from(digit - b'0'));
    number::decimal(seconds)
        .saturating_mul(1000)
        .saturating_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn seconds_have_fractions() {
        for (text, expected) in [
            ("2", 2000),
            ("0.25", 250),
            (".5", 500),
            ("1.23456", 1234),
            ("1.2x", 1000),
            ("x", 0),
            ("99999999999999999999", 0),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn time_passes_unless_ctrl_c_is_pressed() {
        let start = arch::time::ms();
        assert_eq!(testing::run("sleep 0.02"), (0, "".into()));
        assert!(arch::time::ms() - start >= 20);
        let console = testing::capture();
        console.keys("\x03");
        testing::context().run_script("sleep 1000; echo never");
        assert_eq!(console.take(), "<INTERRUPT>\n");
    }
}

command! {
    name: "sleep",
    max_args: 2,
    repeatable: true,
    usage: "delay execution for some time",
    help: "N\n    - wait for N seconds, a decimal number that can have a fraction",
    run: do_sleep,
}
