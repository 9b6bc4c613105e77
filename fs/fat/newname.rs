// SPDX-License-Identifier: GPL-2.0-or-later
//! The entries of a new name: a short one, and a long one if that says more.
//!
//! A name that is as good as a short one, but for upper and lower case, gets
//! that short one; others get one that ends in `~1`, or the first number that
//! is free. As in U-Boot and Linux, what is not in upper case has a long name.

use super::entry::Entry;
use super::name::{self, LAST, OFFSETS, UNITS};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use common::{Error, Result};

/// UTF-16 units of the longest name.
const MAX_UNITS: usize = 255;
/// Characters that only long names can have; spaces are left out of short ones.
const ONLY_LONG: &str = "+,;=[]";
const FORBIDDEN: &str = "<>:\"/\\|?*";

/// A name as it is stored.
pub struct NewName {
    /// In UTF-16; empty if the short name says it all.
    long: Vec<u16>,
    short: [u8; 11],
}

/// A name without the spaces before it and the spaces and periods after it,
/// which the format ignores.
///
/// # Errors
/// If it cannot be a name.
pub fn check(name: &str) -> Result<&str> {
    let name = name.trim_start_matches(' ');
    if matches!(name, "." | "..") {
        return Err(Error::Invalid("the names . and .. are taken"));
    }
    let name = name.trim_end_matches([' ', '.']);
    if name.is_empty() {
        return Err(Error::Invalid("an empty file name"));
    }
    if name.contains(|c: char| c < ' ' || FORBIDDEN.contains(c)) {
        return Err(Error::Invalid("a character that FAT has not in file names"));
    }
    match name.encode_utf16().count() > MAX_UNITS {
        true => Err(Error::Invalid("a file name of more than 255 characters")),
        false => Ok(name),
    }
}

impl NewName {
    /// The entries' contents for a name that was [`check`]ed, beside the short
    /// names that are taken.
    ///
    /// # Errors
    /// [`Error::NoSpace`] if there is no short name left.
    pub fn new(name: &str, taken: &BTreeSet<[u8; 11]>) -> Result<NewName> {
        let basis = Basis::of(name);
        let plain = padded(&basis.base, &basis.extension);
        let short = if basis.is_exact && !taken.contains(&plain) {
            plain
        } else {
            basis.numbered(taken)?
        };
        // All that is in a short name are ASCII characters.
        let said = name::short(&Entry::default().named(short))?;
        Ok(NewName {
            long: match said == name {
                true => Vec::new(),
                false => name.encode_utf16().collect(),
            },
            short,
        })
    }

    /// How many entries it takes.
    pub fn entries(&self) -> usize {
        self.long.len().div_ceil(UNITS).saturating_add(1)
    }

    /// The entries of a file with this name, in their order on the disk.
    pub fn apply(&self, entry: Entry) -> Vec<Entry> {
        let checksum = name::checksum(&self.short);
        let parts = self.long.chunks(UNITS).zip(1u8..);
        let last = self.entries().saturating_sub(1);
        let mut entries: Vec<Entry> = parts
            .map(|(units, number)| {
                let mark = if usize::from(number) == last { LAST } else { 0 };
                part(units, number | mark, checksum)
            })
            .collect();
        entries.reverse();
        entries.push(entry.named(self.short));
        entries
    }
}

/// The entry of a part of a long name.
fn part(units: &[u16], order: u8, checksum: u8) -> Entry {
    let mut bytes = [0; 32];
    // A name that does not fill its entry ends in a zero, and then in ones.
    let units = units.iter().copied().chain([0]);
    let units = units.chain(core::iter::repeat(0xffff));
    let places = OFFSETS.iter().zip(units).flat_map(|(&at, unit)| {
        let [low, high] = unit.to_le_bytes();
        [(at, low), (at.saturating_add(1), high)]
    });
    let rest = [(0, order), (11, 0x0f), (13, checksum)];
    for (at, byte) in places.chain(rest) {
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
    }
    Entry::with(bytes)
}

/// What short names are made of.
struct Basis {
    base: String,
    extension: String,
    /// Whether these are the whole name, but for upper and lower case.
    is_exact: bool,
}

impl Basis {
    fn of(name: &str) -> Basis {
        let stem = name.trim_start_matches('.');
        let (base, extension) = match stem.rsplit_once('.') {
            Some((base, extension)) => (base.split('.').next().unwrap_or(base), extension),
            None => (stem, ""),
        };
        let mut basis = Basis {
            base: short_part(base, 8),
            extension: short_part(extension, 3),
            is_exact: false,
        };
        let said = match basis.extension.as_str() {
            "" => basis.base.clone(),
            extension => format!("{}.{extension}", basis.base),
        };
        basis.is_exact = said.eq_ignore_ascii_case(name);
        if basis.base.is_empty() {
            basis.base.push('_');
        }
        basis
    }

    /// The first free name that ends in a number.
    fn numbered(&self, taken: &BTreeSet<[u8; 11]>) -> Result<[u8; 11]> {
        let candidate = |number: u32| {
            let end = format!("~{number}");
            let len = 8usize.saturating_sub(end.len());
            let base: String = self.base.chars().take(len).chain(end.chars()).collect();
            padded(&base, &self.extension)
        };
        (1..1_000_000)
            .map(candidate)
            .find(|name| !taken.contains(name))
            .ok_or(Error::NoSpace)
    }
}

/// The first characters of a part of a name, as short names have them.
fn short_part(text: &str, len: usize) -> String {
    let short = |c: char| match c {
        c if !c.is_ascii() || ONLY_LONG.contains(c) => '_',
        c => c.to_ascii_uppercase(),
    };
    text.chars()
        .filter(|&c| c != ' ')
        .map(short)
        .take(len)
        .collect()
}

/// A short name as it is stored, filled up with spaces.
fn padded(base: &str, extension: &str) -> [u8; 11] {
    let spaces = || core::iter::repeat(b' ');
    let base = base.bytes().chain(spaces()).take(8);
    let mut bytes = [b' '; 11];
    bytes
        .iter_mut()
        .zip(base.chain(extension.bytes()))
        .for_each(|(to, from)| *to = from);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fat::name::LongName;

    fn made(name: &str, taken: &[&[u8; 11]]) -> (String, usize) {
        let taken = taken.iter().map(|name| **name).collect();
        let new = NewName::new(check(name).unwrap(), &taken).unwrap();
        let short = String::from_utf8(new.short.to_vec()).unwrap();
        (short, new.entries())
    }

    #[test]
    fn short_names() {
        for (name, short, entries) in [
            ("README.TXT", "README  TXT", 1),
            ("A", "A          ", 1),
            ("readme.txt", "README  TXT", 2),
            ("ReadMe", "README     ", 2),
            ("abcdefghi.txt", "ABCDEF~1TXT", 2),
            ("one two.tar.gz", "ONETWO~1GZ ", 3),
            ("a.html", "A~1     HTM", 2),
            ("FILE+1", "FILE_1~1   ", 2),
            (".bashrc", "BASHRC~1   ", 2),
            ("...x.y", "X~1     Y  ", 2),
            ("+", "_~1        ", 2),
            ("☃.é", "_~1     _  ", 2),
            ("{~1}!#$%.@^_", "{~1}!#$%@^_", 1),
        ] {
            assert_eq!(made(name, &[]), (short.into(), entries), "{name}");
        }
        let taken = [b"README  TXT", b"README~1TXT", b"README~2TXT"];
        assert_eq!(made("readme.txt", &taken).0, "README~3TXT");
    }

    #[test]
    fn numbers_grow_into_the_name() {
        let taken: BTreeSet<_> = (1..=1234)
            .map(|n| Basis::of("long name").numbered_as(n))
            .collect();
        let new = NewName::new("long name", &taken).unwrap();
        assert_eq!(&new.short, b"LON~1235   ");
    }

    impl Basis {
        fn numbered_as(&self, number: u32) -> [u8; 11] {
            let end = format!("~{number}");
            padded(&format!("{}{end}", &self.base[..8 - end.len()]), "")
        }
    }

    #[test]
    fn what_cannot_be_a_name() {
        assert_eq!(check("  a b. ."), Ok("a b"));
        assert_eq!(check(&"☃".repeat(255)).unwrap().chars().count(), 255);
        for bad in ["", " ", "...", ".", "..", "a\tb", "a?b", "a:b", "\u{1}"] {
            assert!(matches!(check(bad), Err(Error::Invalid(_))), "{bad:?}");
        }
        // Two units each.
        assert!(check(&"😀".repeat(128)).is_err() && check(&"😀".repeat(127)).is_ok());
    }

    #[test]
    fn long_names_can_be_read_back() {
        for name in ["é", "exactly 13 un", "14 units, more", &"x☃".repeat(127)] {
            let new = NewName::new(name, &BTreeSet::new()).unwrap();
            let entries = new.apply(Entry::default());
            assert_eq!(entries.len(), new.entries());
            let (short, parts) = entries.split_last().unwrap();
            let mut long = LongName::default();
            for (i, part) in parts.iter().enumerate() {
                assert!(part.is_long_name());
                assert_eq!(long.add(part), Ok(i == 0));
            }
            assert_eq!(long.finish(short).unwrap().as_deref(), Some(name));
        }
    }
}
