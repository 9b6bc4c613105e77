// SPDX-License-Identifier: GPL-2.0-or-later
//! Partition lists, the arguments of `gpt` and `mbr`:
//! `uuid_disk=...;name=boot,start=1M,size=64M,bootable;name=root,size=-`.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/gpt.rst` and `doc/usage/cmd/mbr.rst`.
#![cfg(any(CONFIG_CMD_GPT, CONFIG_CMD_MBR))]
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

use crate::{CmdError, Context};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use common::{Error, print, println};
use disk::number::{autotoul, dectoul};
use dm::blk::Disk;

/// What a list may say of a partition; both commands take it all.
const KEYS: [&str; 7] = ["name", "start", "size", "uuid", "type", "id", "bootable"];

/// A list.
#[derive(Debug, PartialEq, Eq)]
pub struct PartitionList<'a> {
    /// The identity of the disk.
    pub disk: Option<&'a str>,
    /// The partitions, in their order.
    pub partitions: Vec<Fields<'a>>,
}

/// What is said of one partition.
#[derive(Debug, PartialEq, Eq)]
pub struct Fields<'a> {
    /// Its number in the list, from 1.
    pub number: usize,
    fields: Vec<(&'a str, Option<&'a str>)>,
}

/// The disk that the arguments of a command name, by a decimal number.
///
/// # Errors
/// After saying that there is none.
pub fn find(ctx: &Context, command: &str, interface: &str, number: &str) -> Result<Disk, CmdError> {
    let (value, rest) = dectoul(number);
    if !rest.is_empty() || number.is_empty() {
        println!("'{number}' is not a number");
        return Err(CmdError::Usage);
    }
    let disk = i32::try_from(value).map_err(|_| Error::NoDevice);
    let disk = disk.and_then(|value| dm::blk::get(&ctx.dm, interface, value));
    disk.map_err(|error| {
        // U-Boot names its own function here.
        print!("do_{command}: {interface} dev {number} NOT available");
        match error {
            Error::NoDevice => println!(),
            error => println!(": {error}"),
        }
        CmdError::Failure
    })
}

/// Takes a list apart.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(text: &str) -> Result<PartitionList<'_>, String> {
    let text = text.trim();
    let text = text.strip_suffix(';').unwrap_or(text);
    let mut descriptors = text.split(';').peekable();
    let first = descriptors.peek().map(|first| fields(first));
    let disk = match first.as_deref() {
        Some(&[("uuid_disk", Some(disk))]) => {
            descriptors.next();
            Some(disk)
        }
        _ => None,
    };
    let partitions: Result<Vec<_>, String> = (1..)
        .zip(descriptors)
        .map(|(number, descriptor)| partition(number, descriptor))
        .collect();
    let partitions = partitions?;
    match partitions.is_empty() {
        true => Err("Partition list incomplete".into()),
        false => Ok(PartitionList { disk, partitions }),
    }
}

fn partition(number: usize, descriptor: &str) -> Result<Fields<'_>, String> {
    let fields = fields(descriptor);
    for (at, (key, value)) in fields.iter().enumerate() {
        if !KEYS.contains(key) || value.is_some() == (*key == "bootable") {
            return Err(format!(
                "'{key}' of partition {number} is not 'bootable', and no name=, start=, size=, uuid=, type= or id="
            ));
        }
        if fields.iter().take(at).any(|(earlier, _)| earlier == key) {
            return Err(format!("partition {number} has '{key}' twice"));
        }
    }
    Ok(Fields { number, fields })
}

fn fields(descriptor: &str) -> Vec<(&str, Option<&str>)> {
    let words = descriptor.split(',').map(str::trim);
    words
        .map(|word| match word.split_once('=') {
            Some((key, value)) => (key.trim_end(), Some(value)),
            None => (word, None),
        })
        .collect()
}

impl<'a> Fields<'a> {
    /// The value of a field.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.fields.iter().find(|field| field.0 == key)?.1
    }

    /// The value of a field that must be there.
    ///
    /// # Errors
    /// That it is not.
    pub fn need(&self, key: &str) -> Result<&'a str, String> {
        self.get(key).ok_or_else(|| {
            format!(
                "Partition list incomplete: partition {} has no {key}=",
                self.number
            )
        })
    }

    /// Whether it is to be booted from.
    pub fn is_bootable(&self) -> bool {
        self.fields.iter().any(|field| field.0 == "bootable")
    }
}

/// A number of bytes, `0x100000`, `1M` or `1MiB`, in whole blocks; `-` and 0 are none.
///
/// # Errors
/// What is wrong with it.
pub fn blocks(text: &str, block_size: u32) -> Result<Option<u64>, String> {
    if text == "-" {
        return Ok(None);
    }
    let bytes = bytes(text).ok_or_else(|| format!("'{text}' is no number of bytes"))?;
    match bytes.checked_div(u64::from(block_size)) {
        _ if bytes == 0 => Ok(None),
        Some(0) | None => Err(format!(
            "'{text}' is less than a block of {block_size} bytes"
        )),
        blocks => Ok(blocks),
    }
}

/// A number with an optional unit.
fn bytes(text: &str) -> Option<u64> {
    let (_, unit) = autotoul(text);
    let digits = text
        .strip_suffix(unit)
        .filter(|digits| !digits.is_empty())?;
    let hex = digits.strip_prefix("0x").or(digits.strip_prefix("0X"));
    let number = match (hex, digits.strip_prefix('0')) {
        (Some(hex), _) => u64::from_str_radix(hex, 16),
        (None, Some(octal)) if !octal.is_empty() => u64::from_str_radix(octal, 8),
        _ => digits.parse(),
    };
    let mut unit = unit.chars();
    let shift = match unit.next().map(|first| first.to_ascii_lowercase()) {
        None => 0,
        Some('k') => 10,
        Some('m') => 20,
        Some('g') => 30,
        Some(_) => return None,
    };
    let rest = unit.as_str();
    matches!(rest, "" | "i" | "B" | "iB")
        .then_some(number.ok()?)?
        .checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_taken_apart() {
        let list =
            parse("uuid_disk=abc;name=a b,start=1M,\n size=2M,bootable;\nname=c,size=-;").unwrap();
        assert_eq!(list.disk, Some("abc"));
        let [a, c] = &list.partitions[..] else {
            panic!()
        };
        assert_eq!((a.get("name"), a.get("start")), (Some("a b"), Some("1M")));
        assert_eq!((a.need("size"), a.is_bootable()), (Ok("2M"), true));
        assert_eq!((c.get("start"), c.is_bootable()), (None, false));
        let missing = "Partition list incomplete: partition 2 has no start=";
        assert_eq!(c.need("start"), Err(missing.into()));
        assert_eq!(parse("name=x").unwrap().disk, None);
    }

    #[test]
    fn mistakes_are_not_ignored() {
        for (list, part) in [
            ("", "'' of partition 1"),
            ("uuid_disk=1", "incomplete"),
            ("name=a,sise=1", "'sise' of partition 1"),
            ("name=a;uuid_disk=1", "'uuid_disk' of partition 2"),
            ("uuid_disk=1,name=a", "'uuid_disk' of partition 1"),
            ("name=a;;name=b", "'' of partition 2"),
            ("name=a,name=b", "'name' twice"),
            ("bootable=1", "'bootable' of partition 1"),
            ("name", "'name' of partition 1"),
        ] {
            let error = parse(list).unwrap_err();
            assert!(error.contains(part), "{list}: {error}");
        }
    }

    #[test]
    fn sizes_have_units() {
        for (text, expected) in [
            ("0x200", Some(512)),
            ("1k", Some(1024)),
            ("01000K", Some(512 << 10)),
            ("3M", Some(3 << 20)),
            ("2GiB", Some(2 << 30)),
            ("17179869183G", Some(17_179_869_183 << 30)),
            ("17179869184G", None),
            ("18446744073709551616", None),
            ("1T", None),
            ("1Kx", None),
            ("1é", None),
            ("K", None),
            ("", None),
            ("-1", None),
            ("0x", None),
            ("08", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
        assert_eq!(blocks("-", 512), Ok(None));
        assert_eq!(blocks("0", 512), Ok(None));
        assert_eq!(blocks("1025", 512), Ok(Some(2)));
        assert!(blocks("511", 512).is_err());
        assert!(blocks("x", 512).is_err());
    }
}
