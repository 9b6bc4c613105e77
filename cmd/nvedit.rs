// SPDX-License-Identifier: GPL-2.0-or-later
//! `env`: the environment, with a subcommand for each thing to do with it.
//!
//! Some subcommands are also commands of their own, and have a file of their
//! own: `env print` is `printenv`. Behaviour: U-Boot, `doc/usage/cmd/env.rst`.

#[cfg(CONFIG_CMD_ENV_CALLBACK)]
#[path = "nvedit/callbacks.rs"]
mod callbacks;
#[path = "nvedit/default.rs"]
mod default;
#[path = "nvedit/delete.rs"]
mod delete;
#[cfg(CONFIG_CMD_ENV_EXISTS)]
#[path = "nvedit/exists.rs"]
mod exists;
#[cfg(CONFIG_CMD_EXPORTENV)]
#[path = "nvedit/export.rs"]
mod export;
#[cfg(CONFIG_CMD_ENV_FLAGS)]
#[path = "nvedit/flags.rs"]
mod flags;
#[cfg(CONFIG_CMD_IMPORTENV)]
#[path = "nvedit/import.rs"]
mod import;
#[cfg(CONFIG_CMD_NVEDIT_INDIRECT)]
#[path = "nvedit/indirect.rs"]
mod indirect;
#[cfg(CONFIG_CMD_NVEDIT_INFO)]
#[path = "nvedit/info.rs"]
mod info;
#[cfg(CONFIG_CMD_NVEDIT_LOAD)]
#[path = "nvedit/load.rs"]
mod load;
#[cfg(CONFIG_CMD_NVEDIT_SELECT)]
#[path = "nvedit/select.rs"]
mod select;

use crate::command::{self, Command};
use crate::{CmdError, CmdResult, Context, complete, printenv, setenv};
use alloc::string::String;
use alloc::vec::Vec;
use include::config::CONFIG_SYS_MAXARGS;

/// A subcommand; `help` says how it is called, after the word `env`.
const fn sub(
    name: &'static str,
    help: &'static str,
    run: fn(&mut Context, &[&str]) -> CmdResult,
) -> Command {
    Command {
        name,
        help,
        run,
        ..Command::new()
    }
}

const SUBCOMMANDS: &[Command] = &[
    #[cfg(CONFIG_CMD_ASKENV)]
    sub(
        "ask",
        "ask name [message] [size] - ask the user for a variable",
        crate::askenv::do_askenv,
    ),
    #[cfg(CONFIG_CMD_ENV_CALLBACK)]
    sub(
        "callbacks",
        "callbacks - show what is called when variables change",
        callbacks::do_callbacks,
    ),
    sub(
        "default",
        "default [-k] [-f] -a - set all variables to their default values\n\
         env default [-k] [-f] var [...] - set variables to their default values\n      \
         \"-f\": also protected ones; \"-k\": keep those without a default value",
        default::do_default,
    ),
    sub(
        "delete",
        "delete [-f] var [...] - delete variables; -f also protected ones",
        delete::do_delete,
    ),
    #[cfg(CONFIG_CMD_EDITENV)]
    sub(
        "edit",
        "edit name - edit a variable",
        crate::editenv::do_editenv,
    ),
    #[cfg(CONFIG_CMD_ENV_EXISTS)]
    sub(
        "exists",
        "exists name - tell whether a variable is set",
        exists::do_exists,
    ),
    #[cfg(CONFIG_CMD_EXPORTENV)]
    sub(
        "export",
        "export [-t | -b | -c] [-s size] addr [var ...] - write variables to memory",
        export::do_export,
    ),
    #[cfg(CONFIG_CMD_ENV_FLAGS)]
    sub(
        "flags",
        "flags - show which variables are protected",
        flags::do_flags,
    ),
    #[cfg(CONFIG_CMD_GREPENV)]
    sub("grep", crate::grepenv::SYNOPSIS, crate::grepenv::do_grepenv),
    #[cfg(CONFIG_CMD_IMPORTENV)]
    sub(
        "import",
        "import [-d] [-t [-r] | -b | -c] addr [size] [var ...] - read variables from memory",
        import::do_import,
    ),
    #[cfg(CONFIG_CMD_NVEDIT_INDIRECT)]
    sub(
        "indirect",
        "indirect <to> <from> [default] - set <to> to the value of <from>, or to [default]",
        indirect::do_indirect,
    ),
    #[cfg(CONFIG_CMD_NVEDIT_INFO)]
    sub(
        "info",
        "info - show the state of the environment\n\
         env info [-d] [-p] [-q] - tell whether all of this is so\n      \
         \"-d\": the default environment is used; \"-p\": it can be saved; \"-q\": say nothing",
        info::do_info,
    ),
    #[cfg(CONFIG_CMD_NVEDIT_LOAD)]
    sub("load", "load - load the saved environment", load::do_load),
    sub(
        "print",
        "print [-a | name ...] - print variables; -a also those that begin with a dot",
        printenv::do_printenv,
    ),
    #[cfg(CONFIG_CMD_RUN)]
    sub(
        "run",
        "run var [...] - run the commands in variables",
        crate::run::do_run,
    ),
    #[cfg(CONFIG_CMD_SAVEENV)]
    sub(
        "save",
        "save - save the environment",
        crate::saveenv::do_saveenv,
    ),
    #[cfg(CONFIG_CMD_ERASEENV)]
    sub(
        "erase",
        "erase - erase the saved environment",
        crate::eraseenv::do_eraseenv,
    ),
    #[cfg(CONFIG_CMD_NVEDIT_SELECT)]
    sub(
        "select",
        "select [target] - select where the environment is saved",
        select::do_select,
    ),
    sub(
        "set",
        "set [-f] name [arg ...] - set or delete a variable; -f also a protected one",
        setenv::do_setenv,
    ),
];

/// The names of the subcommands.
const NAMES: [&str; SUBCOMMANDS.len()] = {
    let mut names = [""; SUBCOMMANDS.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = SUBCOMMANDS[i].name;
        i += 1;
    }
    names
};

/// What stands between the texts of two subcommands.
const BETWEEN: &[u8] = b"\nenv ";

const HELP_LEN: usize = {
    let (mut len, mut i) = (0, 0);
    while i < SUBCOMMANDS.len() {
        len += SUBCOMMANDS[i].help.len() + BETWEEN.len();
        i += 1;
    }
    len - BETWEEN.len()
};

/// The texts of all subcommands.
const HELP: [u8; HELP_LEN] = {
    let mut help = [0; HELP_LEN];
    let (mut at, mut i) = (0, 0);
    while i < SUBCOMMANDS.len() {
        if i > 0 {
            at = append(&mut help, at, BETWEEN);
        }
        at = append(&mut help, at, SUBCOMMANDS[i].help.as_bytes());
        i += 1;
    }
    help
};

const fn append(to: &mut [u8], at: usize, text: &[u8]) -> usize {
    let mut i = 0;
    while i < text.len() {
        to[at + i] = text[i];
        i += 1;
    }
    at + text.len()
}

fn do_env(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let rest = &args[1..];
    let name = rest.first().ok_or(CmdError::Usage)?;
    let found = command::find(SUBCOMMANDS, name).ok_or(CmdError::Usage)?;
    (found.run)(ctx, rest)
}

/// Variables, for the subcommands that take them.
fn completions(ctx: &Context, words: &[&str]) -> Vec<String> {
    let takes = ["default", "delete", "edit", "exists", "print", "run", "set"];
    match words.get(1).is_some_and(|word| takes.contains(word)) {
        true if words.len() > 2 => complete::variables(ctx, words),
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[path = "nvedit/tests.rs"]
mod tests;

command! {
    name: "env",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "environment handling commands",
    help: match core::str::from_utf8(&HELP) {
        Ok(help) => help,
        Err(_) => "",
    },
    subcommands: &NAMES,
    complete: completions,
    run: do_env,
}
