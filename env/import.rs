// SPDX-License-Identifier: GPL-2.0-or-later
//! Variables as one text: `name=value`, each with a separator behind it.
//!
//! With NUL between them the text is what is stored; with a newline it is a
//! file that people edit, with comments and blanks in front of names. In a
//! value, a backslash stands before a separator and before a backslash, in
//! both forms. Behaviour: U-Boot, `lib/hashtable.c`; but a text with an error
//! changes nothing at all.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

use crate::{By, Env, text};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use common::{Error, Result, console, println};
use hashbrown::HashSet;

/// What stands behind each variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// As it is stored.
    Nul,
    /// As in a text file.
    Newline,
}

/// How to import.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// What stands behind each variable.
    pub separator: Separator,
    /// Whether a carriage return before a newline is dropped.
    pub crlf: bool,
    /// Whether variables that are not in the text are deleted: all of them, or those of `names`.
    pub delete: bool,
    /// The variables to import; empty for all.
    pub names: &'a [&'a str],
    /// Who imports them.
    pub by: By,
}

impl Env {
    /// Sets the variables of a text, and deletes those that are without a value there.
    ///
    /// A variable that must not be changed is passed over, with a message.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a value without a name, before anything is
    /// changed; [`Error::NoSpace`], [`Error::Interrupted`].
    pub fn import(&mut self, data: &[u8], how: &Import) -> Result<()> {
        let data = match how.crlf && how.separator == Separator::Newline {
            true => without_returns(data)?,
            false => Cow::Borrowed(data),
        };
        if data.len() > Env::LIMIT {
            return Err(Error::NoSpace);
        }
        if console::ctrlc() {
            return Err(Error::Interrupted);
        }
        let entries = || Entries::new(&data, how.separator);
        if entries().any(|entry| entry.name.is_empty() && entry.value.is_some()) {
            return Err(Error::Invalid("a value without a name"));
        }
        let mut by = how.by;
        if how.delete && how.names.is_empty() {
            self.clear();
            // What is new now must not be taken for a change.
            by = By::Force;
        }
        let mut missing: HashSet<&str> = how.names.iter().copied().collect();
        for entry in entries() {
            let name = text::decode(entry.name);
            // The first entry of a name is the one that a list of names takes.
            if how.names.is_empty() || missing.remove(name.as_str()) {
                self.import_entry(&name, entry.value, by)?;
            }
        }
        if how.delete {
            self.delete_missing(how.names, &missing, by);
        }
        Ok(())
    }

    fn import_entry(&mut self, name: &str, value: Option<&[u8]>, by: By) -> Result<()> {
        let Some(value) = value else {
            // Whether it was there or must stay is of no interest.
            _ = self.remove(name, by);
            return Ok(());
        };
        if value.len() > Env::LIMIT {
            return Err(Error::NoSpace);
        }
        let value = text::decode(&unescaped(value));
        match self.put(name, &value, by) {
            Err(Error::NoSpace) => Err(Error::NoSpace),
            Err(_) => {
                println!("himport_r: can't insert \"{name}={value}\" into hash table");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn delete_missing(&mut self, names: &[&str], missing: &HashSet<&str>, by: By) {
        for name in names.iter().filter(|name| missing.contains(*name)) {
            match self.remove(name, by) {
                Ok(()) => println!("WARNING: '{name}' not in imported env, deleting it!"),
                Err(_) => println!("WARNING: '{name}' neither in running nor in imported env!"),
            }
        }
    }

    /// The variables as a text, by name, with a NUL behind all; only those of
    /// `names` unless it is empty.
    pub fn export(&self, separator: Separator, names: &[&str]) -> Vec<u8> {
        let wanted: HashSet<&str> = names.iter().copied().collect();
        let mut out = Vec::new();
        for (name, value) in self.sorted() {
            if !names.is_empty() && !wanted.contains(name) {
                continue;
            }
            out.extend(text::encode(name));
            out.push(b'=');
            out.extend(text::encode(&escaped(value, separator)));
            out.push(separator.byte());
        }
        out.push(0);
        out
    }
}

/// A value as it stands in a text.
pub fn escaped(value: &str, separator: Separator) -> Cow<'_, str> {
    let special = |c| c == '\\' || (separator == Separator::Newline && c == '\n');
    if !value.contains(special) {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if special(c) {
            text.push('\\');
        }
        text.push(c);
    }
    Cow::Owned(text)
}

fn unescaped(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\\') {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.iter();
    while let Some(byte) = rest.next() {
        match byte {
            // At the very end it stands for itself.
            b'\\' => bytes.push(*rest.next().unwrap_or(byte)),
            _ => bytes.push(*byte),
        }
    }
    Cow::Owned(bytes)
}

/// A text up to its end, without the carriage returns in front of newlines.
fn without_returns(data: &[u8]) -> Result<Cow<'_, [u8]>> {
    let data = data.split(|byte| *byte == 0).next().unwrap_or(data);
    if !data.windows(2).any(|pair| pair == b"\r\n") {
        return Ok(Cow::Borrowed(data));
    }
    // The copy must not take the heap from what it is made for.
    if data.len() > Env::LIMIT {
        return Err(Error::NoSpace);
    }
    let next = data.iter().skip(1).map(Some).chain([None]);
    let kept = data
        .iter()
        .zip(next)
        .filter(|(byte, next)| **byte != b'\r' || *next != Some(&b'\n'));
    Ok(Cow::Owned(kept.map(|(byte, _)| *byte).collect()))
}

impl Separator {
    fn byte(self) -> u8 {
        match self {
            Separator::Nul => 0,
            Separator::Newline => b'\n',
        }
    }
}

/// A line of a text; without a value it deletes the variable.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    name: &'a [u8],
    value: Option<&'a [u8]>,
}

/// The entries of a text, up to an empty one or its end.
struct Entries<'a> {
    rest: &'a [u8],
    separator: u8,
    started: bool,
}

impl<'a> Entries<'a> {
    fn new(data: &'a [u8], separator: Separator) -> Entries<'a> {
        Entries {
            rest: data,
            separator: separator.byte(),
            started: false,
        }
    }

    /// Takes what comes before the first byte that `stop` wants.
    fn take_until(&mut self, stop: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| stop(*byte));
        let (taken, rest) = self
            .rest
            .split_at_checked(end.unwrap_or(self.rest.len()))
            .unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    /// Drops a byte, if there is one.
    fn skip(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or(&[]);
    }

    /// Takes a value, up to a separator that has no backslash.
    fn take_value(&mut self) -> &'a [u8] {
        let separator = self.separator;
        let mut escape = false;
        let end = self.rest.iter().position(|&byte| {
            let ends = byte == 0 || (byte == separator && !escape);
            escape = byte == b'\\' && !escape;
            ends
        });
        let (value, rest) = self
            .rest
            .split_at_checked(end.unwrap_or(self.rest.len()))
            .unwrap_or((self.rest, &[]));
        self.rest = rest;
        value
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let separator = self.separator;
        loop {
            let first = self.rest.first()?;
            // Only the very first entry may be empty.
            if core::mem::replace(&mut self.started, true) && *first == 0 {
                return None;
            }
            self.take_until(|byte| !matches!(byte, b' ' | b'\t'));
            if self.rest.first() != Some(&b'#') {
                break;
            }
            self.take_until(|byte| byte == 0 || byte == separator);
            self.skip();
        }
        let name = self.take_until(|byte| matches!(byte, b'=' | 0) || byte == separator);
        let mut value = None;
        if self.rest.first() == Some(&b'=') {
            self.skip();
            value = Some(self.take_value()).filter(|value| !value.is_empty());
        }
        self.skip();
        Some(Entry { name, value })
    }
}

#[cfg(test)]
mod tests;
