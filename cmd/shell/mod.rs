// SPDX-License-Identifier: GPL-2.0-or-later
//! The shell: U-Boot's hush, on the way from a line to commands.
//!
//! `lexer` and `parser` turn a script into the tree of `ast`; `exec` walks it,
//! with `expand` putting in the values of variables. `readline` is the editor
//! of the line being typed, `history` remembers the lines before, `complete`
//! and `scan` do what Tab asks for, `prompt` connects them. All that the shell remembers is in [`Shell`].
//!
//! Behaviour: U-Boot, `doc/usage/cmdline.rst`; where its two parsers differ,
//! POSIX decides.

mod ast;
mod complete;
mod exec;
mod expand;
#[cfg(CONFIG_CMDLINE_EDITING)]
mod history;
mod lexer;
mod parser;
mod prompt;
#[cfg_attr(not(CONFIG_CMDLINE_EDITING), path = "simple.rs")]
mod readline;
mod scan;

#[cfg(CONFIG_CMD_BOOTMENU)]
pub use readline::keys;

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use common::{Error, Result};
use env::Env;

pub(crate) use exec::Stop;

/// The shell's own state.
#[derive(Default)]
pub(crate) struct Shell {
    /// The status of the last command, `$?`.
    pub status: i32,
    /// Set when nothing more of the running scripts is to be run.
    pub stop: Option<Stop>,
    /// How many scripts and compound commands run inside each other.
    depth: usize,
    /// Whether all commands of the line can be repeated.
    repeatable: bool,
    /// The line that an empty one repeats.
    last_line: String,
    /// Variables that are not in the environment.
    locals: BTreeMap<String, String>,
    /// What the line editor remembers.
    kept: readline::Kept,
    /// The last line ended in CR: an LF that follows belongs to it.
    after_cr: bool,
}

impl Shell {
    /// The lines typed so far, the oldest first.
    #[cfg(CONFIG_CMD_HISTORY)]
    pub fn history(&self) -> impl Iterator<Item = &str> {
        self.kept.history.lines()
    }

    /// The variables of the shell, by name.
    pub fn locals(&self) -> impl Iterator<Item = (&str, &str)> {
        self.locals
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a variable of the shell.
    pub fn local(&self, name: &str) -> Option<&str> {
        self.locals.get(name).map(String::as_str)
    }

    /// Sets a variable of the shell; an empty value deletes it.
    ///
    /// # Errors
    /// [`Error::NoSpace`] if all of them together would take more than the environment may.
    pub fn set_local(&mut self, name: &str, value: &str) -> Result<()> {
        self.locals.remove(name);
        if value.is_empty() {
            return Ok(());
        }
        let size: usize = self.locals().map(|(n, v)| n.len() + v.len()).sum();
        if size + name.len() + value.len() > Env::CAPACITY {
            return Err(Error::NoSpace);
        }
        self.locals.insert(name.to_string(), value.to_string());
        Ok(())
    }
}
