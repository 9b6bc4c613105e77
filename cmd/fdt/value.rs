// SPDX-License-Identifier: GPL-2.0-or-later
//! Property values as users write them: `<cells>`, `[bytes]` or text.

use crate::CmdError;
use alloc::vec::Vec;
use common::println;

/// The bytes of a value given as words; `?` among cells keeps the cell of `old` there.
pub fn parse(words: &[&str], old: &[u8]) -> Result<Vec<u8>, CmdError> {
    let first = words.first().copied().unwrap_or("");
    if first.starts_with('<') {
        cells(&words.join(" ")[1..], old)
    } else if first.starts_with('[') {
        bytes(&words.join(" ")[1..])
    } else {
        Ok(words
            .iter()
            .flat_map(|word| word.bytes().chain([0]))
            .collect())
    }
}

fn cells(text: &str, old: &[u8]) -> Result<Vec<u8>, CmdError> {
    let (mut rest, mut out) = (text.trim_start_matches(' '), Vec::new());
    while !rest.is_empty() && !rest.starts_with('>') {
        let cell = match rest.strip_prefix('?') {
            Some(after) => {
                rest = after;
                old.get(out.len()..out.len() + 4)
                    .unwrap_or(&[0; 4])
                    .try_into()
                    .unwrap_or([0; 4])
            }
            None => {
                let Some((number, after)) = number(rest) else {
                    println!("Sorry, I could not convert \"{rest}\"");
                    return Err(CmdError::Failure);
                };
                rest = after;
                (number as u32).to_be_bytes()
            }
        };
        out.extend(cell);
        rest = rest.trim_start_matches(' ');
    }
    closed(rest, '>').map(|()| out)
}

/// A number in C's notation at the start of a text, and what follows it.
fn number(text: &str) -> Option<(u64, &str)> {
    let (digits, base) = match text.as_bytes() {
        [b'0', b'x' | b'X', c, ..] if c.is_ascii_hexdigit() => (&text[2..], 16),
        [b'0', b'0'..=b'7', ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    let end = digits
        .find(|c: char| !c.is_digit(base))
        .unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    Some((u64::from_str_radix(digits, base).ok()?, rest))
}

fn bytes(text: &str) -> Result<Vec<u8>, CmdError> {
    let (mut rest, mut out) = (text.trim_start_matches(' '), Vec::new());
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(rest.len());
        let (digits, after) = rest.split_at(end);
        // Only the last two digits of a longer number count.
        match u8::from_str_radix(&digits[digits.len().saturating_sub(2)..], 16) {
            Ok(byte) => out.push(byte),
            Err(_) => return closed(rest, ']').map(|()| out),
        }
        rest = after.trim_start_matches(' ');
    }
}

fn closed(rest: &str, end: char) -> Result<(), CmdError> {
    match rest.chars().next() {
        Some(c) if c == end => return Ok(()),
        Some(c) => println!("Unexpected character '{c}'"),
        None => println!("'{end}' is missing at the end of the value"),
    }
    Err(CmdError::Failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::capture;

    fn value(words: &[&str]) -> Option<Vec<u8>> {
        parse(words, &[1, 2, 3, 4, 5, 6, 7, 8]).ok()
    }

    #[test]
    fn cells_bytes_and_text() {
        let _console = capture();
        let two = Some(std::vec![0, 0, 0, 1, 0, 0, 0, 0x20]);
        assert_eq!(value(&["<1 0x20>"]), two);
        assert_eq!(value(&["<1", "040>"]), two);
        assert_eq!(value(&["<", "1", "32", ">"]), two);
        assert_eq!(
            value(&["<0 ? ?>"]),
            Some(std::vec![0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0, 0])
        );
        assert_eq!(value(&["<>"]), Some(std::vec![]));
        assert_eq!(value(&["[00", "ff 1 ]"]), Some(std::vec![0, 0xff, 1]));
        assert_eq!(value(&["[123]"]), Some(std::vec![0x23]));
        assert_eq!(value(&["a b", "c"]), Some(b"a b\0c\0".to_vec()));
        assert_eq!(value(&[""]), Some(std::vec![0]));
    }

    #[test]
    fn mistakes_are_shown() {
        let console = capture();
        assert_eq!(value(&["<1 x>"]), None);
        assert_eq!(console.take(), "Sorry, I could not convert \"x>\"\n");
        assert_eq!(value(&["[1 x]"]), None);
        assert_eq!(console.take(), "Unexpected character 'x'\n");
        for words in [
            &["<"][..],
            &["["],
            &["<1"],
            &["[1"],
            &["<99999999999999999999>"],
            &["<-1>"],
        ] {
            assert_eq!(value(words), None, "{words:?}");
        }
    }
}
