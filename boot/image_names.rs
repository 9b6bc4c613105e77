// SPDX-License-Identifier: GPL-2.0-or-later
//! The names of what an image is: of its operating system, processor, kind and compression.
//!
//! Neighbours: [`include::uimage`] has the tables.

use crate::fdt::Node;
use alloc::string::String;
use common::size::Size;
use core::fmt;
use include::uimage::{ARCH_NAMES, COMP_NAMES, Name, OS_NAMES, TYPE_NAMES};

/// An operating system in words.
pub fn os(number: u8) -> &'static str {
    words(OS_NAMES, number, "Unknown OS")
}

/// A processor in words.
pub fn arch(number: u8) -> &'static str {
    words(ARCH_NAMES, number, "Unknown Architecture")
}

/// A kind of image in words.
pub fn kind(number: u8) -> &'static str {
    words(TYPE_NAMES, number, "Unknown Image")
}

/// A compression in words.
pub fn compression(number: u8) -> &'static str {
    words(COMP_NAMES, number, "Unknown Compression")
}

fn words(names: &'static [Name], number: u8, unknown: &'static str) -> &'static str {
    let name = names.iter().find(|(other, ..)| *other == number);
    name.map_or(unknown, |(_, _, words)| words)
}

/// What a property of a FIT image names; `None` if it is not there.
pub fn named(names: &[Name], node: Node<'_>, property: &str) -> Option<u8> {
    let value = node.string(property)?;
    let name = names
        .iter()
        .find(|(_, short, _)| short.eq_ignore_ascii_case(value));
    // As U-Boot shows a name that it does not know.
    Some(name.map_or(u8::MAX, |&(number, ..)| number))
}

/// A size in bytes and in a unit, as U-Boot's image commands show it.
pub struct DataSize(pub u64);

impl fmt::Display for DataSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Bytes = {}", self.0, Size(self.0))
    }
}

/// Text from an image, without what would drive the terminal.
pub fn printable(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use include::uimage::{ARCH_ARM64, COMP_ZSTD, OS_LINUX, TYPE_KERNEL};

    #[test]
    fn numbers_have_names() {
        assert_eq!(os(OS_LINUX), "Linux");
        assert_eq!(arch(ARCH_ARM64), "AArch64");
        assert_eq!(kind(TYPE_KERNEL), "Kernel Image");
        assert_eq!(compression(COMP_ZSTD), "zstd compressed");
        assert_eq!(os(200), "Unknown OS");
    }

    #[test]
    fn sizes_and_texts_are_shown() {
        assert_eq!(DataSize(1536).to_string(), "1536 Bytes = 1.5 KiB");
        assert_eq!(printable(b"a\x1b[2J"), "a?[2J");
    }
}
