// SPDX-License-Identifier: GPL-2.0-or-later
//! A configuration file and the symbols that it resolves to.
//!
//! kconfiglib does the resolving (`resolve.py`) and leaves the outcome in a
//! second file beside the configuration. Many build scripts ask at the same
//! time, so that happens under a lock, and only when the configuration or a
//! Kconfig file is newer than the outcome.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::python::{Python, capture};
use crate::root;

/// The board whose defconfig is used when nothing was configured.
pub const DEFAULT_BOARD: &str = "xenguest_arm64";

/// The type that a Kconfig file gives a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// On or off.
    Bool,
    /// A decimal number.
    Int,
    /// A hexadecimal number.
    Hex,
    /// Text.
    String,
}

/// A symbol of the Kconfig tree and its value in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Name without the `CONFIG_` in front.
    pub name: String,
    /// Declared type.
    pub kind: Type,
    /// Value as text; empty for a number or text without a value.
    pub value: String,
}

/// A configuration file (`.config`).
#[derive(Clone, Debug)]
pub struct Config {
    path: PathBuf,
}

impl Config {
    /// The configuration that `$KCONFIG_CONFIG` names, or else the default one.
    pub fn from_env() -> Self {
        match std::env::var_os("KCONFIG_CONFIG") {
            Some(path) => Self::at(path),
            None => Self::at(Path::new("target").join(DEFAULT_BOARD).join(".config")),
        }
    }

    /// The configuration at a path; a relative one counts from the source tree.
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self {
            path: root().join(path),
        }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every symbol of the tree with its value, in the tree's order.
    ///
    /// # Errors
    /// A message for the user, when the configuration cannot be resolved.
    pub fn symbols(&self) -> Result<Vec<Symbol>, String> {
        let _lock = self.lock()?;
        if !self.path.exists() {
            self.resolve("defconfig", &[&defconfig(DEFAULT_BOARD)])?;
        } else if self.is_stale() {
            self.resolve("sync", &[])?;
        }
        self.read()
    }

    /// Replaces the configuration by what a defconfig gives.
    ///
    /// # Errors
    /// A message for the user, when there is no such file or it is damaged.
    pub fn load_defconfig(&self, file: &Path) -> Result<(), String> {
        let _lock = self.lock()?;
        self.resolve("defconfig", &[file])
    }

    /// Writes the shortest file from which this configuration follows.
    ///
    /// # Errors
    /// A message for the user, when a file cannot be read or written.
    pub fn save_defconfig(&self, file: &Path) -> Result<(), String> {
        self.symbols()?;
        self.resolve("savedefconfig", &[file])
    }

    /// The Kconfig files that this configuration was resolved with.
    pub(crate) fn sources(&self) -> Vec<PathBuf> {
        fs::read_to_string(self.outcome())
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.strip_prefix("file\t"))
            .map(|path| root().join(path))
            .collect()
    }

    /// Is the configuration or a Kconfig file newer than the outcome?
    fn is_stale(&self) -> bool {
        let Some(made) = modified(&self.outcome()) else {
            return true;
        };
        let tool = root().join("scripts/kconfig/resolve.py");
        let mut inputs = self.sources();
        inputs.extend([self.path.clone(), tool]);
        // A file that is gone also calls for a new outcome.
        inputs
            .iter()
            .any(|path| modified(path).is_none_or(|time| time > made))
    }

    fn resolve(&self, action: &str, files: &[&Path]) -> Result<(), String> {
        let python = Python::ensure(&["scripts/kconfig/requirements.txt"])?;
        let mut command = python.command();
        command
            .arg(root().join("scripts/kconfig/resolve.py"))
            .arg(action)
            .arg(&self.path)
            .args(files)
            .current_dir(root());
        let notes = capture(&mut command)?;
        eprint!("{notes}");
        Ok(())
    }

    fn read(&self) -> Result<Vec<Symbol>, String> {
        let path = self.outcome();
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        text.lines()
            .filter(|line| line.starts_with("symbol\t"))
            .map(|line| parse(line).ok_or_else(|| format!("{}: bad line {line:?}", path.display())))
            .collect()
    }

    fn outcome(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".symbols");
        path.into()
    }

    /// Waits until no other process resolves this configuration.
    fn lock(&self) -> Result<File, String> {
        let folder = self.path.parent().unwrap_or(root());
        let path = folder.join(".config.lock");
        fs::create_dir_all(folder)
            .and_then(|()| File::create(&path))
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|e| format!("{}: {e}", path.display()))
    }
}

/// The file of a board's default configuration.
fn defconfig(board: &str) -> PathBuf {
    root().join(format!("configs/{board}_defconfig"))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// Reads one `symbol NAME TYPE VALUE` line.
fn parse(line: &str) -> Option<Symbol> {
    let mut words = line.splitn(4, '\t').skip(1);
    let name = words.next()?.to_string();
    let kind = match words.next()? {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "hex" => Type::Hex,
        "string" => Type::String,
        _ => return None,
    };
    let value = words.next()?.to_string();
    Some(Symbol { name, kind, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_tabs_in_its_value_is_read_whole() {
        let symbol = parse("symbol\tSYS_PROMPT\tstring\ta\tb ").unwrap();
        assert_eq!(symbol.name, "SYS_PROMPT");
        assert_eq!(symbol.kind, Type::String);
        assert_eq!(symbol.value, "a\tb ");
    }

    #[test]
    fn a_line_of_an_unknown_type_is_refused() {
        assert_eq!(parse("symbol\tX\ttristate\tm"), None);
        assert_eq!(parse("symbol\tX"), None);
    }
}
