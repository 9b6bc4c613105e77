// SPDX-License-Identifier: GPL-2.0-or-later
//! The variables.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{Error, Result};
use core::ops::Range;
use hashbrown::HashMap;
use include::config::CONFIG_ENV_SIZE;

/// The environment: text by name, as much as fits in `CONFIG_ENV_SIZE`.
#[derive(Clone, Debug)]
pub struct Env {
    variables: HashMap<String, String>,
}

impl Env {
    /// The most bytes that all `name=value` texts with their ends may take.
    pub const CAPACITY: usize = CONFIG_ENV_SIZE as usize - size_of::<u32>();

    /// An environment without variables.
    pub fn empty() -> Env {
        Env {
            variables: HashMap::new(),
        }
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Sets a variable; an empty value deletes it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is empty or contains `=`,
    /// [`Error::NoSpace`] if the environment would become too large.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(Error::Invalid(
                "the name of a variable must not be empty or contain '='",
            ));
        }
        let old = self.get(name).map_or(0, |old| entry_size(name, old));
        if self.size() - old + entry_size(name, value) > Env::CAPACITY {
            return Err(Error::NoSpace);
        }
        self.insert(name, value);
        Ok(())
    }

    /// Deletes a variable, if there is one of that name.
    pub fn delete(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// A variable that is a hexadecimal number, with or without `0x`; `default` if it is none.
    pub fn get_hex(&self, name: &str, default: u64) -> u64 {
        self.get_ulong(name, 16, default)
    }

    /// Sets a variable to a hexadecimal number, without `0x`.
    ///
    /// # Errors
    /// As [`Env::set`].
    pub fn set_hex(&mut self, name: &str, value: u64) -> Result<()> {
        self.set(name, &format!("{value:x}"))
    }

    /// A variable that is a number in `base`; `default` if it is none.
    pub fn get_ulong(&self, name: &str, base: u32, default: u64) -> u64 {
        let digits = |text: &str| {
            let digits = match base {
                16 => text
                    .strip_prefix("0x")
                    .or(text.strip_prefix("0X"))
                    .unwrap_or(text),
                _ => text,
            };
            u64::from_str_radix(digits, base).ok()
        };
        self.get(name).and_then(digits).unwrap_or(default)
    }

    /// Whether a variable says yes (`1`, `y`, `yes`, `t`, `true`) or no; `None` if it is not set.
    pub fn get_yesno(&self, name: &str) -> Option<bool> {
        Some(self.get(name)?.starts_with(['1', 'y', 'Y', 't', 'T']))
    }

    /// All variables, by name.
    pub fn sorted(&self) -> Vec<(&str, &str)> {
        let mut sorted: Vec<_> = self
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        sorted.sort_unstable();
        sorted
    }

    /// How many bytes of [`Env::CAPACITY`] are in use.
    pub fn size(&self) -> usize {
        self.variables
            .iter()
            .map(|(name, value)| entry_size(name, value))
            .sum()
    }

    /// Sets the load addresses for RAM whose usable part is `usable`; see [`layout`](crate::layout).
    pub fn set_layout(&mut self, usable: Range<u64>) {
        for (name, value) in crate::layout(usable) {
            self.insert(name, &format!("{value:#x}"));
        }
    }

    /// Sets a variable whose name and length are known to be good.
    pub(crate) fn insert(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            self.delete(name);
        } else {
            self.variables.insert(name.to_string(), value.to_string());
        }
    }
}

/// The length of `name=value` and its end.
fn entry_size(name: &str, value: &str) -> usize {
    name.len() + value.len() + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_and_go() {
        let mut env = Env::empty();
        env.set("b", "2").unwrap();
        env.set("a", "1").unwrap();
        assert_eq!(env.sorted(), [("a", "1"), ("b", "2")]);
        assert_eq!(env.size(), "a=1\0b=2\0".len());
        env.set("a", "").unwrap();
        env.delete("b");
        env.delete("b");
        assert_eq!(env.get("a"), None);
        assert!(env.sorted().is_empty());
    }

    #[test]
    fn bad_names_are_refused() {
        let mut env = Env::empty();
        assert!(matches!(env.set("", "1"), Err(Error::Invalid(_))));
        assert!(matches!(env.set("a=b", "1"), Err(Error::Invalid(_))));
        assert!(env.sorted().is_empty());
    }

    #[test]
    fn numbers_are_read_in_their_base() {
        let mut env = Env::empty();
        env.set_hex("filesize", 0x1f00).unwrap();
        assert_eq!(env.get("filesize"), Some("1f00"));
        assert_eq!(env.get_hex("filesize", 0), 0x1f00);
        env.set("loadaddr", "0x40200000").unwrap();
        assert_eq!(env.get_hex("loadaddr", 0), 0x4020_0000);
        assert_eq!(env.get_ulong("loadaddr", 10, 7), 7);
        assert_eq!(env.get_hex("missing", 5), 5);
    }

    #[test]
    fn yes_has_many_words() {
        let mut env = Env::empty();
        for (value, expected) in [
            ("y", true),
            ("Yes", true),
            ("1", true),
            ("true", true),
            ("no", false),
            ("0", false),
        ] {
            env.set("v", value).unwrap();
            assert_eq!(env.get_yesno("v"), Some(expected), "{value}");
        }
        assert_eq!(env.get_yesno("w"), None);
    }

    #[test]
    fn the_size_is_bounded_and_a_refused_value_changes_nothing() {
        let mut env = Env::empty();
        env.set("a", "short").unwrap();
        let long = "x".repeat(Env::CAPACITY);
        assert_eq!(env.set("a", &long), Err(Error::NoSpace));
        assert_eq!(env.get("a"), Some("short"));
        env.set("a", &long[..Env::CAPACITY - 3]).unwrap();
        assert_eq!(env.size(), Env::CAPACITY);
        env.set("a", "short").unwrap();
    }
}
