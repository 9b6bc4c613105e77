// SPDX-License-Identifier: GPL-2.0-or-later
//! What a command is, the table of all of them, and how a name is looked up.
//!
//! A command is one file of this folder that ends in its registration with
//! [`command!`](crate::command!). The functions here take the table as a slice;
//! only [`Context::new`](crate::Context::new) touches the linked one.
//!
//! Behaviour: U-Boot, `doc/develop/commands.rst`.

use crate::{CmdResult, Context};
use alloc::string::String;
use alloc::vec::Vec;
use common::{print, println};
use linkme::distributed_slice;

/// The commands of this image; [`command!`](crate::command!) adds to it.
#[allow(unsafe_code)]
#[distributed_slice]
pub static COMMANDS: [Command];

/// A command: its name, its texts and what it does.
pub struct Command {
    /// The name, unique.
    pub name: &'static str,
    /// The most words it takes, its name included.
    pub max_args: usize,
    /// Whether an empty line repeats it.
    pub repeatable: bool,
    /// What it does, in one line.
    pub usage: &'static str,
    /// How it is called: what follows the name after `Usage:`, without a newline at the end.
    pub help: &'static str,
    /// What its first argument can be, for Tab.
    pub subcommands: &'static [&'static str],
    /// What the argument at the cursor could be, for Tab. The words are those
    /// up to the cursor; what does not begin like the last one is left out.
    /// [`complete`](crate::complete) has functions for the usual arguments.
    pub complete: fn(&Context, &[&str]) -> Vec<String>,
    /// What it does; the first word is its name.
    pub run: fn(&mut Context, &[&str]) -> CmdResult,
}

impl Command {
    /// A command without a name or texts that takes no arguments, to fill in
    /// the rest of a registration.
    pub const fn new() -> Command {
        Command {
            name: "",
            max_args: 1,
            repeatable: false,
            usage: "",
            help: "",
            subcommands: &[],
            complete: |_, _| Vec::new(),
            run: |_, _| Ok(()),
        }
    }

    /// Prints what `help NAME` shows.
    pub fn print_usage(&self) {
        println!("{} - {}\n", self.name, self.usage);
        print!("Usage:\n{} ", self.name);
        println!(
            "{}",
            if self.help.is_empty() {
                "- No additional help available."
            } else {
                self.help
            }
        );
    }
}

impl Default for Command {
    fn default() -> Self {
        Command::new()
    }
}

/// The command that a word means: the one of this name, or the only one whose
/// name begins so. What follows a dot does not count, as in `md.b`.
pub fn find<'a>(commands: &'a [Command], word: &str) -> Option<&'a Command> {
    let name = word.split('.').next().filter(|name| !name.is_empty())?;
    if let Some(command) = commands.iter().find(|command| command.name == name) {
        return Some(command);
    }
    let mut candidates = commands
        .iter()
        .filter(|command| command.name.starts_with(name));
    candidates.next().filter(|_| candidates.next().is_none())
}

/// All commands, by name.
pub fn sorted(commands: &[Command]) -> Vec<&Command> {
    let mut sorted: Vec<_> = commands.iter().collect();
    sorted.sort_by_key(|command| command.name);
    sorted
}

/// Says on the console if the image's table of commands is not what it must
/// be: a linker that drops it gives no error of its own.
pub fn check_registrations() {
    for name in missing(&COMMANDS) {
        println!("## Error: the command '{name}' is not in this image");
    }
}

/// Commands that each image has, and that are not in a table.
fn missing(commands: &[Command]) -> impl Iterator<Item = &'static str> {
    let expected = ["exit", "printenv", "reset", "setenv", "version"];
    expected
        .into_iter()
        .filter(|name| !commands.iter().any(|command| command.name == *name))
}

/// Registers a command; takes the fields of a [`Command`](crate::Command) that differ from the default.
///
/// ```ignore
/// command! { name: "echo", max_args: 64, usage: "print its arguments", help: "[-n] [ARG...]", run: do_echo }
/// ```
#[macro_export]
macro_rules! command {
    ($($field:ident: $value:expr),+ $(,)?) => {
        const _: () = {
            #[allow(unsafe_code, clippy::needless_update)]
            #[$crate::linkme::distributed_slice($crate::COMMANDS)]
            #[linkme(crate = $crate::linkme)]
            static ENTRY: $crate::Command = $crate::Command { $($field: $value,)+ ..$crate::Command::new() };
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> [Command; 3] {
        ["md", "mdio", "printenv"].map(|name| Command {
            name,
            ..Command::new()
        })
    }

    fn found(word: &str) -> Option<&'static str> {
        find(&table(), word).map(|command| command.name)
    }

    #[test]
    fn an_abbreviation_must_have_one_meaning() {
        assert_eq!(found("printenv"), Some("printenv"));
        assert_eq!(found("pri"), Some("printenv"));
        assert_eq!(found("md"), Some("md"));
        assert_eq!(found("mdi"), Some("mdio"));
        assert_eq!(found("m"), None);
        assert_eq!(found("printenvs"), None);
    }

    #[test]
    fn each_command_is_registered_once_and_can_be_explained() {
        assert_eq!(missing(&COMMANDS).next(), None);
        assert_eq!(missing(&table()).count(), 4);
        let names: Vec<_> = sorted(&COMMANDS).iter().map(|c| c.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        for command in COMMANDS {
            assert!(!command.usage.is_empty(), "{}", command.name);
            assert!(command.max_args > 0, "{}", command.name);
        }
    }

    #[test]
    fn a_width_is_no_part_of_the_name() {
        assert_eq!(found("md.b"), Some("md"));
        assert_eq!(found(".b"), None);
        assert_eq!(found(""), None);
    }
}
