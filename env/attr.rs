// SPDX-License-Identifier: GPL-2.0-or-later
//! Lists of attributes, as in `.flags` and `.callbacks`: `name[:attributes],...`.
//!
//! Blanks around names and attributes do not count; of several entries with
//! the same name the last one does. Behaviour: U-Boot,
//! `doc/develop/environment.rst`.

use alloc::string::{String, ToString};
use hashbrown::HashMap;

/// The names and attributes of a list, in its order.
pub fn entries(list: &str) -> impl Iterator<Item = (&str, &str)> {
    list.split(',')
        .map(|entry| entry.split_once(':').unwrap_or((entry, "")))
        .map(|(name, attributes)| (name.trim(), attributes.trim()))
        .filter(|(name, _)| !name.is_empty())
}

/// The attributes of a list, by name.
pub fn by_name(list: &str) -> HashMap<String, String> {
    entries(list)
        .map(|(name, attributes)| (name.to_string(), attributes.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(list: &str, name: &str) -> Option<String> {
        by_name(list).remove(name)
    }

    /// The cases of U-Boot's `test/env/attr.c`.
    #[test]
    fn attributes_are_found_whatever_the_blanks() {
        for list in [
            "foo:bar",
            ",foo:bar",
            ",foo:bar,",
            " foo:bar",
            "foo : bar",
            " foo: bar ",
            "foo:bar ",
            ",foo:bar,goo:baz",
        ] {
            assert_eq!(lookup(list, "foo").as_deref(), Some("bar"), "{list}");
        }
        for list in [",,", "", "goo:baz", ":bar"] {
            assert_eq!(lookup(list, "foo"), None, "{list}");
        }
        assert_eq!(lookup("foo", "foo").as_deref(), Some(""));
    }

    #[test]
    fn the_last_entry_of_a_name_counts() {
        assert_eq!(
            lookup("foo:bar,foo:bat,foo:baz", "foo").as_deref(),
            Some("baz")
        );
        assert_eq!(
            lookup(" foo : bar , foo : bat , ufoo : baz ", "foo").as_deref(),
            Some("bat")
        );
    }
}
