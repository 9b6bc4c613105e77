// SPDX-License-Identifier: GPL-2.0-or-later
//! The variables.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{Error, Result};
use core::ops::Range;
use hashbrown::HashMap;

/// The environment: text by name.
#[derive(Clone, Debug)]
pub struct Env {
    variables: HashMap<String, String>,
}

impl Env {
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
    /// [`Error::Invalid`] for a name that is empty or contains `=`.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(Error::Invalid(
                "the name of a variable must not be empty or contain '='",
            ));
        }
        match value.is_empty() {
            true => self.delete(name),
            false => _ = self.variables.insert(name.to_string(), value.to_string()),
        }
        Ok(())
    }

    /// Deletes a variable, if there is one of that name.
    pub fn delete(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// A variable that is a hexadecimal number, with or without `0x`; `default` if it is none.
    pub fn get_hex(&self, name: &str, default: u64) -> u64 {
        let digits =
            |text: &str| u64::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok();
        self.get(name).and_then(digits).unwrap_or(default)
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
        self.get(name)
            .and_then(|text| u64::from_str_radix(text, base).ok())
            .unwrap_or(default)
    }

    /// Whether a variable says yes (`1`, `y`, `yes`, `t`, `true`, `on`) or no; `None` if it is not set.
    pub fn get_yesno(&self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        Some(value.starts_with(['1', 'y', 'Y', 't', 'T']) || value.eq_ignore_ascii_case("on"))
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

    /// Sets the load addresses for RAM whose usable part is `usable`; see [`layout`](crate::layout).
    pub fn set_layout(&mut self, usable: Range<u64>) {
        for (name, value) in crate::layout(usable) {
            self.variables
                .insert(name.to_string(), format!("{value:#x}"));
        }
    }
}
