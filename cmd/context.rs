// SPDX-License-Identifier: GPL-2.0-or-later
//! What commands work on, and how they end.

use crate::command::{COMMANDS, Command};
use crate::shell::Shell;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::mem::{MemError, Ram};
use common::Error;
use core::any::Any;
use dm::Model;
use env::Env;

/// Why a command did not succeed; `$?` is 1 after each of them but the one that says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CmdError {
    /// The arguments make no sense: the shell prints how the command is used.
    Usage,
    /// It failed, or what it tested is not so; nothing more is to be said.
    Failure,
    /// It failed with this status for `$?`; nothing more is to be said.
    Status(i32),
    /// It failed; the shell prints the error. [`Error::Interrupted`] ends all that runs.
    Error(Error),
    /// An address that cannot be used; the shell prints which.
    Memory(MemError),
}

/// How a command ends.
pub type CmdResult = Result<(), CmdError>;

impl From<Error> for CmdError {
    fn from(error: Error) -> Self {
        CmdError::Error(error)
    }
}

impl From<MemError> for CmdError {
    fn from(error: MemError) -> Self {
        CmdError::Memory(error)
    }
}

/// All that commands work on.
pub struct Context {
    /// The machine's RAM.
    pub ram: Ram,
    /// The devices.
    pub dm: Arc<Model>,
    /// The environment.
    pub env: Env,
    /// Whether the running command is repeated by an empty line, so that it
    /// goes on where it stopped; its arguments are those of the first time.
    pub repeated: bool,
    pub(crate) commands: &'static [Command],
    pub(crate) shell: Shell,
    states: Vec<Box<dyn Any>>,
}

impl Context {
    /// A context with the commands of this image.
    pub fn new(ram: Ram, dm: Arc<Model>, env: Env) -> Context {
        Context::with_commands(ram, dm, env, &COMMANDS)
    }

    /// A context with a command table of its own.
    pub fn with_commands(
        ram: Ram,
        dm: Arc<Model>,
        env: Env,
        commands: &'static [Command],
    ) -> Context {
        Context {
            ram,
            dm,
            env,
            repeated: false,
            commands,
            shell: Shell::default(),
            states: Vec::new(),
        }
    }

    /// Whether the user wants no output that no script looks at: the variable `silent` is set.
    pub fn is_silent(&self) -> bool {
        self.env
            .get("silent")
            .is_some_and(|value| !value.is_empty())
    }

    /// What a command remembers between two calls, such as the disk that is
    /// selected: the one value of this type, made at its first use.
    pub fn state<T: Any + Default>(&mut self) -> &mut T {
        let index = self
            .states
            .iter()
            .position(|state| state.is::<T>())
            .unwrap_or_else(|| {
                self.states.push(Box::new(T::default()));
                self.states.len() - 1
            });
        self.states[index]
            .downcast_mut()
            .expect("the state at this index has this type")
    }
}
