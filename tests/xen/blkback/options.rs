// SPDX-License-Identifier: GPL-2.0-or-later
//! A disk, as a line describes it: `DOMAIN DEVICE IMAGE [WORD]...`
//!
//! | word | meaning |
//! | --- | --- |
//! | `linux`, `qemu` | offer what these back-ends offer, and when they do |
//! | `key:NAME=TEXT` | set a key when connected, also against the rules |
//! | `early:NAME=TEXT` | set it before the front-end connects |
//! | `missing:NAME` | leave a key away |
//! | `state:FRONT=TEXT` | show this state while the front-end's is FRONT; `none` removes the key |
//! | `bad:FIRST+COUNT` | these sectors cannot be read or written |
//! | `fault:NAME[=NUMBER]` | break a rule; see [`Fault`] |
//! | `after:COUNT` | but not before so many requests |

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use crate::fault::Fault;

/// A key of the back-end's directory, and its value.
pub type Key = (String, String);

/// What a line asks for.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// The guest.
    pub domain: u16,
    /// Its virtual device number.
    pub device: u64,
    /// What is on the disk.
    pub image: PathBuf,
    /// Keys that are there from the start.
    pub early: Vec<Key>,
    /// Keys that are there once connected, or instead of the usual ones.
    pub keys: Vec<Key>,
    /// Keys that are left away.
    pub missing: Vec<String>,
    /// The states to show, by the front-end's.
    pub states: BTreeMap<u32, String>,
    /// Sectors that cannot be read or written.
    pub bad: Range<u64>,
    /// The rule that is broken.
    pub fault: Option<Fault>,
    /// Requests until then.
    pub after: u64,
}

impl Options {
    /// Reads the words of a line.
    ///
    /// # Errors
    /// A message for the user.
    pub fn parse(line: &str) -> Result<Options, String> {
        let mut words = line.split_whitespace();
        let mut next = |what: &str| words.next().ok_or(format!("{what} is missing"));
        let mut options = Options {
            domain: number(next("the domain")?)?,
            device: number(next("the device")?)?,
            image: next("the image")?.into(),
            ..Options::default()
        };
        for word in words {
            options.take(word).map_err(|e| format!("{word:?}: {e}"))?;
        }
        Ok(options)
    }

    fn take(&mut self, word: &str) -> Result<(), String> {
        let (kind, text) = word.split_once(':').unwrap_or((word, ""));
        match kind {
            "linux" => {
                self.early.extend(keys(LINUX_EARLY));
                self.keys.extend(keys(LINUX));
            }
            "qemu" => self.early.extend(keys(QEMU)),
            "key" => self.keys.push(pair(text)?),
            "early" => self.early.push(pair(text)?),
            "missing" => self.missing.push(text.to_string()),
            "state" => {
                let (front, shown) = pair(text)?;
                self.states.insert(number(&front)?, shown);
            }
            "bad" => {
                let (first, count) = text.split_once('+').ok_or("not FIRST+COUNT")?;
                let first = number(first)?;
                self.bad = first..first + number::<u64>(count)?;
            }
            "fault" => self.fault = Some(Fault::parse(text)?),
            "after" => self.after = number(text)?,
            _ => return Err("no such word".to_string()),
        }
        Ok(())
    }
}

const LINUX_EARLY: &[(&str, &str)] = &[("max-ring-page-order", "4")];
const LINUX: &[(&str, &str)] = &[
    ("feature-barrier", "1"),
    ("feature-flush-cache", "1"),
    ("feature-discard", "1"),
    ("discard-granularity", "4096"),
    ("discard-alignment", "0"),
    ("feature-persistent", "1"),
    ("feature-max-indirect-segments", "256"),
    ("physical-sector-size", "512"),
];
const QEMU: &[(&str, &str)] = &[
    ("max-ring-page-order", "4"),
    ("feature-flush-cache", "1"),
    ("feature-discard", "1"),
    ("discard-granularity", "4096"),
    ("info", "0"),
    ("sector-size", "512"),
];

fn keys(list: &[(&str, &str)]) -> impl Iterator<Item = Key> {
    list.iter().map(|(k, v)| (k.to_string(), v.to_string()))
}

fn pair(text: &str) -> Result<Key, String> {
    let (key, value) = text.split_once('=').ok_or("no `=`")?;
    Ok((key.to_string(), value.to_string()))
}

/// A decimal number.
pub fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken() {
        let line =
            "5 51728 /a.img key:sectors=-1 missing:info state:3=none bad:8+2 fault:id=99 after:3";
        let wanted = Options {
            domain: 5,
            device: 51728,
            image: "/a.img".into(),
            keys: vec![("sectors".into(), "-1".into())],
            missing: vec!["info".into()],
            states: [(3, "none".to_string())].into(),
            bad: 8..10,
            fault: Some(Fault::Id(99)),
            after: 3,
            ..Options::default()
        };
        assert_eq!(Options::parse(line), Ok(wanted));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "5 51728",
            "x 51728 /a",
            "5 51728 /a what",
            "5 51728 /a key:x",
            "5 51728 /a fault:x",
            "5 51728 /a fault:id",
        ] {
            assert!(Options::parse(line).is_err(), "{line}");
        }
    }
}
