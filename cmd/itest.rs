// SPDX-License-Identifier: GPL-2.0-or-later
//! `itest`: compares numbers and texts, also those in memory.
//!
//! Numbers are hexadecimal. One that begins with `*` is an address, and what
//! is there is compared, in the width that the end of the name gives.
#![cfg(CONFIG_CMD_ITEST)]

use crate::number::{hex, width};
use crate::{CmdError, CmdResult, Context};
use alloc::string::{String, ToString};
use arch::mem::Ram;
use common::println;
use core::cmp::Ordering;

/// The longest text in memory.
const MAX_TEXT: u64 = 4096;

fn do_itest(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let [name, left, operator, right] = args else {
        return Err(CmdError::Usage);
    };
    let ordering = match name.ends_with(".s") {
        true => text(&ctx.ram, left)?.cmp(&text(&ctx.ram, right)?),
        false => {
            let width = width(name)?;
            number(&ctx.ram, left, width)?.cmp(&number(&ctx.ram, right, width)?)
        }
    };
    let holds = match *operator {
        "-eq" | "==" => ordering == Ordering::Equal,
        "-ne" | "!=" | "<>" => ordering != Ordering::Equal,
        "-lt" | "<" => ordering == Ordering::Less,
        "-gt" | ">" => ordering == Ordering::Greater,
        "-le" | "<=" => ordering != Ordering::Greater,
        "-ge" | ">=" => ordering != Ordering::Less,
        _ => {
            println!("Unknown operator '{operator}'");
            false
        }
    };
    holds.then_some(()).ok_or(CmdError::Failure)
}

/// The value of an argument, cut to `width` bytes.
fn number(ram: &Ram, arg: &str, width: usize) -> Result<i64, CmdError> {
    let mut bytes = [0; 8];
    match arg.strip_prefix('*') {
        Some(address) => ram.peek(hex(address)?, &mut bytes[..width])?,
        None => bytes[..width].copy_from_slice(&hex(arg)?.to_le_bytes()[..width]),
    }
    Ok(i64::from_le_bytes(bytes))
}

/// An argument as text; with `*` the text at an address, up to its NUL.
fn text(ram: &Ram, arg: &str) -> Result<String, CmdError> {
    let Some(address) = arg.strip_prefix('*') else {
        return Ok(arg.to_string());
    };
    let start = hex(address)?;
    let mut bytes = alloc::vec::Vec::new();
    for address in start..start.saturating_add(MAX_TEXT) {
        let mut byte = [0];
        ram.peek(address, &mut byte)?;
        if byte == [0] {
            break;
        }
        bytes.extend(byte);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn comparisons_hold_or_not() {
        for (expression, expected) in [
            ("itest 10 -eq 0x10", true),
            ("itest 10 == 16", false),
            ("itest 9 < a", true),
            ("itest 9 -gt a", false),
            ("itest 1 <> 2", true),
            ("itest 2 >= 2", true),
            ("itest 2 -le 1", false),
            ("itest.b 101 == 1", true),
            ("itest.w 10001 != 1", false),
            ("itest.q 100000001 != 1", true),
            ("itest.s ab == ab", true),
            ("itest.s ab < aa", false),
            ("mw.l 40000000 12345678; itest *40000000 == 12345678", true),
            ("mw.l 40000000 12345678; itest.w *40000002 == 1234", true),
            ("mw.b 40000000 61 2; itest.s *40000000 == aa", true),
        ] {
            assert_eq!(
                run(expression),
                (i32::from(!expected), "".into()),
                "{expression}"
            );
        }
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(run("itest 1 ~ 1"), (1, "Unknown operator '~'\n".into()));
        assert!(run("itest *0 == 1").1.contains("is not in RAM"));
        assert!(run("itest 1").1.contains("Usage:\nitest"));
    }
}

command! {
    name: "itest",
    max_args: 4,
    usage: "return true/false on integer compare",
    help: "[.b, .w, .l, .q, .s] [*]value1 <op> [*]value2",
    run: do_itest,
}
