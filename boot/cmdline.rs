// SPDX-License-Identifier: GPL-2.0-or-later
//! Changing single arguments of a kernel's command line.
//!
//! Arguments are separated by spaces that are not in double quotes:
//! `quiet root=/dev/xvda2 name="with spaces"`.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bootflow.rst`, `bootflow cmdline`.

use alloc::string::String;
use alloc::vec::Vec;

/// The longest command line.
const MAX_LEN: usize = 2047;

/// What an argument is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// Gone.
    Delete,
    /// Its name alone.
    NoValue,
    /// Its name with this value, which may be empty.
    Value(&'a str),
}

/// Why it cannot be changed or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgError {
    /// It is not there.
    NotFound,
    /// A quote has no end.
    Quotes,
    /// There is a quote in the value.
    Value,
    /// The command line would be longer than any.
    TooLong,
}

/// The value of an argument, without its quotes; empty if it has none.
///
/// # Errors
/// [`ArgError::NotFound`], [`ArgError::Quotes`].
pub fn get<'a>(cmdline: &'a str, name: &str) -> Result<&'a str, ArgError> {
    let words = words(cmdline)?;
    let word = words.into_iter().find(|word| is_of(word, name));
    let (_, value) = word
        .ok_or(ArgError::NotFound)?
        .split_once('=')
        .unwrap_or_default();
    let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    Ok(inner.unwrap_or(value))
}

/// The command line with an argument changed, or added at its end.
///
/// # Errors
/// As [`ArgError`] says.
pub fn set(cmdline: &str, name: &str, change: Change<'_>) -> Result<String, ArgError> {
    let new = match change {
        Change::Delete => None,
        Change::NoValue => Some(String::from(name)),
        Change::Value(value) if value.contains('"') => return Err(ArgError::Value),
        Change::Value(value) if value.contains(' ') => Some(alloc::format!("{name}=\"{value}\"")),
        Change::Value(value) => Some(alloc::format!("{name}={value}")),
    };
    let mut words = words(cmdline)?;
    let found = words.iter().any(|word| is_of(word, name));
    match &new {
        None if !found => return Err(ArgError::NotFound),
        None => words.retain(|word| !is_of(word, name)),
        Some(new) if !found => words.push(new),
        Some(new) => {
            let of_name = words.iter_mut().filter(|word| is_of(word, name));
            of_name.for_each(|word| *word = new);
        }
    }
    let cmdline = words.join(" ");
    match cmdline.len() > MAX_LEN {
        true => Err(ArgError::TooLong),
        false => Ok(cmdline),
    }
}

fn is_of(word: &str, name: &str) -> bool {
    word.split('=').next() == Some(name)
}

fn words(cmdline: &str) -> Result<Vec<&str>, ArgError> {
    let mut quoted = false;
    let words = cmdline.split(|c| {
        quoted ^= c == '"';
        c == ' ' && !quoted
    });
    let words = words.filter(|word| !word.is_empty()).collect();
    match quoted {
        true => Err(ArgError::Quotes),
        false => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "  quiet mary= jane=123  john=\"has spaces\" jane=4 ";

    #[test]
    fn arguments_are_read() {
        for (name, value) in [
            ("quiet", ""),
            ("mary", ""),
            ("jane", "123"),
            ("john", "has spaces"),
        ] {
            assert_eq!(get(LINE, name), Ok(value), "{name}");
        }
        assert_eq!(get(LINE, "spaces"), Err(ArgError::NotFound));
        assert_eq!(get("", "a"), Err(ArgError::NotFound));
        assert_eq!(get("a=\"b c", "a"), Err(ArgError::Quotes));
    }

    #[test]
    fn arguments_are_changed_wherever_they_are() {
        let set = |line, name, change| set(line, name, change).unwrap();
        assert_eq!(
            set(LINE, "jane", Change::Value("a b")),
            "quiet mary= jane=\"a b\" john=\"has spaces\" jane=\"a b\""
        );
        assert_eq!(
            set(LINE, "jane", Change::Delete),
            "quiet mary= john=\"has spaces\""
        );
        assert_eq!(set("a=1 b", "a", Change::NoValue), "a b");
        assert_eq!(set("a=1 b", "b", Change::Value("")), "a=1 b=");
        assert_eq!(set("", "a", Change::Value("1")), "a=1");
        assert_eq!(set("x", "a", Change::NoValue), "x a");
        assert_eq!(set("a", "a", Change::Delete), "");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(set("a", "b", Change::Delete), Err(ArgError::NotFound));
        assert_eq!(set("a", "b", Change::Value("\"")), Err(ArgError::Value));
        assert_eq!(set("a=\"", "b", Change::NoValue), Err(ArgError::Quotes));
        let long = "x".repeat(MAX_LEN - 2);
        assert_eq!(set(&long, "b", Change::NoValue).unwrap().len(), MAX_LEN);
        assert_eq!(set(&long, "bb", Change::NoValue), Err(ArgError::TooLong));
    }
}
