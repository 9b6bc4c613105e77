// SPDX-License-Identifier: GPL-2.0-or-later
//! What the commands of standard boot have in common: what is remembered
//! between them, and their subcommands.
#![cfg(CONFIG_BOOTSTD)]

use crate::command::{Command, find};
use crate::{CmdError, CmdResult, Context};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use arch::mem::Ram;
use boot::bootdev::{self, Bootdev, Hunter};
use boot::bootflow::{BootError, Bootflow, State};
use boot::bootmeth::{BootMethod, Machine};
use common::{Error, println};
use dm::Model;
use env::Env;

impl From<BootError> for CmdError {
    fn from(error: BootError) -> CmdError {
        match error {
            BootError::Interrupted => Error::Interrupted.into(),
            BootError::Failed | BootError::Status(_) => CmdError::Failure,
        }
    }
}

/// What was found and chosen.
#[derive(Default)]
pub struct BootStd {
    /// What was found.
    pub flows: Vec<Bootflow>,
    /// The name of the device that `bootdev select` chose.
    pub bootdev: Option<String>,
    /// The hunters that were used, by name.
    pub hunted: Vec<&'static str>,
    /// Properties of methods that the user set, by method and property.
    pub properties: BTreeMap<(&'static str, String), String>,
    current: Option<Current>,
}

/// The flow that is selected.
struct Current {
    /// Its place in the list.
    index: usize,
    /// The command line as it was last seen: when the variable changes, that of the flow does.
    bootargs: Option<String>,
}

impl BootStd {
    /// How many flows of a device there are, or of all, and how many of them can be booted.
    pub fn count(&self, of: Option<&Bootdev>) -> (usize, usize) {
        let flows: Vec<_> = self.of(of).collect();
        let ready = flows.iter().filter(|(_, flow)| flow.state == State::Ready);
        (flows.len(), ready.count())
    }

    /// The flows of a device, or all, with their places in the list.
    pub fn of(&self, of: Option<&Bootdev>) -> impl Iterator<Item = (usize, &Bootflow)> {
        let name = of.map(|bootdev| bootdev.name.clone());
        let flows = self.flows.iter().enumerate();
        flows.filter(move |(_, flow)| name.as_ref().is_none_or(|name| *name == flow.bootdev.name))
    }
}

impl Context {
    /// Selects a flow by its place in the list, or none.
    pub(crate) fn select_flow(&mut self, index: Option<usize>) {
        let bootargs = self.env.get("bootargs").map(ToString::to_string);
        let current = index.map(|index| Current { index, bootargs });
        self.state::<BootStd>().current = current;
    }

    /// The flow that is selected, and its place in the list.
    ///
    /// # Errors
    /// [`CmdError::Failure`] if none is, after saying so.
    pub(crate) fn current_flow(&mut self) -> Result<(usize, &mut Bootflow), CmdError> {
        let bootargs = self.env.get("bootargs").map(ToString::to_string);
        let state = self.state::<BootStd>();
        let none = || {
            println!("No bootflow selected");
            CmdError::Failure
        };
        let current = state.current.as_mut().ok_or_else(none)?;
        let flow = state.flows.get_mut(current.index).ok_or_else(none)?;
        if current.bootargs != bootargs {
            flow.cmdline = bootargs.clone();
            current.bootargs = bootargs;
        }
        Ok((current.index, flow))
    }

    /// The device that is selected, if it is still there.
    pub(crate) fn current_bootdev(&mut self) -> Option<Bootdev> {
        let name = self.state::<BootStd>().bootdev.clone()?;
        let mut all = bootdev::all(&self.dm).into_iter();
        all.find(|bootdev| bootdev.name == name)
    }

    /// Boots the flow at a place of the list, and notes there what came of it.
    ///
    /// # Errors
    /// As [`Bootflow::boot`].
    pub(crate) fn boot_flow(&mut self, index: usize) -> Result<(), BootError> {
        // A script may change the list, even make a new one.
        let Some(mut flow) = self.state::<BootStd>().flows.get(index).cloned() else {
            return Err(BootError::Failed);
        };
        let booted = match flow.boot(self) {
            // A script of its own, or a command in it.
            Err(_) if self.shell.stop.is_some() => Err(BootError::Interrupted),
            booted => booted,
        };
        let place = self.state::<BootStd>().flows.get_mut(index);
        if let Some(place) = place.filter(|place| place.name == flow.name) {
            place.steps = flow.steps;
            place.failure = flow.failure;
        }
        booted
    }

    /// Uses the hunters that were not used yet, of this interface or all.
    ///
    /// # Errors
    /// The last error of those that failed.
    pub(crate) fn hunt(&mut self, interface: Option<&str>, show: bool) -> common::Result<()> {
        let mut result = Ok(());
        for hunter in bootdev::HUNTERS {
            let name = self.dm.uclass_name(hunter.uclass);
            let wanted = interface.is_none_or(|interface| interface == name);
            if !wanted || self.has_hunted(hunter) {
                continue;
            }
            if show {
                println!("Hunting with: {name}");
            }
            match hunter.hunt(&self.dm) {
                Ok(()) => self.state::<BootStd>().hunted.push(hunter.name),
                error => result = error,
            }
        }
        result
    }

    pub(crate) fn has_hunted(&mut self, hunter: &Hunter) -> bool {
        self.state::<BootStd>().hunted.contains(&hunter.name)
    }
}

/// A subcommand, which takes so many words with its name.
pub const fn sub(
    name: &'static str,
    max_args: usize,
    run: fn(&mut Context, &[&str]) -> CmdResult,
) -> Command {
    Command {
        name,
        max_args,
        run,
        ..Command::new()
    }
}

/// Runs a subcommand, whose name may be abbreviated.
///
/// # Errors
/// [`CmdError::Usage`] if there is none, or too many words; or as the subcommand.
pub fn run_subcommand(ctx: &mut Context, table: &[Command], args: &[&str]) -> CmdResult {
    let args = args.get(1..).unwrap_or_default();
    let word = args.first().ok_or(CmdError::Usage)?;
    let command = find(table, word).ok_or(CmdError::Usage)?;
    match args.len() > command.max_args {
        true => Err(CmdError::Usage),
        false => (command.run)(ctx, args),
    }
}

impl Machine for Context {
    fn parts(&mut self) -> (&mut Ram, &mut Env, &Model) {
        (&mut self.ram, &mut self.env, &self.dm)
    }

    fn run_script(&mut self, script: &str) -> i32 {
        Context::run_script(self, script)
    }

    fn property(&mut self, method: &'static BootMethod, property: &str) -> String {
        let key = (method.name, property.to_string());
        let set = self.state::<BootStd>().properties.get(&key).cloned();
        let mut known = method.properties.iter();
        let usual = known.find(|(name, _)| *name == property);
        let usual = usual.and_then(|(_, values)| values.first());
        set.or_else(|| usual.map(ToString::to_string))
            .unwrap_or_default()
    }
}
