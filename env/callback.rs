// SPDX-License-Identifier: GPL-2.0-or-later
//! What is to be done when a certain variable changes: `.callbacks`.
//!
//! A callback registers under a name; a list in `.callbacks`, or else the list
//! built in, says for which variables it is called. It is called before the
//! change, and can refuse it. Behaviour: U-Boot, `doc/develop/environment.rst`.

use crate::{By, Env, attr, flags};
use common::Result;
use include::config::CONFIG_ENV_CALLBACK_LIST_STATIC;
use linkme::distributed_slice;

/// The variable with the list.
pub const CALLBACKS: &str = ".callbacks";

/// The callbacks of this image; [`env_callback!`](crate::env_callback!) adds to it.
#[allow(unsafe_code)]
#[distributed_slice]
pub static ENV_CALLBACKS: [Callback];

/// A change that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The variable.
    pub name: &'a str,
    /// Its new value; `None` if it is deleted.
    pub value: Option<&'a str>,
    /// Who changes it.
    pub by: By,
}

/// A callback.
#[derive(Debug)]
pub struct Callback {
    /// Its name in the lists.
    pub name: &'static str,
    /// Does what has to be done, or refuses the change.
    pub run: fn(&Change) -> Result<()>,
}

/// Variables and callbacks of the list built in. The first two are a part of [`Env`].
pub fn built_in() -> impl Iterator<Item = (&'static str, &'static str)> {
    const LIST: &str = "stdin:console,stdout:console,stderr:console,bootmeths:bootmeths";
    [(CALLBACKS, "callbacks"), (flags::FLAGS, "flags")]
        .into_iter()
        .chain(attr::entries(LIST))
        .chain(attr::entries(CONFIG_ENV_CALLBACK_LIST_STATIC))
}

impl Env {
    /// The names of all callbacks, sorted.
    pub fn callback_names(&self) -> alloc::vec::Vec<&'static str> {
        let mut names = alloc::vec!["callbacks", "flags"];
        names.extend(self.callbacks().iter().map(|callback| callback.name));
        names.sort_unstable();
        names
    }

    /// The name of the callback of a variable, if it has one that exists.
    pub fn callback_name(&self, variable: &str) -> Option<&'static str> {
        let name = self.bound_callback(variable)?;
        self.callback_names().into_iter().find(|n| *n == name)
    }

    /// Calls the callback of the variable that changes.
    pub(crate) fn call_back(&self, change: &Change) -> Result<()> {
        let name = self.bound_callback(change.name);
        let callback = name.and_then(|name| self.callbacks().iter().find(|c| c.name == name));
        callback.map_or(Ok(()), |callback| (callback.run)(change))
    }

    /// The name that the lists give for a variable.
    fn bound_callback(&self, variable: &str) -> Option<&str> {
        let name = self.callback_list().get(variable);
        name.or_else(|| self.built_in_callbacks.get(variable))
    }
}

/// Registers a callback; takes the fields of a [`Callback`](crate::callback::Callback).
#[macro_export]
macro_rules! env_callback {
    ($($field:ident: $value:expr),+ $(,)?) => {
        const _: () = {
            #[allow(unsafe_code)]
            #[$crate::linkme::distributed_slice($crate::callback::ENV_CALLBACKS)]
            #[linkme(crate = $crate::linkme)]
            static ENTRY: $crate::callback::Callback = $crate::callback::Callback { $($field: $value),+ };
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::Error;

    fn refuse_two(change: &Change) -> Result<()> {
        match change.value {
            Some("2") => Err(Error::Invalid("two")),
            None if change.by != By::Force => Err(Error::Permission),
            _ => Ok(()),
        }
    }

    static TABLE: [Callback; 1] = [Callback {
        name: "picky",
        run: refuse_two,
    }];

    #[test]
    fn a_callback_can_refuse_a_change() {
        let mut env = Env::empty();
        env.set_tables(&[], &TABLE);
        env.set("a", "2").unwrap();
        env.set(CALLBACKS, "a:picky, stdin").unwrap();
        assert_eq!(env.callback_name("a"), Some("picky"));
        assert_eq!(env.callback_name("stdin"), None);
        assert_eq!(env.callback_name(".flags"), Some("flags"));
        assert_eq!(env.put("a", "2", By::User), Err(Error::Invalid("two")));
        env.put("a", "3", By::User).unwrap();
        assert_eq!(env.remove("a", By::User), Err(Error::Permission));
        assert_eq!(env.get("a"), Some("3"));
        env.remove("a", By::Force).unwrap();
        assert_eq!(env.callback_names(), ["callbacks", "flags", "picky"]);
    }
}
