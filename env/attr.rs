// SPDX-License-Identifier: GPL-2.0-or-later
//! Lists of attributes, as in `.flags` and `.callbacks`: `name[:attributes],...`.
//!
//! Blanks around names and attributes do not count; of several entries with
//! the same name the last one does. With regular expressions, a name is one
//! that describes all of a variable's name; a dot in front is just a dot, as in
//! `.flags` itself. Behaviour: U-Boot, `doc/develop/environment.rst`.

use alloc::string::{String, ToString};
#[cfg(CONFIG_REGEX)]
use common::regex::Regex;
use hashbrown::HashMap;

/// The names and attributes of a list, in its order.
pub fn entries(list: &str) -> impl Iterator<Item = (&str, &str)> {
    list.split(',')
        .map(|entry| entry.split_once(':').unwrap_or((entry, "")))
        .map(|(name, attributes)| (name.trim(), attributes.trim()))
        .filter(|(name, _)| !name.is_empty())
}

/// A list that is asked often.
#[derive(Debug, Default)]
pub struct List {
    /// Names that stand for themselves, with the number of their entry.
    names: HashMap<String, (usize, String)>,
    /// All other entries, with their numbers.
    #[cfg(CONFIG_REGEX)]
    patterns: alloc::vec::Vec<(Regex, usize, String)>,
}

impl List {
    /// The list with these entries. An expression that is none is left out, with a message.
    pub fn new<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> List {
        let mut list = List::default();
        for (number, (name, attributes)) in entries.enumerate() {
            let entry = (number, attributes.to_string());
            #[cfg(CONFIG_REGEX)]
            if !is_plain(name) {
                list.add_pattern(name, entry);
                continue;
            }
            list.names.insert(name.to_string(), entry);
        }
        list
    }

    #[cfg(CONFIG_REGEX)]
    fn add_pattern(&mut self, name: &str, (number, attributes): (usize, String)) {
        match Regex::new(&alloc::format!("^{name}$")) {
            Ok(regex) => self.patterns.push((regex, number, attributes)),
            Err(error) => common::println!("Error compiling regex: {error}"),
        }
    }

    /// The attributes of the last entry that means this variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        let plain = self.names.get(name);
        #[cfg(CONFIG_REGEX)]
        {
            let after = plain.map_or(0, |(number, _)| *number);
            let mut patterns = self.patterns.iter().rev();
            let found =
                patterns.find(|(regex, number, _)| *number >= after && regex.is_match(name));
            if let Some((_, _, attributes)) = found {
                return Some(attributes);
            }
        }
        plain.map(|(_, attributes)| attributes.as_str())
    }
}

/// Whether a name has nothing that an expression could mean.
#[cfg(CONFIG_REGEX)]
fn is_plain(name: &str) -> bool {
    let name = name.strip_prefix('.').unwrap_or(name);
    !name.contains(|c| "^$.[]()|*+?\\".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(list: &str, name: &str) -> Option<String> {
        List::new(entries(list)).get(name).map(ToString::to_string)
    }

    #[test]
    #[cfg(CONFIG_REGEX)]
    fn an_expression_describes_a_whole_name() {
        for (list, name, expected) in [
            ("eth\\d*addr:m", "eth12addr", Some("m")),
            ("eth\\d*addr:m", "ethaddr", Some("m")),
            ("eth\\d*addr:m", "my_ethaddr", None),
            ("eth\\d*addr:m", "ethaddrs", None),
            ("a.c:1,abc:2", "abc", Some("2")),
            ("abc:2,a.c:1", "abc", Some("1")),
            ("abc:2,a.c:1", "a.c", Some("1")),
            (".flags:1", ".flags", Some("1")),
            (".flags:1", "xflags", None),
            ("[a:1,b:2", "b", Some("2")),
        ] {
            assert_eq!(lookup(list, name).as_deref(), expected, "{list} {name}");
        }
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
