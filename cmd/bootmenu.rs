// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootmenu`: a menu of the variables `bootmenu_0`, `bootmenu_1`, ..., each of
//! which is a title and commands.
//!
//! [`show`] is also what is shown instead of the countdown, if the configuration
//! wants that. Behaviour and screen: U-Boot, `doc/usage/cmd/bootmenu.rst`.
#![cfg(CONFIG_CMD_BOOTMENU)]

#[path = "bootmenu/screen.rs"]
mod screen;

use crate::{CmdError, CmdResult, Context};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::println;
use include::config::CONFIG_BOOTDELAY;
use screen::{Choice, Menu};

/// The most entries.
const MAX_ENTRIES: usize = 98;
/// The delay in seconds if nobody says one, where there is no automatic boot.
const DEFAULT_DELAY: i64 = 10;

fn do_bootmenu(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let delay = match args {
        // Entries of UEFI: there are none.
        [_, "-e", rest @ ..] => rest.first(),
        [_, rest @ ..] => rest.first(),
        [] => None,
    };
    if args.len() > 2 && args.get(1) != Some(&"-e") {
        return Err(CmdError::Usage);
    }
    let delay = delay.copied().or(ctx.env.get("bootmenu_delay"));
    let delay = match delay {
        Some(text) => text.trim().parse().map_err(|_| {
            println!("## Error: '{text}' is not a delay in seconds");
            CmdError::Failure
        })?,
        None if CONFIG_BOOTDELAY >= 0 => CONFIG_BOOTDELAY,
        None => DEFAULT_DELAY,
    };
    // As in U-Boot, how the chosen commands end is theirs alone.
    _ = show(ctx, delay);
    Ok(())
}

/// How a menu ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Commands were run.
    Ran,
    /// The user left it.
    Quit,
}

/// Shows the menu, and runs what is chosen, or after so many seconds without a
/// key the default; 0 runs the first entry at once, below 0 waits for ever.
pub(crate) fn show(ctx: &mut Context, delay: i64) -> Shown {
    if delay == 0 {
        run_first(ctx);
        return Shown::Ran;
    }
    let entries = entries(ctx);
    let mut titles: Vec<String> = entries.iter().map(|entry| entry.title.clone()).collect();
    titles.push(match cfg!(CONFIG_BOOTMENU_DISABLE_UBOOT_CONSOLE) {
        true => "0. Quit".to_string(),
        false => "0. Exit".to_string(),
    });
    let active = default_entry(ctx, titles.len());
    match Menu::new(&titles, active).choose(delay) {
        Choice::Entry(index) if index < entries.len() => {
            ctx.run_script(&entries[index].commands);
            Shown::Ran
        }
        _ => Shown::Quit,
    }
}

/// Runs the first entry without a menu.
fn run_first(ctx: &mut Context) {
    let entry = ctx.env.get(&variable(0)).map(|text| text.split_once('='));
    match entry.map(|entry| entry.map(|(_, commands)| commands.to_string())) {
        None => println!("bootmenu option 0 was not found"),
        Some(None) => println!("bootmenu option 0 is invalid"),
        Some(Some(commands)) => _ = ctx.run_script(&commands),
    }
}

struct Entry {
    title: String,
    commands: String,
}

/// The entries, up to the first number without one.
fn entries(ctx: &Context) -> Vec<Entry> {
    let mut entries = Vec::new();
    for number in 0..MAX_ENTRIES {
        let Some(text) = ctx.env.get(&variable(number)) else {
            break;
        };
        let Some((title, commands)) = text.split_once('=') else {
            println!("Invalid bootmenu entry: {text}");
            break;
        };
        let title = match shortcut(number) {
            Some(key) => format!("{key}. {title}"),
            None => format!("   {title}"),
        };
        entries.push(Entry {
            title,
            commands: commands.to_string(),
        });
    }
    entries
}

fn variable(number: usize) -> String {
    format!("bootmenu_{number}")
}

/// The key that selects an entry: 1 to 9, then letters.
fn shortcut(number: usize) -> Option<char> {
    let digits = ('1'..='9').chain('a'..='z');
    digits.into_iter().nth(number)
}

/// The entry that is chosen if the user does nothing.
fn default_entry(ctx: &Context, count: usize) -> usize {
    let Some(text) = ctx.env.get("bootmenu_default") else {
        return 0;
    };
    let number = text.trim().parse::<i64>().unwrap_or(-1);
    match usize::try_from(number) {
        Ok(number) if number < count => number,
        _ => {
            println!(
                "active menuitem ({text}) is outside menu (0..{})",
                count - 1
            );
            0
        }
    }
}

#[cfg(test)]
#[path = "bootmenu/tests.rs"]
mod tests;

command! {
    name: "bootmenu",
    max_args: 3,
    repeatable: true,
    usage: "ANSI terminal bootmenu",
    help: "[-e] [delay]\n\
        \x20   - let the user choose one of the variables bootmenu_0, bootmenu_1, ...,\n\
        \teach of which is 'title=commands', and run its commands. After 'delay'\n\
        \tseconds without a key (or ${bootmenu_delay}) it is that of bootmenu_default,\n\
        \tor the first one; 0 runs the first one at once, -1 waits for ever.\n\
        \t-e is for entries of UEFI, of which there are none.",
    run: do_bootmenu,
}
