// SPDX-License-Identifier: GPL-2.0-or-later
//! `test` and `[`: compare texts and numbers.
//!
//! An expression is read from the left; `-a` and `-o` have the same rank, as
//! in U-Boot. Numbers are decimal, or hexadecimal with `0x`.
#![cfg(CONFIG_HUSH_PARSER)]

use crate::{CmdError, CmdResult, Context};
use common::println;
use include::config::CONFIG_SYS_MAXARGS;

fn do_test(_ctx: &mut Context, args: &[&str]) -> CmdResult {
    let words = match args {
        ["[", words @ .., "]"] => words,
        ["[", ..] => {
            println!("[: missing terminating ]");
            return Err(CmdError::Failure);
        }
        _ => &args[1..],
    };
    match holds(words) {
        true => Ok(()),
        false => Err(CmdError::Failure),
    }
}

fn holds(mut words: &[&str]) -> bool {
    // `test -n $variable` without a value is false, whatever POSIX says.
    match words {
        [] | [""] | ["-n"] => return false,
        [_] => return true,
        _ => {}
    }
    let mut result = false;
    let mut negate = false;
    let mut joined: Option<(&str, bool)> = None;
    while !words.is_empty() {
        match words {
            ["!", rest @ ..] if !is_binary(words) => {
                negate = !negate;
                words = rest;
                continue;
            }
            [join @ ("-a" | "-o"), rest @ ..] if !is_binary(words) => {
                joined = Some((join, result));
                words = rest;
                continue;
            }
            _ => {}
        }
        let Some((value, rest)) = primary(words) else {
            // U-Boot takes what it cannot read as true.
            return true;
        };
        result = value != core::mem::take(&mut negate);
        match joined.take() {
            Some(("-a", before)) => result &= before,
            Some((_, before)) => result |= before,
            None => {}
        }
        words = rest;
    }
    result
}

/// The value of the comparison that words begin with, and the words after it.
fn primary<'a, 'b>(words: &'a [&'b str]) -> Option<(bool, &'a [&'b str])> {
    match words {
        [left, operator, right, rest @ ..] if is_binary(words) => {
            Some((compare(left, operator, right), rest))
        }
        ["-z", text, rest @ ..] => Some((text.is_empty(), rest)),
        ["-n", text, rest @ ..] => Some((!text.is_empty(), rest)),
        _ => None,
    }
}

fn is_binary(words: &[&str]) -> bool {
    const OPERATORS: [&str; 10] = [
        "=", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge",
    ];
    words.len() >= 3 && OPERATORS.contains(&words[1])
}

fn compare(left: &str, operator: &str, right: &str) -> bool {
    let numbers = (number(left), number(right));
    match operator {
        "=" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-eq" => numbers.0 == numbers.1,
        "-ne" => numbers.0 != numbers.1,
        "-lt" => numbers.0 < numbers.1,
        "-le" => numbers.0 <= numbers.1,
        "-gt" => numbers.0 > numbers.1,
        _ => numbers.0 >= numbers.1,
    }
}

/// The number that a text begins with; 0 if there is none.
fn number(text: &str) -> i64 {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (base, digits) = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(digits) => (16, digits),
        None => (10, digits),
    };
    let end = digits
        .find(|c: char| !c.is_digit(base))
        .unwrap_or(digits.len());
    sign * i64::from_str_radix(&digits[..end], base).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn expressions_hold_or_not() {
        for (expression, expected) in [
            ("", false),
            ("''", false),
            ("-n", false),
            ("a", true),
            ("-z ''", true),
            ("-n ''", false),
            ("-n a", true),
            ("a = a", true),
            ("a = b", false),
            ("a != b", true),
            ("a < b", true),
            ("a > b", false),
            ("10 -gt 9", true),
            ("0x10 -eq 16", true),
            ("-5 -lt 3", true),
            ("12ab -le 12", true),
            ("2 -ge 3", false),
            ("! a = a", false),
            ("! ! a = a", true),
            ("a = b -o c = c", true),
            ("a = a -a c = d", false),
            ("a = a -a ! c = d", true),
            ("! = !", true),
            ("-n a -a -z ''", true),
        ] {
            let expected = i32::from(!expected);
            let command = std::format!("test {expression}");
            assert_eq!(run(&command), (expected, "".into()), "{expression}");
            let command = std::format!("[ {expression} ]");
            assert_eq!(run(&command), (expected, "".into()), "{expression}");
        }
    }

    #[test]
    fn the_bracket_must_be_closed() {
        assert_eq!(run("[ a = a"), (1, "[: missing terminating ]\n".into()));
    }
}

command! {
    name: "test",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "minimal test like /bin/sh",
    help: "[args..]",
    run: do_test,
}

command! {
    name: "[",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "alias for 'test'",
    help: " <test expression> ]",
    run: do_test,
}
