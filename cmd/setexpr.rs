// SPDX-License-Identifier: GPL-2.0-or-later
//! `setexpr`: sets a variable to the result of an expression.
//!
//! Numbers are hexadecimal and of 64 bits. One that begins with `*` is an
//! address, and what is there is used, in the width that the end of the name
//! gives; with `.s` all is text.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/setexpr.rst`.
#![cfg(CONFIG_CMD_SETEXPR)]

#[cfg(CONFIG_CMD_SETEXPR_FMT)]
#[path = "setexpr/format.rs"]
mod format;
#[cfg(CONFIG_REGEX)]
#[path = "setexpr/replace.rs"]
mod replace;

use crate::number::width;
use crate::{CmdError, CmdResult, Context, operand};
use common::println;

fn do_setexpr(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match *args {
        #[cfg(CONFIG_CMD_SETEXPR_FMT)]
        [_, name, "fmt", format, ref values @ ..] => {
            let text = format::format(format, values)?;
            Ok(ctx.env.set(name, &text)?)
        }
        #[cfg(CONFIG_CMD_SETEXPR_FMT)]
        [_, _, "fmt"] => Err(CmdError::Usage),
        #[cfg(CONFIG_REGEX)]
        [_, name, how @ ("sub" | "gsub"), regex, with, ref text @ ..] if text.len() <= 1 => {
            replace::replace(ctx, name, how == "gsub", regex, with, text.first().copied())
        }
        [command, name, value] if is_text(command) => {
            let text = operand::text(&ctx.ram, value)?;
            Ok(ctx.env.set(name, &text)?)
        }
        [command, name, value] => {
            let value = operand::number(&ctx.ram, value, width(command)?)?;
            Ok(ctx.env.set_hex(name, value)?)
        }
        [_, _, _, operator, _] if operator.chars().count() != 1 => Err(CmdError::Usage),
        [command, name, left, operator, right] if is_text(command) => {
            let (left, right) = (
                operand::text(&ctx.ram, left)?,
                operand::text(&ctx.ram, right)?,
            );
            match operator {
                "+" => Ok(ctx.env.set(name, &(left + &right))?),
                _ => invalid_operator(),
            }
        }
        [command, name, left, operator, right] => {
            let width = width(command)?;
            let left = operand::number(&ctx.ram, left, width)?;
            let right = operand::number(&ctx.ram, right, width)?;
            compute(ctx, name, left, operator, right)
        }
        _ => Err(CmdError::Usage),
    }
}

fn is_text(command: &str) -> bool {
    command.ends_with(".s")
}

fn compute(ctx: &mut Context, name: &str, left: u64, operator: &str, right: u64) -> CmdResult {
    let result = match operator {
        "|" => left | right,
        "&" => left & right,
        "^" => left ^ right,
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" | "%" if right == 0 => {
            println!("## Error: {left:x} {operator} 0: division by zero");
            return Err(CmdError::Failure);
        }
        "/" => left / right,
        "%" => left % right,
        _ => return invalid_operator(),
    };
    Ok(ctx.env.set_hex(name, result)?)
}

fn invalid_operator() -> CmdResult {
    println!("invalid op");
    Err(CmdError::Failure)
}

#[cfg(test)]
#[path = "setexpr/tests.rs"]
mod tests;

command! {
    name: "setexpr",
    max_args: 8,
    usage: "set environment variable as the result of eval expression",
    help: "[.b, .w, .l, .q, .s] name [*]value1 <op> [*]value2\n    \
           - set 'name' to the result; <op> is one of & | ^ + - * / %, with .s only +;\n      \
           a value with * is an address, and the width is that of what is there\n\
           setexpr[.b, .w, .l, .q, .s] name [*]value\n    \
           - set 'name' to a value\n\
           setexpr name fmt <format> [value1] [value2] [value3] [value4]\n    \
           - set 'name' to the values in a format, as printf does it\n\
           setexpr name gsub r s [t]\n    \
           - replace all that matches the regular expression r in the text t by s, where\n      \
           \\0 to \\9 are what its groups matched; without t, in the value of 'name'\n\
           setexpr name sub r s [t]\n    \
           - the same, for the first match only",
    complete: crate::complete::first_variable,
    run: do_setexpr,
}
