// SPDX-License-Identifier: GPL-2.0-or-later
//! What has to be tested again for another configuration: the tests that stand
//! beside code, or in a test of their own, that names a symbol in which the two
//! differ. All else is the same program in both.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use kconfig::{Config, Symbol};

use crate::test::find_sources;

/// The folder of the tests that have a program of their own.
const TESTS: &str = "tests/host";

/// What is to be tested again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Packages whose library names such a symbol.
    pub packages: Vec<String>,
    /// Tests of the package `tests` that do.
    pub tests: Vec<String>,
}

/// What differs between two configurations.
pub fn targets(one: &Config, other: &Config) -> Result<Targets, String> {
    let names = differing(&one.symbols()?, &other.symbols()?);
    find(kconfig::root(), &names).map_err(|e| format!("the sources: {e}"))
}

/// The symbols with another value, or that only one has.
fn differing(one: &[Symbol], other: &[Symbol]) -> HashSet<String> {
    let value = |symbol: &Symbol| (symbol.name.clone(), symbol.value.clone());
    let (one, other): (HashSet<_>, HashSet<_>) = (
        one.iter().map(value).collect(),
        other.iter().map(value).collect(),
    );
    let differing = one.symmetric_difference(&other);
    differing.map(|(name, _)| name.clone()).collect()
}

fn find(root: &Path, names: &HashSet<String>) -> std::io::Result<Targets> {
    let mut targets = Targets::default();
    for path in entries(root)? {
        if path.join("lib.rs").exists() && path != root.join("tests") && mentions(&path, names)? {
            targets.packages.push(name(&path));
        }
    }
    for path in entries(&root.join(TESTS))? {
        if mentions(&path, names)? {
            targets.tests.push(name(&path));
        }
    }
    Ok(targets)
}

fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

/// The name of a folder or source file, which is that of its package or test.
fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Whether a source file, or one in a folder, names one of the symbols.
fn mentions(path: &Path, names: &HashSet<String>) -> std::io::Result<bool> {
    let mut sources = Vec::new();
    match path.is_dir() {
        true => find_sources(path, &mut sources)?,
        false => sources.push(path.into()),
    }
    for source in sources {
        if symbols(&fs::read_to_string(source)?).any(|symbol| names.contains(symbol)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The symbols that a text names, without `CONFIG_`.
fn symbols(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(move |c| !is_part(c))
        .filter_map(|word| word.strip_prefix("CONFIG_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kconfig::Type;

    fn symbol(name: &str, value: &str) -> Symbol {
        Symbol {
            name: name.into(),
            kind: Type::String,
            value: value.into(),
        }
    }

    #[test]
    fn symbols_differ_in_their_value_or_are_missing() {
        let one = [
            symbol("SAME", "1"),
            symbol("OTHER", "1"),
            symbol("ONE", "y"),
        ];
        let other = [symbol("OTHER", "2"), symbol("SAME", "1")];
        let expected = ["OTHER", "ONE"].map(String::from).into();
        assert_eq!(differing(&one, &other), expected);
    }

    #[test]
    fn whole_names_are_found() {
        let text = "#[cfg(all(CONFIG_A, not(CONFIG_B_C)))] use config::CONFIG_D; MY_CONFIG_E";
        assert_eq!(symbols(text).collect::<Vec<_>>(), ["A", "B_C", "D"]);
    }

    #[test]
    fn what_names_them_is_tested_again() {
        let names = ["CMD_HOST".to_string()].into();
        let targets = find(kconfig::root(), &names).unwrap();
        assert_eq!(targets.packages, ["cmd"]);
        assert_eq!(targets.tests, ["arguments"]);
        let none = HashSet::new();
        assert_eq!(find(kconfig::root(), &none).unwrap(), Targets::default());
    }
}
