// SPDX-License-Identifier: GPL-2.0-or-later
//! How commands name an image: `ADDR`, `ADDR:IMAGE` or `ADDR#CONFIGURATION` of
//! a FIT image, or `ADDR:SIZE`; and what is at such an address.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bootm.rst`.

use crate::fdt::header_field;
use crate::uimage::is_legacy;
use disk::number::hextoul;

/// An image in memory, as a command names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec<'a> {
    /// Where it is, if that is said.
    pub address: Option<u64>,
    /// What of it is meant.
    pub part: Part<'a>,
}

/// What of an image is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// That is up to the image.
    Any,
    /// The image of this name in a FIT image; or this many bytes.
    Image(&'a str),
    /// What this configuration of a FIT image says.
    Configuration(&'a str),
}

/// An argument whose address is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadAddress;

impl<'a> Spec<'a> {
    /// Reads an argument.
    ///
    /// # Errors
    /// If it does not begin with an address.
    pub fn parse(arg: &'a str) -> Result<Spec<'a>, BadAddress> {
        // A configuration may itself be followed by others, so `#` goes first.
        let (address, part) = match (arg.split_once('#'), arg.split_once(':')) {
            (Some((address, name)), _) => (address, Part::Configuration(name)),
            (None, Some((address, name))) => (address, Part::Image(name)),
            (None, None) => (arg, Part::Any),
        };
        let is_named = part != Part::Any;
        match number(address) {
            Some(address) => Ok(Spec {
                address: Some(address),
                part,
            }),
            None if address.is_empty() && is_named => Ok(Spec {
                address: None,
                part,
            }),
            None => Err(BadAddress),
        }
    }
}

impl Part<'_> {
    /// The size that stands where the name of an image may stand.
    pub fn size(&self) -> Option<u64> {
        match self {
            Part::Image(size) => number(size),
            _ => None,
        }
    }
}

/// What is at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A legacy image.
    Legacy,
    /// A device tree, which may be a FIT image.
    Tree,
    /// Something else.
    Unknown,
}

impl Format {
    /// What bytes begin as.
    pub fn of(bytes: &[u8]) -> Format {
        if is_legacy(bytes) {
            Format::Legacy
        } else if header_field(bytes, 0) == Some(crate::fdt::MAGIC) {
            Format::Tree
        } else {
            Format::Unknown
        }
    }
}

/// A hexadecimal number and nothing else.
fn number(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    let digits = digits.unwrap_or(text);
    match hextoul(text) {
        (number, "") if (1..=16).contains(&digits.len()) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        let spec = |arg| Spec::parse(arg).map(|spec| (spec.address, spec.part));
        assert_eq!(spec("4000"), Ok((Some(0x4000), Part::Any)));
        assert_eq!(
            spec("0x4000:fdt-1"),
            Ok((Some(0x4000), Part::Image("fdt-1")))
        );
        assert_eq!(
            spec("4000#a#b:c"),
            Ok((Some(0x4000), Part::Configuration("a#b:c")))
        );
        assert_eq!(spec("#"), Ok((None, Part::Configuration(""))));
        assert_eq!(spec(":a"), Ok((None, Part::Image("a"))));
        for bad in ["", "x", "0x", "40x", "x:a", "-", "10000000000000000"] {
            assert_eq!(spec(bad), Err(BadAddress), "{bad}");
        }
        assert_eq!(Part::Image("1f").size(), Some(0x1f));
        assert_eq!(Part::Image("fdt-1").size(), None);
    }

    #[test]
    fn formats_are_recognised() {
        assert_eq!(Format::of(&[0x27, 5, 0x19, 0x56]), Format::Legacy);
        assert_eq!(Format::of(&[0xd0, 0x0d, 0xfe, 0xed]), Format::Tree);
        assert_eq!(Format::of(b"MZ"), Format::Unknown);
        assert_eq!(Format::of(b""), Format::Unknown);
    }
}
