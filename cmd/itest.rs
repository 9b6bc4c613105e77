// SPDX-License-Identifier: GPL-2.0-or-later
//! `itest`: compares numbers and texts, also those in memory.
//!
//! Numbers are hexadecimal. One that begins with `*` is an address, and what
//! is there is compared, in the width that the end of the name gives.
#![cfg(CONFIG_CMD_ITEST)]

use crate::number::width;
use crate::{CmdError, CmdResult, Context, operand};
use alloc::string::{String, ToString};
use common::println;
use core::cmp::Ordering;

fn do_itest(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let [name, left, operator, right] = args else {
        return Err(CmdError::Usage);
    };
    let ordering = match name.ends_with(".s") {
        true => text(ctx, left)?.cmp(&text(ctx, right)?),
        false => {
            let width = width(name)?;
            number(ctx, left, width)?.cmp(&number(ctx, right, width)?)
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
fn number(ctx: &Context, arg: &str, width: usize) -> Result<i64, CmdError> {
    let value = operand::number(&ctx.ram, arg, width)?;
    let mask = u64::MAX >> (64 - 8 * width);
    // Only those of eight bytes can be negative.
    Ok((value & mask) as i64)
}

/// An argument as text; `*` is an address, `${name}` a variable that was quoted.
fn text(ctx: &Context, arg: &str) -> Result<String, CmdError> {
    let name = arg.strip_prefix("${").and_then(|rest| rest.split_once('}'));
    match name {
        Some((name, _)) => Ok(ctx.env.get(name).unwrap_or_default().to_string()),
        None => operand::text(&ctx.ram, arg),
    }
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
            ("itest.q ffffffffffffffff < 0", true),
            ("itest ffffffff < 0", false),
            ("setenv v ab; itest.s '${v}' == ab", true),
            ("itest.s '${none}' == ''", true),
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
