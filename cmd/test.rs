// SPDX-License-Identifier: GPL-2.0-or-later
//! `test` and `[`: compare texts and numbers, look for files and for regular expressions.
//!
//! An expression is read from the left; `-a` and `-o` have the same rank, as
//! in U-Boot. Numbers are decimal, hexadecimal with `0x`, or octal with `0`.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/test.rst`.
#![cfg(CONFIG_HUSH_PARSER)]

use crate::complete::file_at;
use crate::{CmdError, CmdResult, Context};
use alloc::string::String;
use alloc::vec::Vec;
use common::println;
use disk::Whole;
use disk::number::autotoul;
use include::config::CONFIG_SYS_MAXARGS;

fn do_test(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let words = match args {
        ["[", words @ .., "]"] => words,
        ["[", ..] => {
            println!("[: missing terminating ]");
            return Err(CmdError::Failure);
        }
        _ => &args[1..],
    };
    match holds(ctx, words) {
        true => Ok(()),
        false => Err(CmdError::Failure),
    }
}

fn holds(ctx: &Context, mut words: &[&str]) -> bool {
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
        let Some((value, rest)) = primary(ctx, words) else {
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
fn primary<'a, 'b>(ctx: &Context, words: &'a [&'b str]) -> Option<(bool, &'a [&'b str])> {
    match words {
        [left, operator, right, rest @ ..] if is_binary(words) => {
            Some((compare(left, operator, right), rest))
        }
        ["-z", text, rest @ ..] => Some((text.is_empty(), rest)),
        ["-n", text, rest @ ..] => Some((!text.is_empty(), rest)),
        ["-e", interface, spec, path, rest @ ..] => {
            Some((file_exists(ctx, interface, spec, path), rest))
        }
        _ => None,
    }
}

fn is_binary(words: &[&str]) -> bool {
    const OPERATORS: [&str; 10] = [
        "=", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge",
    ];
    let known = |word| OPERATORS.contains(&word) || (cfg!(CONFIG_REGEX) && word == "=~");
    words.len() >= 3 && known(words[1])
}

/// Whether a path leads to something; without the device or a file system it does not.
fn file_exists(ctx: &Context, interface: &str, spec: &str, path: &str) -> bool {
    if let Some(fs) = fs::on_interface(interface) {
        return fs.exists(path);
    }
    let boot_device = ctx.env.get("bootdevice");
    match disk::locate_by_name(&ctx.dm, interface, Some(spec), boot_device, Whole::Allowed) {
        Ok(place) => fs::open(&place.disk, &place.partition).is_ok_and(|fs| fs.exists(path)),
        Err(error) => {
            println!("{error}");
            false
        }
    }
}

#[cfg(CONFIG_REGEX)]
fn matches(text: &str, pattern: &str) -> bool {
    match common::regex::Regex::new(pattern) {
        Ok(regex) => regex.is_match(text),
        Err(error) => {
            println!("Error compiling regex: {error}");
            false
        }
    }
}

fn compare(left: &str, operator: &str, right: &str) -> bool {
    let numbers = (number(left), number(right));
    match operator {
        "=" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        #[cfg(CONFIG_REGEX)]
        "=~" => matches(left, right),
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
    match text.strip_prefix('-') {
        Some(digits) => (autotoul(digits).0 as i64).wrapping_neg(),
        None => autotoul(text).0 as i64,
    }
}

/// Behind `-e` there is a file.
fn complete_file(ctx: &Context, words: &[&str]) -> Vec<String> {
    let operator = words.iter().rposition(|word| *word == "-e");
    operator.map_or(Vec::new(), |at| file_at::<3>(ctx, &words[at..]))
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
            ("010 -eq 8", true),
            ("-0x8000000000000000 -lt 0", true),
            ("-9223372036854775808 -lt 9223372036854775807", true),
            ("abc123 =~ ^[a-c]+[0-9]+$", true),
            ("abc123x =~ ^[a-c]+[0-9]+$", false),
            ("! abc =~ b -o a = a", true),
            ("-a = -a -a -e = -e", true),
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
    fn a_file_on_no_device_does_not_exist() {
        let (status, text) = run("test -e nodev 0:1 /a");
        assert_eq!((status, text.lines().count()), (1, 1), "{text}");
        assert_eq!(
            run("if test ! -e nodev 0:1 /a -a b = b; then echo c; fi").1,
            text + "c\n"
        );
    }

    #[test]
    fn a_bad_expression_is_named() {
        let message = "Error compiling regex: No closing bracket\n";
        assert_eq!(run("test a =~ '(a'"), (1, message.into()));
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
    complete: complete_file,
    run: do_test,
}

command! {
    name: "[",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "alias for 'test'",
    help: " <test expression> ]",
    complete: complete_file,
    run: do_test,
}
