// SPDX-License-Identifier: GPL-2.0-or-later
//! Does what a parsed script says.

use super::ast::{Chain, Connector, List, Node, Word};
use super::parser::Lines;
use crate::command;
use crate::{CmdError, CmdResult, Context};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{Error, console, println};

/// How many scripts and compound commands may run inside each other; each takes some stack.
const MAX_DEPTH: usize = 64;

/// Why nothing more is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Ctrl-C: back to the prompt.
    Interrupted,
    /// Scripts that run each other without an end: back to the prompt.
    TooDeep,
    /// `exit`: leaves this script, with this status.
    Exit(i32),
}

impl Context {
    /// Runs a script: commands separated by `;` or newlines. The value is that of
    /// its `exit`; without one 0, or 1 if the last command failed, whatever that
    /// gave. Errors are on the console. What is wrong with a line is found when it
    /// is its turn.
    pub fn run_script(&mut self, script: &str) -> i32 {
        match self.outermost(|ctx| ctx.lines(script)) {
            true => self.shell.status,
            false => (self.shell.status != 0).into(),
        }
    }

    /// Runs the commands in a variable of the environment.
    ///
    /// # Errors
    /// If there is no such variable, or with what the script gives.
    pub fn run_variable(&mut self, name: &str) -> CmdResult {
        let Some(script) = self.env.get(name).map(ToString::to_string) else {
            println!("## Error: \"{name}\" not defined");
            return Err(CmdError::Failure);
        };
        match self.run_script(&script) {
            0 => Ok(()),
            status => Err(CmdError::Status(status)),
        }
    }

    /// Runs a parsed script and says whether it ended with `exit`.
    pub(super) fn run_list(&mut self, list: &List) -> bool {
        self.outermost(|ctx| ctx.list(list))
    }

    /// Runs what `exit` leaves, and says whether it did.
    fn outermost(&mut self, run: impl FnOnce(&mut Context) -> i32) -> bool {
        let mut status = self.nested(run);
        let exit = match self.shell.stop {
            Some(Stop::Exit(status)) => Some(status),
            _ => None,
        };
        if exit.is_some() {
            self.shell.stop = None;
        }
        if self.shell.stop.is_some() {
            status = 1;
        }
        if self.shell.depth == 0 {
            self.end_stop();
        }
        self.shell.status = exit.unwrap_or(status);
        exit.is_some()
    }

    /// At the outermost level: if a script was ended, says why, and can run the next.
    fn end_stop(&mut self) {
        match self.shell.stop.take() {
            Some(Stop::Interrupted) => println!("<INTERRUPT>"),
            Some(Stop::TooDeep) => {
                println!("## Error: commands run each other more than {MAX_DEPTH} levels deep")
            }
            _ => return,
        }
        self.shell.repeatable = false;
    }

    fn lines(&mut self, script: &str) -> i32 {
        let mut lines = Lines::new(script);
        let mut status = 0;
        while self.shell.stop.is_none() {
            match lines.next() {
                Ok(Some(line)) => status = self.list(&line),
                Ok(None) => break,
                Err(error) => {
                    println!("syntax error: {error}");
                    self.shell.repeatable = false;
                    return 1;
                }
            }
        }
        status
    }

    fn list(&mut self, list: &List) -> i32 {
        let mut status = 0;
        for chain in list {
            status = self.chain(chain);
            if self.shell.stop.is_some() {
                break;
            }
        }
        status
    }

    fn chain(&mut self, chain: &Chain) -> i32 {
        let mut status = self.node(&chain.first);
        for (connector, node) in &chain.rest {
            // As U-Boot's older parser: what is left out takes all that follows with it. Boards have
            // `run load || run swap && run load || ...`.
            let is_left_out = (status == 0) != (*connector == Connector::And);
            if is_left_out || self.shell.stop.is_some() {
                break;
            }
            status = self.node(node);
        }
        status
    }

    fn node(&mut self, node: &Node) -> i32 {
        let status = match node {
            Node::Simple { assignments, words } => self.simple(assignments, words),
            Node::If {
                branches,
                otherwise,
            } => self.nested(|ctx| ctx.branches(branches, otherwise)),
            Node::Loop {
                until,
                condition,
                body,
            } => self.nested(|ctx| ctx.repetition(*until, condition, body)),
            Node::For { name, words, body } => self.nested(|ctx| match ctx.expand_words(words) {
                Ok(values) => ctx.iteration(name, &values, body),
                Err(error) => refuse(error),
            }),
        };
        self.shell.status = status;
        status
    }

    fn simple(&mut self, assignments: &[(String, Word)], words: &[Word]) -> i32 {
        let expanded = assignments
            .iter()
            .try_for_each(|(name, value)| {
                let value = self.expand_value(value)?;
                self.shell.set_local(name, &value)
            })
            .and_then(|()| self.expand_words(words));
        match expanded {
            Ok(words) => self.call(&words.iter().map(String::as_str).collect::<Vec<_>>()),
            Err(error) => refuse(error),
        }
    }

    fn branches(&mut self, branches: &[(List, List)], otherwise: &List) -> i32 {
        let mut status = 0;
        for (condition, body) in branches {
            status = self.list(condition);
            if self.shell.stop.is_some() {
                return status;
            }
            if status == 0 {
                return self.list(body);
            }
        }
        match otherwise.is_empty() {
            // As U-Boot's older parser: `if run loadfdt` counts on it, where that is an `if` itself.
            true => status,
            false => self.list(otherwise),
        }
    }

    fn repetition(&mut self, until: bool, condition: &List, body: &List) -> i32 {
        loop {
            let status = self.list(condition);
            if (status == 0) == until || self.interrupted() {
                return status;
            }
            let status = self.list(body);
            if self.interrupted() {
                return status;
            }
        }
    }

    fn iteration(&mut self, name: &str, values: &[String], body: &List) -> i32 {
        let mut status = 0;
        // As U-Boot's older parser, which scripts rely on: quotes do not keep a list together.
        let values = values.iter().flat_map(|value| value.split(' '));
        for value in values.filter(|value| !value.is_empty()) {
            if let Err(error) = self.shell.set_local(name, value) {
                return refuse(error);
            }
            status = self.list(body);
            if self.interrupted() {
                break;
            }
        }
        status
    }

    /// Runs a command given by its words; the value is its status.
    pub(crate) fn call(&mut self, args: &[&str]) -> i32 {
        let Some(&name) = args.first() else { return 0 };
        if cfg!(CONFIG_SYS_XTRACE) && self.env.get("xtrace").is_some() {
            println!("+ {}", args.join(" "));
        }
        let Some(command) = command::find(self.commands, name) else {
            // A whole list in a variable is not parsed again; `run` does that.
            let hint = if name.contains(';') {
                " or use 'run' command"
            } else {
                ""
            };
            println!("Unknown command '{name}' - try 'help'{hint}");
            self.shell.repeatable = false;
            return 1;
        };
        self.shell.repeatable &= command.repeatable;
        let result = match args.len() > command.max_args {
            true => Err(CmdError::Usage),
            false => (command.run)(self, args),
        };
        if result == Err(CmdError::Usage) {
            command.print_usage();
        }
        let status = self.status(command.name, result);
        self.interrupted();
        status
    }

    fn status(&mut self, name: &str, result: CmdResult) -> i32 {
        match result {
            Ok(()) => return 0,
            Err(CmdError::Status(status)) => return status,
            Err(CmdError::Usage | CmdError::Failure) => {}
            Err(CmdError::Error(Error::Interrupted)) => {
                self.shell.stop.get_or_insert(Stop::Interrupted);
            }
            Err(CmdError::Error(error)) => {
                let number = error.errno();
                println!("Command '{name}' failed: Error {number} ({error})");
            }
            Err(CmdError::Memory(error)) => println!("Command '{name}' failed: {error}"),
        }
        1
    }

    /// Whether nothing more is to be run; looks for Ctrl-C.
    fn interrupted(&mut self) -> bool {
        if console::ctrlc() {
            self.shell.stop = Some(Stop::Interrupted);
        }
        self.shell.stop.is_some()
    }

    /// Runs something one level deeper, unless that is too deep.
    fn nested(&mut self, run: impl FnOnce(&mut Context) -> i32) -> i32 {
        if self.shell.depth >= MAX_DEPTH {
            self.shell.stop.get_or_insert(Stop::TooDeep);
            return 1;
        }
        self.shell.depth += 1;
        let status = run(self);
        self.shell.depth -= 1;
        status
    }
}

/// What a command gives whose variables cannot be expanded or set.
fn refuse(error: Error) -> i32 {
    println!("## Error: cannot expand the command: {error}");
    1
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod uboot;
