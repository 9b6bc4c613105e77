// SPDX-License-Identifier: GPL-2.0-or-later
//! The variables.

use crate::callback::{self, CALLBACKS, Callback, Change};
use crate::flags::{self, FLAGS};
use crate::storage::{Driver, State};
use crate::{attr, text};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{Error, Result};
use core::ops::Range;
use hashbrown::HashMap;
use include::config::CONFIG_ENV_SIZE;

/// Variables by name.
pub(crate) type Variables = HashMap<String, String>;

/// Who changes a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The loader itself, as `load` sets `filesize`.
    Program,
    /// The user.
    User,
    /// The user, who also changes variables that are protected; or what is stored.
    Force,
}

/// The environment: text by name.
pub struct Env {
    variables: Variables,
    /// Bytes of all variables, as [`Env::size`] gives them.
    size: usize,
    /// The list in `.flags`.
    flags: attr::List,
    /// The list in `.callbacks`.
    callbacks: attr::List,
    /// The lists of the configuration, which come after those.
    pub(crate) built_in_flags: attr::List,
    pub(crate) built_in_callbacks: attr::List,
    callback_table: &'static [Callback],
    /// The default environment of this machine.
    pub(crate) defaults: Variables,
    /// Variables that belong to this run of the loader, whatever is stored.
    pub(crate) fixed: Variables,
    /// The RAM for which the load addresses are computed.
    pub(crate) usable: Option<Range<u64>>,
    pub(crate) state: State,
}

impl Env {
    /// Bytes in front of the variables where they are stored: the checksum,
    /// and with redundant copies a serial number.
    pub const HEADER: usize = size_of::<u32>() + cfg!(CONFIG_ENV_REDUNDANT) as usize;

    /// The most bytes of variables that can be saved.
    pub const CAPACITY: usize = CONFIG_ENV_SIZE as usize - Env::HEADER;

    /// The most bytes that all `name=value` texts with their ends may take in memory.
    pub const LIMIT: usize = 4 << 20;

    /// An environment without variables and defaults.
    pub fn empty() -> Env {
        Env::default_of(Variables::new())
    }

    /// An environment with these variables, which are the default ones.
    pub(crate) fn default_of(defaults: Variables) -> Env {
        let mut env = Env {
            variables: Variables::new(),
            size: 0,
            flags: attr::List::default(),
            callbacks: attr::List::default(),
            built_in_flags: attr::List::new(flags::built_in()),
            built_in_callbacks: attr::List::new(callback::built_in()),
            callback_table: &[],
            defaults,
            fixed: Variables::new(),
            usable: None,
            state: State::default(),
        };
        env.restore_defaults();
        env
    }

    /// Gives it the storages and the callbacks of an image.
    pub fn set_tables(&mut self, drivers: &'static [Driver], callbacks: &'static [Callback]) {
        self.state.drivers = drivers;
        self.callback_table = callbacks;
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The value that a variable has in the default environment.
    pub fn get_default(&self, name: &str) -> Option<&str> {
        self.defaults.get(name).map(String::as_str)
    }

    /// Sets a variable; an empty value deletes it.
    ///
    /// # Errors
    /// As [`Env::put`].
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if !value.is_empty() {
            return self.put(name, value, By::Program);
        }
        match self.remove(name, By::Program) {
            Err(Error::NotFound) => check_name(name),
            result => result,
        }
    }

    /// Sets a variable, also to the empty text.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is empty or contains `=`,
    /// [`Error::NoSpace`] if the environment would become too large,
    /// [`Error::Permission`] after a message if its flags forbid it, or what
    /// its callback says.
    pub fn put(&mut self, name: &str, value: &str, by: By) -> Result<()> {
        check_name(name)?;
        self.permit(name, Some(value), by)?;
        let old = self.get(name).map_or(0, |old| entry_size(name, old));
        if self.size - old + entry_size(name, value) > Env::LIMIT {
            return Err(Error::NoSpace);
        }
        self.call_back(&Change {
            name,
            value: Some(value),
            by,
        })?;
        self.insert(name, value);
        Ok(())
    }

    /// Deletes a variable.
    ///
    /// # Errors
    /// [`Error::NotFound`], and as [`Env::put`].
    pub fn remove(&mut self, name: &str, by: By) -> Result<()> {
        if self.get(name).is_none() {
            return Err(Error::NotFound);
        }
        self.permit(name, None, by)?;
        self.call_back(&Change {
            name,
            value: None,
            by,
        })?;
        self.drop_variable(name);
        Ok(())
    }

    /// Deletes a variable, if there is one of that name and it may be deleted.
    pub fn delete(&mut self, name: &str) {
        _ = self.remove(name, By::Program);
    }

    /// Deletes all variables, protected or not.
    pub fn clear(&mut self) {
        self.variables.clear();
        self.flags = attr::List::default();
        self.callbacks = attr::List::default();
        self.size = 0;
    }

    /// Replaces all variables by the default ones.
    pub(crate) fn restore_defaults(&mut self) {
        self.clear();
        let defaults = core::mem::take(&mut self.defaults);
        for (name, value) in &defaults {
            self.insert(name, value);
        }
        self.defaults = defaults;
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

    /// How many bytes all `name=value` texts with their ends take.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Sets a variable of this run of the loader, which neither a stored nor the default
    /// environment replaces.
    ///
    /// # Errors
    /// As [`Env::set`].
    pub fn set_fixed(&mut self, name: &str, value: &str) -> Result<()> {
        self.set(name, value)?;
        for variables in [&mut self.fixed, &mut self.defaults] {
            variables.insert(name.to_string(), value.to_string());
        }
        Ok(())
    }

    /// Sets a variable without looking at its flags and callbacks.
    pub(crate) fn insert(&mut self, name: &str, value: &str) {
        self.size += entry_size(name, value);
        if let Some(old) = self.variables.insert(name.to_string(), value.to_string()) {
            self.size -= entry_size(name, &old);
        }
        self.note_list(name, value);
    }

    fn drop_variable(&mut self, name: &str) {
        if let Some(old) = self.variables.remove(name) {
            self.size -= entry_size(name, &old);
            self.note_list(name, "");
        }
    }

    /// Takes note of a new value of `.flags` or `.callbacks`.
    fn note_list(&mut self, name: &str, value: &str) {
        match name {
            FLAGS => {
                flags::warn(value);
                self.flags = attr::List::new(attr::entries(value));
            }
            CALLBACKS => self.callbacks = attr::List::new(attr::entries(value)),
            _ => {}
        }
    }

    pub(crate) fn flag_list(&self) -> &attr::List {
        &self.flags
    }

    pub(crate) fn callback_list(&self) -> &attr::List {
        &self.callbacks
    }

    pub(crate) fn callbacks(&self) -> &'static [Callback] {
        self.callback_table
    }
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(Error::Invalid(
            "the name of a variable must not be empty or contain '='",
        ));
    }
    Ok(())
}

/// The length of `name=value` and its end.
fn entry_size(name: &str, value: &str) -> usize {
    text::len(name) + text::len(value) + 2
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
        let long = "x".repeat(Env::LIMIT);
        assert_eq!(env.set("a", &long), Err(Error::NoSpace));
        assert_eq!(env.get("a"), Some("short"));
        env.set("a", &long[..Env::LIMIT - 3]).unwrap();
        assert_eq!(env.size(), Env::LIMIT);
        env.set("a", "short").unwrap();
        assert_eq!(env.size(), "a=short\0".len());
    }

    #[test]
    fn a_user_can_set_the_empty_text() {
        let mut env = Env::empty();
        env.put("a", "", By::User).unwrap();
        assert_eq!(env.get("a"), Some(""));
        env.remove("a", By::User).unwrap();
        assert_eq!(env.remove("a", By::User), Err(Error::NotFound));
        assert_eq!(env.size(), 0);
    }

    #[test]
    fn fixed_variables_are_also_defaults() {
        let mut env = Env::default();
        env.set_fixed("fdtcontroladdr", "1234").unwrap();
        env.set("fdtcontroladdr", "5").unwrap();
        env.set("extra", "1").unwrap();
        env.restore_defaults();
        assert_eq!(env.get("fdtcontroladdr"), Some("1234"));
        assert_eq!(env.get("extra"), None);
    }
}
