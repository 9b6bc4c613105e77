// SPDX-License-Identifier: GPL-2.0-or-later
//! Lines of all commands, with arguments of all kinds, on a machine with disks.
//!
//! The first byte says what the others are: choices of `tests/arguments`, or a
//! script as it is. Lines that panic, hang (`-timeout`) or take memory without a
//! limit (`-rss_limit_mb`, `-malloc_limit_mb`) are found.
#![no_main]

extern crate drivers as _;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tests::arguments::{commands, run, run_script};

static COMMANDS: LazyLock<Vec<&cmd::Command>> = LazyLock::new(commands);

fuzz_target!(|bytes: &[u8]| {
    match bytes {
        [b'#', script @ ..] => _ = std::str::from_utf8(script).map(run_script),
        _ => run(bytes, &COMMANDS, |_| {}),
    }
});
