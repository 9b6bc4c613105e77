// SPDX-License-Identifier: GPL-2.0-or-later
//! Progress of work that takes long: one line, redrawn in place and wiped at the end.
//!
//! Work of a known size is done in steps by [`in_steps`], which shows how far it
//! is once it has run for a second, and ends it at Ctrl-C. What is quicker prints
//! nothing, so that the output of a command is the same as ever.

use crate::size::Size;
use crate::{Error, Result, console, print};
use core::fmt;
use core::ops::Range;

/// Work that ends earlier shows nothing.
const PATIENCE_US: u64 = 1_000_000;
/// Time between two looks of the line.
const REDRAW_US: u64 = 250_000;
/// Bytes of the first step: large, as each step may cost a round trip to a device.
const FIRST_STEP: u64 = 1 << 20;
/// Bytes of the smallest step; whole blocks of any disk.
const MIN_STEP: u64 = 64 << 10;

/// Does `total` bytes of work in steps and returns how many bytes were done.
///
/// `work` gets the range of a step, and says how much of it could be done; less
/// than all of it is the end. All steps but the last one are powers of two of
/// at least 64 KiB, and take about a quarter of a second. `work` is called once
/// even if there is nothing to do. Nothing is shown if `quiet`.
///
/// # Errors
/// What `work` says; [`Error::Interrupted`] at Ctrl-C between two steps.
pub fn in_steps(
    total: u64,
    quiet: bool,
    mut work: impl FnMut(Range<u64>) -> Result<u64>,
) -> Result<u64> {
    let mut line = Line::new(total, quiet);
    let (mut done, mut step) = (0u64, FIRST_STEP);
    loop {
        let end = total.min(done.saturating_add(step));
        let begun = arch::time::us();
        let did = work(done..end)?;
        done = done.saturating_add(did);
        if done >= total || done < end {
            return Ok(done);
        }
        if console::ctrlc() {
            return Err(Error::Interrupted);
        }
        line.update(done);
        match arch::time::us().saturating_sub(begun) {
            us if us < REDRAW_US / 2 => step = step.saturating_mul(2),
            us if us > REDRAW_US => step = (step / 2).max(MIN_STEP),
            _ => {}
        }
    }
}

/// The line that shows how far some work is.
struct Line {
    total: u64,
    quiet: bool,
    start: u64,
    /// When it is to be drawn next.
    due: u64,
    /// Columns that were drawn.
    width: usize,
}

impl Line {
    fn new(total: u64, quiet: bool) -> Line {
        let start = arch::time::us();
        Line {
            total,
            quiet,
            start,
            due: start.saturating_add(PATIENCE_US),
            width: 0,
        }
    }

    fn update(&mut self, done: u64) {
        let now = arch::time::us();
        if self.quiet || now < self.due {
            return;
        }
        self.due = now.saturating_add(REDRAW_US);
        let state = State {
            done,
            total: self.total,
            us: now.saturating_sub(self.start),
        };
        let text = alloc::format!("{state}");
        print!("\r{text:width$}", width = self.width);
        self.width = text.len();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.width > 0 {
            print!("\r{:width$}\r", "", width = self.width);
        }
    }
}

/// How far work is after some time.
struct State {
    done: u64,
    total: u64,
    us: u64,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let State { done, total, us } = *self;
        let scaled = |a: u64, b: u64, by: u64| {
            let value = u128::from(a).saturating_mul(u128::from(b));
            let value = value.checked_div(u128::from(by)).unwrap_or(0);
            u64::try_from(value).unwrap_or(u64::MAX)
        };
        let percent = scaled(done, 100, total);
        let rate = scaled(done, 1_000_000, us);
        let left = scaled(total.saturating_sub(done), us, done) / 1_000_000;
        write!(
            f,
            "{} of {} ({percent}%), {}/s, {}:{:02} left",
            Size(done),
            Size(total),
            Size(rate),
            left / 60,
            left % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use std::format;
    use std::vec::Vec;

    const MIB: u64 = 1 << 20;

    #[test]
    fn the_line_says_how_far_it_is() {
        let text = |done, total, us| format!("{}", State { done, total, us });
        assert_eq!(
            text(64 * MIB, 1024 * MIB, 2_000_000),
            "64 MiB of 1 GiB (6%), 32 MiB/s, 0:30 left"
        );
        assert_eq!(
            text(3 << 19, 300 * MIB, 1_000_000),
            "1.5 MiB of 300 MiB (0%), 1.5 MiB/s, 3:19 left"
        );
        assert_eq!(
            text(0, u64::MAX, 0),
            "0 Bytes of 16 EiB (0%), 0 Bytes/s, 0:00 left"
        );
        assert!(text(1, u64::MAX, u64::MAX).ends_with(" left"));
    }

    #[test]
    fn what_takes_long_has_a_line_that_vanishes() {
        let console = testing::capture();
        let half_a_second = |step: Range<u64>| {
            arch::time::advance(500_000);
            Ok(step.end - step.start)
        };
        assert_eq!(in_steps(8 * MIB, false, half_a_second), Ok(8 * MIB));
        let second = "1.8 MiB of 8 MiB (21%), 1.2 MiB/s, 0:05 left";
        let output = console.take();
        assert!(output.starts_with("\r1.5 MiB of 8 MiB (18%), 1.5 MiB/s, 0:04 left"));
        assert!(output.contains(&format!("\r{second}")), "{output:?}");
        let (last, end) = output.trim_end_matches('\r').rsplit_once('\r').unwrap();
        assert!(!last.is_empty() && end.chars().all(|c| c == ' ') && end.len() >= 40);

        in_steps(8 * MIB, true, half_a_second).unwrap();
        in_steps(MIB, false, half_a_second).unwrap();
        assert_eq!(console.take(), "");
        console.keys("\x03");
        let interrupted = in_steps(8 * MIB, false, half_a_second);
        assert_eq!(interrupted, Err(Error::Interrupted));
    }

    #[test]
    fn steps_cover_the_work_and_follow_its_speed() {
        let _console = testing::capture();
        let steps = |us: u64| {
            let mut steps = Vec::new();
            let done = in_steps(40 * MIB, true, |step| {
                steps.push(step.clone());
                arch::time::advance(us);
                Ok(step.end - step.start)
            });
            assert_eq!(done, Ok(40 * MIB));
            assert!(steps.windows(2).all(|pair| pair[0].end == pair[1].start));
            let whole = steps[..steps.len() - 1].iter();
            assert!(whole.map(|s| s.end - s.start).all(u64::is_power_of_two));
            steps.len()
        };
        assert_eq!(steps(0), 6);
        assert_eq!(steps(200_000), 40);
        // 1 MiB, 512 KiB, 256 KiB, 128 KiB, and then 64 KiB each.
        assert_eq!(steps(1_000_000), 4 + 610);
    }

    #[test]
    fn work_ends_early_and_with_errors_and_is_done_once_if_there_is_none() {
        let _console = testing::capture();
        assert_eq!(in_steps(10, true, |_| Ok(4)), Ok(4));
        assert_eq!(in_steps(10, true, |_| Err(Error::Io(1))), Err(Error::Io(1)));
        let mut calls = 0;
        let done = in_steps(0, true, |step| {
            calls += 1;
            assert_eq!(step, 0..0);
            Ok(0)
        });
        assert_eq!((done, calls), (Ok(0), 1));
    }
}
