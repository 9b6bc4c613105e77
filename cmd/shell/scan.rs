// SPDX-License-Identifier: GPL-2.0-or-later
//! Reads a line that is not complete, for the Tab key: which words the command
//! at its end has so far, with the values of variables, and what its end is in.
#![cfg(CONFIG_AUTO_COMPLETE)]

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::iter::Peekable;
use core::str::Chars;

/// Words behind which a command begins.
const KEYWORDS: [&str; 7] = ["if", "then", "elif", "else", "while", "until", "do"];

/// What the end of a line is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quote {
    /// In no quotes.
    #[default]
    None,
    /// In `'`
    Single,
    /// In `"`
    Double,
}

/// The name of a variable that a line ends in.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    /// As much of its name as there is.
    pub name: String,
    /// Whether it is in `${`.
    pub braces: bool,
}

/// The end of a line.
#[derive(Debug, Default)]
pub struct Scan {
    /// The words of its last command; the last one is at the cursor, and can be empty.
    pub words: Vec<String>,
    /// What the cursor is in.
    pub quote: Quote,
    /// The variable that the cursor is in.
    pub variable: Option<Variable>,
}

impl Scan {
    /// Reads a line, with `value` for the values of variables.
    pub fn new<'a>(line: &str, value: impl Fn(&str) -> Option<&'a str>) -> Scan {
        let mut scan = Scan::default();
        scan.words.push(String::new());
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, scan.quote) {
                ('\'', Quote::None) => scan.quote = Quote::Single,
                ('\'', Quote::Single) => scan.quote = Quote::None,
                ('"', Quote::None) => scan.quote = Quote::Double,
                ('"', Quote::Double) => scan.quote = Quote::None,
                ('$', Quote::None | Quote::Double) => match variable(&mut chars) {
                    (variable, true) => scan.push(value(&variable.name).unwrap_or_default()),
                    (variable, false) => scan.variable = Some(variable),
                },
                ('\\', Quote::None) => scan.push_char(chars.next()),
                ('\\', Quote::Single) => scan.push_char(chars.next_if(|&c| c != '\'')),
                ('\\', Quote::Double) => {
                    let escaped = chars.next_if(|c| "\"\\$".contains(*c));
                    scan.push_char(escaped.or(Some('\\')));
                }
                (' ' | '\t', Quote::None) => scan.end_word(),
                (';' | '&' | '|', Quote::None) => {
                    scan.words.clear();
                    scan.words.push(String::new());
                }
                (c, _) => scan.push_char(Some(c)),
            }
        }
        scan
    }

    /// What there is of the word, or variable, at the cursor.
    pub fn begun(&self) -> &str {
        match &self.variable {
            Some(variable) => &variable.name,
            None => self.words.last().map_or("", String::as_str),
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(word) = self.words.last_mut() {
            word.push_str(text);
        }
    }

    fn push_char(&mut self, c: Option<char>) {
        if let (Some(word), Some(c)) = (self.words.last_mut(), c) {
            word.push(c);
        }
    }

    fn end_word(&mut self) {
        match self.words.as_slice() {
            [keyword] if KEYWORDS.contains(&keyword.as_str()) => self.words[0].clear(),
            [.., last] if last.is_empty() => {}
            _ => self.words.push(String::new()),
        }
    }
}

/// The variable behind a `$`, and whether its name has an end.
fn variable(chars: &mut Peekable<Chars>) -> (Variable, bool) {
    let mut name = String::new();
    let braces = chars.next_if_eq(&'{').is_some();
    if !braces {
        while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
            name.push(c);
        }
        let ended = chars.peek().is_some();
        return (Variable { name, braces }, ended);
    }
    let ended = loop {
        match chars.next() {
            Some('}') => break true,
            Some(c) => name.push(c),
            None => break false,
        }
    };
    // A text for an empty variable does not matter here.
    let name = match name.split_once(':') {
        Some((name, _)) if ended => name.to_string(),
        _ => name,
    };
    (Variable { name, braces }, ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let value = |name: &str| (name == "addr").then_some("4000");
        Scan::new(line, value).words
    }

    #[test]
    fn the_last_command_counts() {
        assert_eq!(words(""), [""]);
        assert_eq!(words("load  0:1"), ["load", "0:1"]);
        assert_eq!(words("load "), ["load", ""]);
        assert_eq!(words("a b; c d && e "), ["e", ""]);
        assert_eq!(words("if test a; then pri"), ["pri"]);
        assert_eq!(words("while t"), ["t"]);
        assert_eq!(
            words("load 'a b' \"c \\\" d\" e\\ f"),
            ["load", "a b", "c \" d", "e f"]
        );
        assert_eq!(
            words("load $addr ${addr}/x ${none:-y} "),
            ["load", "4000", "4000/x", ""]
        );
    }

    #[test]
    fn the_end_is_in_something() {
        let end = |line: &str| {
            let scan = Scan::new(line, |_| None);
            let variable = scan.variable.map(|v| (v.name, v.braces));
            (scan.quote, variable)
        };
        assert_eq!(end("a 'b"), (Quote::Single, None));
        assert_eq!(end("a \"b"), (Quote::Double, None));
        assert_eq!(end("a 'b'"), (Quote::None, None));
        assert_eq!(end("a $ker"), (Quote::None, Some(("ker".into(), false))));
        assert_eq!(
            end("a \"${ker"),
            (Quote::Double, Some(("ker".into(), true)))
        );
        assert_eq!(end("a '$ker"), (Quote::Single, None));
        assert_eq!(end("a \\$ker"), (Quote::None, None));
        assert_eq!(end("a $"), (Quote::None, Some(("".into(), false))));
    }
}
