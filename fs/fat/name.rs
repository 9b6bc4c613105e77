// SPDX-License-Identifier: GPL-2.0-or-later
//! Names: eight and three characters in an old code page, or up to 255 in UTF-16.

use super::entry::Entry;
use alloc::string::String;
use alloc::vec::Vec;
use common::Result;
use disk::le;

/// UTF-16 units in one entry of a long name.
pub const UNITS: usize = 13;
/// Where in the entry they are.
pub const OFFSETS: [usize; UNITS] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
/// Marks the entry with the last part of a name, which comes first.
pub const LAST: u8 = 0x40;
/// Entries that the longest name takes.
const MAX_PARTS: usize = 20;

/// The upper half of code page 437.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// The text of bytes in code page 437.
pub fn decode(bytes: &[u8]) -> String {
    let char = |byte: u8| match byte {
        0..0x80 => char::from(byte),
        _ => CP437.chars().nth(usize::from(byte & 0x7f)).unwrap_or('?'),
    };
    bytes.iter().map(|&byte| char(byte)).collect()
}

/// The short name of an entry, with the case that Windows NT notes beside it.
pub fn short(entry: &Entry) -> Result<String> {
    let mut bytes = entry.name();
    // E5 marks a deleted file, so a name that begins with it says 05.
    if let Some(first) = bytes.first_mut().filter(|first| **first == 0x05) {
        *first = 0xe5;
    }
    let part = |offset, len, lower: u8| -> Result<String> {
        let text = decode(le::slice(&bytes, offset, len)?.trim_ascii_end());
        Ok(if entry.case() & lower != 0 {
            text.to_ascii_lowercase()
        } else {
            text
        })
    };
    let mut name = part(0, 8, 0x08)?;
    let extension = part(8, 3, 0x10)?;
    if !extension.is_empty() {
        name.push('.');
        name.push_str(&extension);
    }
    Ok(name)
}

/// Whether two names are the same but for upper and lower case.
pub fn is_same(a: &str, b: &str) -> bool {
    let upper = |text: &str| {
        text.chars()
            .flat_map(char::to_uppercase)
            .collect::<Vec<_>>()
    };
    a.eq_ignore_ascii_case(b) || !(a.is_ascii() && b.is_ascii()) && upper(a) == upper(b)
}

/// A long name as its entries come in, the last part first.
#[derive(Default)]
pub struct LongName {
    units: Vec<u16>,
    /// The part that must come next; 0 when the name is complete.
    next: usize,
    checksum: u8,
}

impl LongName {
    /// Takes an entry; one that does not continue the name spoils it. Returns
    /// whether a name begins with it.
    pub fn add(&mut self, entry: &Entry) -> Result<bool> {
        let entry = entry.bytes();
        let order = le::u8(entry, 0)?;
        let part = usize::from(order & 0x3f);
        let checksum = le::u8(entry, 13)?;
        let begins = order & LAST != 0 && (1..=MAX_PARTS).contains(&part);
        if begins {
            *self = LongName {
                units: alloc::vec![0xffff; part.saturating_mul(UNITS)],
                next: part,
                checksum,
            };
        }
        if part == 0 || part != self.next || checksum != self.checksum {
            *self = LongName::default();
            return Ok(begins);
        }
        self.next = part.saturating_sub(1);
        let room = self.units.iter_mut().skip(self.next.saturating_mul(UNITS));
        for (unit, offset) in room.zip(OFFSETS) {
            *unit = le::u16(entry, offset)?;
        }
        Ok(begins)
    }

    /// The name, if it is complete and belongs to this short name.
    pub fn finish(self, entry: &Entry) -> Result<Option<String>> {
        if self.units.is_empty() || self.next != 0 || self.checksum != checksum(&entry.name()) {
            return Ok(None);
        }
        let units = self
            .units
            .into_iter()
            .take_while(|&unit| unit != 0 && unit != 0xffff);
        Ok(Some(
            char::decode_utf16(units)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect(),
        ))
    }
}

/// What binds the parts of a long name to the short one.
pub fn checksum(short: &[u8; 11]) -> u8 {
    short
        .iter()
        .fold(0u8, |sum, &byte| sum.rotate_right(1).wrapping_add(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &[u8; 11], flags: u8) -> Entry {
        let mut entry = [0; 32];
        entry[..11].copy_from_slice(name);
        entry[12] = flags;
        Entry::with(entry)
    }

    fn part(order: u8, text: &str, checksum: u8) -> Entry {
        let mut entry = [0xff; 32];
        entry[0] = order;
        entry[13] = checksum;
        let units = text.encode_utf16().chain([0]);
        for (unit, at) in units.zip(OFFSETS) {
            entry[at..at + 2].copy_from_slice(&unit.to_le_bytes());
        }
        Entry::with(entry)
    }

    #[test]
    fn short_names() {
        assert_eq!(short(&entry(b"README  TXT", 0)).unwrap(), "README.TXT");
        assert_eq!(short(&entry(b"README  TXT", 0x18)).unwrap(), "readme.txt");
        assert_eq!(short(&entry(b"README  TXT", 0x08)).unwrap(), "readme.TXT");
        assert_eq!(short(&entry(b".          ", 0)).unwrap(), ".");
        assert_eq!(short(&entry(b"\x05\x81      A  ", 0)).unwrap(), "σü.A");
        assert_eq!(CP437.chars().count(), 128);
    }

    #[test]
    fn names_are_compared_without_case() {
        assert!(is_same("Straße.TXT", "straße.txt") && is_same("ÉTÉ", "été"));
        assert!(!is_same("a", "b") && !is_same("é", "e") && !is_same("a", "ab"));
    }

    #[test]
    fn long_names_come_backwards_and_are_checked() {
        let short = entry(b"LONGFI~1TXT", 0);
        let sum = checksum(&short.name());
        let name = |parts: &[Entry]| {
            let mut long = LongName::default();
            parts.iter().for_each(|part| _ = long.add(part).unwrap());
            long.finish(&short).unwrap()
        };
        let (last, first) = (part(0x42, "é.txt", sum), part(1, "Long file nam", sum));
        assert_eq!(name(&[last, first]).as_deref(), Some("Long file namé.txt"));
        assert_eq!(name(&[last]), None);
        assert_eq!(name(&[first]), None);
        assert_eq!(name(&[first, last]), None);
        assert_eq!(name(&[last, part(1, "Long file nam", sum ^ 1)]), None);
        assert_eq!(name(&[part(0x41, "x", sum ^ 1)]), None);
        assert_eq!(name(&[part(0x7f, "x", sum), part(0x40, "x", sum)]), None);
    }
}
