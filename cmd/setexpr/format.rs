// SPDX-License-Identifier: GPL-2.0-or-later
//! `setexpr fmt`: values in a format, as C's and the shell's `printf`.
//!
//! `%d %i %o %u %x %X %c %s %b %%` with a flag of `-+ #0`, a width and a
//! precision, either of which can be `*`; `\` escapes. Numbers are hexadecimal.

use crate::CmdError;
use crate::number::hex;
use alloc::format;
use alloc::string::{String, ToString};
use common::println;
use core::iter::Peekable;
use core::str::Chars;

/// The longest result, as in U-Boot.
const MAX_RESULT: usize = 127;

/// The values in the format; those that are missing are empty or 0.
///
/// # Errors
/// After saying why: an unknown conversion, a value that is no number, a result that is too long.
pub fn format(format: &str, values: &[&str]) -> Result<String, CmdError> {
    let mut result = String::new();
    let mut values = values.iter().copied();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '%' => {
                let start = format.len() - rest_len(&chars) - 1;
                let text = conversion(&mut chars, &mut values, &format[start..])?;
                result.push_str(text.text());
                if let Converted::Last(_) = text {
                    break;
                }
            }
            '\\' if chars.peek() == Some(&'c') => break,
            '\\' => result.push(escape(&mut chars)),
            c => result.push(c),
        }
        if result.len() > MAX_RESULT {
            println!("## Error: the result is longer than {MAX_RESULT} characters");
            return Err(CmdError::Failure);
        }
    }
    Ok(result)
}

/// What a conversion gives.
enum Converted {
    Text(String),
    /// Nothing follows it: its value had a `\c`.
    Last(String),
}

impl Converted {
    fn text(&self) -> &str {
        match self {
            Converted::Text(text) | Converted::Last(text) => text,
        }
    }
}

/// How a value is shown.
#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

fn conversion<'a>(
    chars: &mut Peekable<Chars>,
    values: &mut impl Iterator<Item = &'a str>,
    directive: &str,
) -> Result<Converted, CmdError> {
    match chars.peek() {
        Some('%') => {
            chars.next();
            return Ok(Converted::Text("%".to_string()));
        }
        Some('b') => {
            chars.next();
            return Ok(escaped(values.next().unwrap_or_default()));
        }
        _ => {}
    }
    let spec = Spec::parse(chars, values);
    while chars
        .next_if(|c| matches!(c, 'l' | 'L' | 'h' | 'z'))
        .is_some()
    {}
    let kind = chars.next();
    let Some(kind) = kind.filter(|kind| "diouxXcs".contains(*kind)) else {
        println!("`{directive}': invalid format");
        return Err(CmdError::Failure);
    };
    let value = values.next().unwrap_or_default();
    let text = match kind {
        'c' => spec.pad("", &value.chars().take(1).collect::<String>(), false),
        's' => {
            let most = spec.precision.unwrap_or(usize::MAX);
            spec.pad("", &value.chars().take(most).collect::<String>(), false)
        }
        kind => spec.number(kind, number(value)?),
    };
    Ok(Converted::Text(text))
}

/// A hexadecimal value with or without a sign; 0 for an empty one.
fn number(value: &str) -> Result<u64, CmdError> {
    let value = value.trim_start();
    match value.strip_prefix('-') {
        _ if value.is_empty() => Ok(0),
        Some(value) => Ok(hex(value)?.wrapping_neg()),
        None => hex(value.strip_prefix('+').unwrap_or(value)),
    }
}

impl Spec {
    fn parse<'a>(chars: &mut Peekable<Chars>, values: &mut impl Iterator<Item = &'a str>) -> Spec {
        let mut spec = Spec::default();
        match chars.next_if(|c| "-+ #".contains(*c)) {
            Some('-') => spec.left = true,
            Some('+') => spec.plus = true,
            Some(' ') => spec.space = true,
            Some(_) => spec.alternate = true,
            None => {}
        }
        spec.zero = chars.peek() == Some(&'0');
        let width = size(chars, values);
        spec.left |= width < 0;
        spec.width = width.unsigned_abs() as usize;
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = usize::try_from(size(chars, values)).ok();
        }
        spec
    }

    fn number(&self, kind: char, value: u64) -> String {
        let signed = matches!(kind, 'd' | 'i');
        let negative = signed && (value as i64) < 0;
        let mut digits = match kind {
            'o' => format!("{value:o}"),
            'x' => format!("{value:x}"),
            'X' => format!("{value:X}"),
            _ if negative => (value as i64).unsigned_abs().to_string(),
            _ => value.to_string(),
        };
        let least = self.precision.unwrap_or(1).min(MAX_RESULT + 1);
        digits = format!("{digits:0>least$}");
        let prefix = match kind {
            _ if negative => "-",
            'd' | 'i' if self.plus => "+",
            'd' | 'i' if self.space => " ",
            'x' if self.alternate => "0x",
            'X' if self.alternate => "0X",
            'o' if self.alternate => "0",
            _ => "",
        };
        self.pad(prefix, &digits, self.zero && self.precision.is_none())
    }

    /// Text of at least the width, filled with zeros after the prefix or with blanks.
    fn pad(&self, prefix: &str, text: &str, zero: bool) -> String {
        // One more than fits, so that too much is noticed.
        let width = self.width.min(MAX_RESULT + 1);
        let inner = width.saturating_sub(prefix.len());
        match (self.left, zero) {
            (true, _) => format!("{prefix}{text:<inner$}"),
            (false, true) => format!("{prefix}{text:0>inner$}"),
            (false, false) => format!("{:>width$}", format!("{prefix}{text}")),
        }
    }
}

/// Digits, or `*` for the next value; a number that is too large is cut.
fn size<'a>(chars: &mut Peekable<Chars>, values: &mut impl Iterator<Item = &'a str>) -> i32 {
    if chars.next_if_eq(&'*').is_some() {
        return values.next().and_then(|v| v.parse().ok()).unwrap_or(0);
    }
    let mut size = 0i32;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        size = size.saturating_mul(10).saturating_add(digit as i32);
    }
    size
}

/// A text with escapes, as `%b` takes it.
fn escaped(text: &str) -> Converted {
    let mut result = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'c') => return Converted::Last(result),
            '\\' => {
                // Here an octal number can have a 0 in front of its three digits.
                let mut ahead = chars.clone();
                let octal = ahead.next() == Some('0');
                if octal && ahead.peek().is_some_and(|c| c.is_digit(8)) {
                    chars = ahead;
                }
                result.push(escape(&mut chars));
            }
            c => result.push(c),
        }
    }
    Converted::Text(result)
}

/// The character that an escape stands for; a backslash that begins none is itself.
fn escape(chars: &mut Peekable<Chars>) -> char {
    let mut value = None;
    for _ in 0..3 {
        let digit = chars.peek().and_then(|c| c.to_digit(8));
        let next =
            digit.and_then(|digit| u8::try_from(u32::from(value.unwrap_or(0u8)) * 8 + digit).ok());
        let Some(next) = next else { break };
        chars.next();
        value = Some(next);
    }
    if let Some(value) = value {
        return char::from(value);
    }
    let meaning = match chars.peek() {
        Some('a') => '\x07',
        Some('b') => '\x08',
        Some('e') => '\x1b',
        Some('f') => '\x0c',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('v') => '\x0b',
        Some(c @ ('\\' | '"')) => *c,
        _ => return '\\',
    };
    chars.next();
    meaning
}

/// Bytes that are not read yet.
fn rest_len(chars: &Peekable<Chars>) -> usize {
    chars.clone().map(char::len_utf8).sum()
}
