// SPDX-License-Identifier: GPL-2.0-or-later
//! What a variable's value may be, and who may change it: `.flags`.
//!
//! A variable has the flags that the list in `.flags` gives its name, or else
//! those of the list built in. Behaviour: U-Boot,
//! `doc/develop/environment.rst`; unlike U-Boot, `.flags` also counts for a
//! variable that is made after it, which then is protected.

use crate::{By, Env, attr};
use common::{Error, Result, println};
use include::config::CONFIG_ENV_FLAGS_LIST_STATIC;

/// The variable with the list.
pub const FLAGS: &str = ".flags";

/// What a value may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    #[default]
    String,
    /// Decimal digits.
    Decimal,
    /// Hexadecimal digits, with or without `0x`.
    Hex,
    /// One of the letters that mean yes or no.
    Bool,
}

/// Who may change a variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    #[default]
    Any,
    /// Nobody, unless forced.
    ReadOnly,
    /// It can be made, and then no more be changed.
    WriteOnce,
    /// It can be changed as long as it has the default value.
    ChangeDefault,
}

/// The flags of a variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// What its value may be.
    pub kind: Kind,
    /// Who may change it.
    pub access: Access,
}

impl Kind {
    /// All kinds, with their letters and names.
    pub const ALL: [(Kind, char, &str); 4] = [
        (Kind::String, 's', "string"),
        (Kind::Decimal, 'd', "decimal"),
        (Kind::Hex, 'x', "hexadecimal"),
        (Kind::Bool, 'b', "boolean"),
    ];

    /// Its letter in a list.
    pub fn letter(self) -> char {
        let found = Kind::ALL.iter().find(|(kind, ..)| *kind == self);
        found.map_or('s', |(_, letter, _)| *letter)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = Kind::ALL.iter().find(|(kind, ..)| *kind == self);
        found.map_or("", |(_, _, name)| name)
    }

    fn allows(self, value: &str) -> bool {
        match self {
            Kind::String => true,
            Kind::Decimal => value.bytes().all(|c| c.is_ascii_digit()),
            Kind::Hex => {
                let prefixed = value.strip_prefix("0x").or(value.strip_prefix("0X"));
                let digits = prefixed.unwrap_or(value);
                digits.bytes().all(|c| c.is_ascii_hexdigit())
                    && (prefixed.is_none() || !digits.is_empty())
            }
            Kind::Bool => value.len() == 1 && value.contains(|c| "1ytYT0nfNF".contains(c)),
        }
    }
}

impl Access {
    /// All of them, with their letters and names.
    pub const ALL: [(Access, char, &str); 4] = [
        (Access::Any, 'a', "any"),
        (Access::ReadOnly, 'r', "read-only"),
        (Access::WriteOnce, 'o', "write-once"),
        (Access::ChangeDefault, 'c', "change-default"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = Access::ALL.iter().find(|(access, ..)| *access == self);
        found.map_or("", |(_, _, name)| name)
    }
}

impl Flags {
    /// The flags that the letters of a list mean; those not known mean nothing.
    pub fn parse(letters: &str) -> Flags {
        let mut letters = letters.chars();
        let (kind, access) = (letters.next(), letters.next());
        let kind = Kind::ALL.iter().find(|(_, c, _)| Some(*c) == kind);
        let access = Access::ALL.iter().find(|(_, c, _)| Some(*c) == access);
        Flags {
            kind: kind.map_or(Kind::String, |(kind, ..)| *kind),
            access: access.map_or(Access::Any, |(access, ..)| *access),
        }
    }
}

/// Names and letters of the list built in.
pub fn built_in() -> impl Iterator<Item = (&'static str, &'static str)> {
    let serial = if cfg!(CONFIG_ENV_OVERWRITE) {
        ""
    } else {
        "serial#:so"
    };
    attr::entries(serial).chain(attr::entries(CONFIG_ENV_FLAGS_LIST_STATIC))
}

/// Warns about letters of a list that mean nothing.
pub(crate) fn warn(list: &str) {
    for (_, letters) in attr::entries(list) {
        let mut letters = letters.chars();
        if let Some(letter) = letters.next()
            && !Kind::ALL.iter().any(|(_, c, _)| *c == letter)
        {
            println!("## Warning: Unknown environment variable type '{letter}'");
        }
        if let Some(letter) = letters.next()
            && !Access::ALL.iter().any(|(_, c, _)| *c == letter)
        {
            println!("## Warning: Unknown environment variable access method '{letter}'");
        }
    }
}

impl Env {
    /// The flags of a variable, whether it is set or not.
    pub fn flags(&self, name: &str) -> Flags {
        let letters = self.flag_list().get(name);
        let letters = letters.or_else(|| self.built_in_flags.get(name));
        letters.map_or(Flags::default(), Flags::parse)
    }

    /// Checks a change against the flags of the variable, and says what they forbid.
    ///
    /// # Errors
    /// [`Error::Permission`] after a message.
    pub(crate) fn permit(&self, name: &str, value: Option<&str>, by: By) -> Result<()> {
        let Flags { kind, access } = self.flags(name);
        if let Some(value) = value.filter(|value| !kind.allows(value)) {
            let letter = kind.letter();
            println!(
                "## Error: flags type check failure for \"{name}\" <= \"{value}\" (type: {letter})"
            );
            return Err(Error::Permission);
        }
        let (old, refused) = (self.get(name), access != Access::Any);
        let verb = match (value, old) {
            _ if by == By::Force => return Ok(()),
            (None, _) if refused => "delete",
            // Else an import could not bring such a variable back together with `.flags`.
            (Some(_), None)
                if access == Access::ReadOnly && self.flag_list().get(name).is_none() =>
            {
                "create"
            }
            (Some(_), Some(old)) if access == Access::ChangeDefault => {
                let default = self.get_default(name).unwrap_or("");
                println!("oldval: {old}  defval: {default}");
                if old == default {
                    return Ok(());
                }
                "overwrite"
            }
            (Some(_), Some(_)) if refused => "overwrite",
            _ => return Ok(()),
        };
        println!("## Error: Can't {verb} \"{name}\"");
        Err(Error::Permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_values() {
        for (kind, good, bad) in [
            (
                Kind::Decimal,
                &["", "0", "12"][..],
                &["0x12", "-1", "1a"][..],
            ),
            (
                Kind::Hex,
                &["", "0x1F", "fg"[..1].as_ref(), "0"],
                &["0x", "0xzz", "fg"],
            ),
            (Kind::Bool, &["1", "y", "F"], &["", "2", "yes", "\u{fc}"]),
            (Kind::String, &["", "any"], &[]),
        ] {
            assert!(good.iter().all(|value| kind.allows(value)), "{kind:?}");
            assert!(!bad.iter().any(|value| kind.allows(value)), "{kind:?}");
        }
    }

    #[test]
    fn each_access_permits_what_it_says() {
        let mut env = Env::empty();
        env.set(FLAGS, "r:sr,o:so,c:sc,d:d").unwrap();
        env.put("r", "1", By::User).unwrap();
        assert_eq!(env.put("r", "2", By::User), Err(Error::Permission));
        assert_eq!(env.remove("r", By::User), Err(Error::Permission));
        env.put("o", "1", By::User).unwrap();
        assert_eq!(env.put("o", "2", By::Program), Err(Error::Permission));
        assert_eq!(env.remove("o", By::User), Err(Error::Permission));
        env.remove("o", By::Force).unwrap();
        env.put("c", "1", By::User).unwrap();
        assert_eq!(env.put("c", "2", By::User), Err(Error::Permission));
        assert_eq!(env.put("d", "x", By::Force), Err(Error::Permission));
        // Without the list there are no flags any more.
        env.remove(FLAGS, By::User).unwrap();
        env.put("r", "2", By::User).unwrap();
        assert_eq!(env.flags("r"), Flags::default());
    }

    #[test]
    fn a_default_value_can_be_changed_once() {
        let mut env = Env::default();
        env.set(FLAGS, "board:sc").unwrap();
        env.put("board", "mine", By::User).unwrap();
        assert_eq!(env.put("board", "other", By::User), Err(Error::Permission));
        assert_eq!(env.get("board"), Some("mine"));
    }

    #[test]
    fn the_serial_number_is_written_once() {
        let mut env = Env::empty();
        env.put("serial#", "1", By::User).unwrap();
        assert_eq!(env.put("serial#", "2", By::User), Err(Error::Permission));
        // The list in the environment comes first.
        env.set(FLAGS, "serial#").unwrap();
        env.put("serial#", "2", By::User).unwrap();
    }
}
