// SPDX-License-Identifier: GPL-2.0-or-later
//! `mtest`: writes patterns to memory and reads them back.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/mtest.rst`; but without addresses it
//! tests what is free at `loadaddr`, and any error that was found is a failure.
#![cfg(CONFIG_CMD_MEMTEST)]

use crate::{CmdError, CmdResult, Context};
use common::{console, print, println};
use core::hint::black_box;
use include::config::CONFIG_SYS_LOAD_ADDR;

/// Bytes of a word.
const WORD: usize = 8;
/// Words that are tested between two looks for Ctrl-C.
const CHUNK: usize = 1 << 16;

fn do_mtest(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let number = |i: usize| args.get(i).map(|arg| strict_hex(arg)).transpose();
    let [start, end, pattern, limit] = [number(1)?, number(2)?, number(3)?, number(4)?];
    let load_address = || ctx.env.get_hex("loadaddr", CONFIG_SYS_LOAD_ADDR);
    let start = start.unwrap_or_else(load_address);
    let end = match end {
        Some(end) => end,
        None => start.saturating_add(ctx.ram.load_limit(start)?),
    };
    if end < start {
        println!("Refusing to do empty test");
        return Err(CmdError::Failure);
    }
    let size = usize::try_from(end - start).unwrap_or(usize::MAX);
    let memory = ctx.ram.slice_mut(start, size)?;
    println!("Testing {start:08x} ... {end:08x}:");
    let mut test = Test {
        start,
        memory: memory.as_chunks_mut().0,
        errors: 0,
    };
    let (limit, mut iteration, mut stopped) = (limit.unwrap_or(0), 0, false);
    while !stopped && (limit == 0 || iteration < limit) {
        print!("Iteration: {:6}\r", iteration + 1);
        stopped = console::ctrlc() || !test.run(pattern.unwrap_or(0), iteration % 2 == 1);
        iteration += u64::from(!stopped);
    }
    println!(
        "\nTested {iteration} iteration(s) with {} errors.",
        test.errors
    );
    match stopped || test.errors > 0 {
        true => Err(CmdError::Failure),
        false => Ok(()),
    }
}

fn strict_hex(arg: &str) -> Result<u64, CmdError> {
    let digits = arg.strip_prefix("0x").unwrap_or(arg);
    let valid = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let number = u64::from_str_radix(digits, 16).ok();
    number.filter(|_| valid).ok_or(CmdError::Usage)
}

struct Test<'a> {
    start: u64,
    memory: &'a mut [[u8; WORD]],
    errors: u64,
}

impl Test<'_> {
    /// Writes a pattern that changes from word to word, and reads it back; false after Ctrl-C.
    ///
    /// `down` inverts it, so that each bit is once 0 and once 1.
    fn run(&mut self, pattern: u64, down: bool) -> bool {
        let (pattern, step) = match down {
            false => (pattern, 1),
            true if pattern > i64::MAX as u64 => (pattern.wrapping_neg(), u64::MAX),
            true => (!pattern, u64::MAX),
        };
        print!("\rPattern {pattern:016X}  Writing...{:12}", "");
        print!("{}", "\u{8}".repeat(10));
        let mut value = pattern;
        for chunk in self.memory.chunks_mut(CHUNK) {
            for word in chunk {
                *word = value.to_le_bytes();
                value = value.wrapping_add(step);
            }
            if console::ctrlc() {
                return false;
            }
        }
        print!("Reading...");
        // Nothing is known any longer of what was written: it has to be read.
        let memory = black_box(&mut *self.memory);
        value = pattern;
        let (mut address, mut errors) = (self.start, 0);
        for chunk in memory.chunks(CHUNK) {
            for word in chunk {
                let found = u64::from_le_bytes(*word);
                if found != value {
                    println!(
                        "\nMem error @ 0x{address:016X}: found {found:016X}, expected {value:016X}"
                    );
                    errors += 1;
                }
                value = value.wrapping_add(step);
                address = address.wrapping_add(WORD as u64);
            }
            if console::ctrlc() {
                return false;
            }
        }
        self.errors += errors;
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, run};

    #[test]
    fn each_iteration_inverts_the_pattern() {
        let (status, text) = run("mtest 40001000 40002000 0x55aa55aa55aa55aa 2; \
             md.q 40001000 2");
        assert_eq!(status, 0);
        let patterns: alloc::vec::Vec<_> = text
            .split("Pattern ")
            .skip(1)
            .map(|text| &text[..16])
            .collect();
        assert_eq!(patterns, ["55AA55AA55AA55AA", "AA55AA55AA55AA55"]);
        assert!(text.starts_with("Testing 40001000 ... 40002000:\nIteration:      1\r\rPattern"));
        assert!(text.contains("\nTested 2 iteration(s) with 0 errors.\n"));
        assert!(text.contains("40001000: aa55aa55aa55aa55 aa55aa55aa55aa54 "));
    }

    #[test]
    fn ctrl_c_ends_it() {
        let console = testing::capture();
        console.keys("\x03");
        assert_eq!(testing::context().run_script("mtest 40000000 40010000"), 1);
        assert!(
            console
                .take()
                .ends_with("\nTested 0 iteration(s) with 0 errors.\n")
        );
    }

    #[test]
    fn nonsense_is_refused() {
        let (status, text) = run("mtest 2000 1000");
        assert_eq!((status, text.as_str()), (1, "Refusing to do empty test\n"));
        for command in [
            "mtest x",
            "mtest 40000000 +1",
            "mtest 40000000 40001000 'xyz' 1",
        ] {
            let (status, text) = run(command);
            assert!(status == 1 && text.contains("Usage:"), "{command}: {text}");
        }
        for command in [
            "mtest 0 1000",
            "mtest 43fff000 44000008",
            "mtest 0 ffffffffffffffff",
        ] {
            let (status, text) = run(command);
            assert!(
                status == 1 && text.contains("is not in RAM"),
                "{command}: {text}"
            );
        }
    }
}

command! {
    name: "mtest",
    max_args: 5,
    repeatable: true,
    usage: "test memory by writing and reading it",
    help: "[start [end [pattern [iterations]]]]\n    \
        - test memory until Ctrl-C, or so often; without addresses what is free\n      \
        at loadaddr. What it held is lost.",
    run: do_mtest,
}
