// SPDX-License-Identifier: GPL-2.0-or-later
//! `log`: which messages for those who look for a fault are printed, and how.
//!
//! Behaviour: U-Boot, `cmd/log.c` and `test/py/tests/test_log.py`.
#![cfg(CONFIG_CMD_LOG)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use crate::getopt::Getopt;
use crate::{CmdError, CmdResult, Context};
use alloc::string::String;
use common::log::{self, Filter, Record};
use common::{print, println};
use disk::number::dectoul;

/// The one way out for messages.
const DRIVER: &str = "console";
/// The categories that are no uclass.
const CATEGORIES: [&str; 18] = [
    "none",
    "arch",
    "board",
    "core",
    "driver-model",
    "device-tree",
    "efi",
    "alloc",
    "sandbox",
    "bloblist",
    "devres",
    "acpi",
    "boot",
    "event",
    "fs",
    "expo",
    "console",
    "test",
];
/// The most categories of one filter.
const CATEGORIES_MAX: usize = 5;

fn do_log(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let args = args.get(1..).unwrap_or(&[]);
    match *args {
        ["level"] => levels(),
        ["level", level] => {
            let level = parse_level(level)?;
            log::settings(|settings| settings.level = level);
        }
        ["categories"] => all_categories(ctx).for_each(|name| println!("{name}")),
        ["drivers"] => println!("{DRIVER}"),
        ["filter-list", ..] => return list_filters(args),
        ["filter-add", ..] => return add_filter(ctx, args),
        ["filter-remove", ..] => return remove_filter(args),
        ["format"] => show_format(),
        ["format", letters] => return set_format(letters),
        ["rec", category, level, file, line, function, message] => {
            return record(ctx, [category, level, file, line, function, message]);
        }
        _ => return Err(CmdError::Usage),
    }
    Ok(())
}

fn levels() {
    let default = log::settings(|settings| settings.level);
    for (level, name) in (0..=log::MAX_LEVEL).zip(log::LEVELS) {
        let mark = if level == default { " (default)" } else { "" };
        println!("{name}{mark}");
    }
}

/// A level by its number or its name.
fn parse_level(text: &str) -> Result<u8, CmdError> {
    if let Ok(level) = text.parse::<u64>() {
        return u8::try_from(level)
            .ok()
            .filter(|&level| level <= log::MAX_LEVEL)
            .ok_or_else(|| {
                println!("Only log levels <= {} are supported", log::MAX_LEVEL);
                CmdError::Failure
            });
    }
    level_by_name(text).ok_or_else(|| {
        println!("Unknown log level \"{text}\"");
        CmdError::Failure
    })
}

fn level_by_name(name: &str) -> Option<u8> {
    let mut names = (0..).zip(log::LEVELS);
    let found = names.find(|(_, level)| level.eq_ignore_ascii_case(name));
    found.map(|(level, _)| level)
}

fn level_name(level: u8) -> &'static str {
    log::LEVELS.get(usize::from(level)).unwrap_or(&"INVALID")
}

fn all_categories(ctx: &Context) -> impl Iterator<Item = &'static str> {
    let uclasses = ctx.dm.uclasses().into_iter().map(|uclass| uclass.name);
    uclasses.chain(CATEGORIES)
}

fn category(ctx: &Context, name: &str) -> Option<&'static str> {
    all_categories(ctx).find(|category| *category == name)
}

fn list_filters(args: &[&str]) -> CmdResult {
    let mut options = Getopt::new(args, "d:");
    let mut driver = DRIVER;
    while let Some((_, name)) = options.next_option()? {
        driver = name;
    }
    if !options.rest().is_empty() {
        return Err(CmdError::Usage);
    }
    check_driver(driver)?;
    for filter in log::settings(|settings| settings.filters().to_vec()) {
        let Filter { number, level, .. } = filter;
        let action = if filter.deny { "DENY" } else { "ALLOW" };
        let relation = if filter.minimum { ">=" } else { "<=" };
        println!("{number:<3}: {action} {relation} {}", level_name(level));
        if !filter.categories.is_empty() {
            println!("     Categories: {}", filter.categories.join(" "));
        }
        if let Some(files) = filter.files {
            println!("     Files: {files}");
        }
        if let Some(functions) = filter.functions {
            println!("     Functions: {functions}");
        }
    }
    Ok(())
}

fn check_driver(name: &str) -> CmdResult {
    if name == DRIVER {
        return Ok(());
    }
    println!("Could not find log device for \"{name}\"");
    Err(CmdError::Failure)
}

fn add_filter(ctx: &Context, args: &[&str]) -> CmdResult {
    let mut options = Getopt::new(args, "Ac:d:Df:F:l:L:p");
    let mut filter = Filter {
        level: 9,
        ..Filter::default()
    };
    let (mut level_set, mut type_set, mut show, mut driver) = (false, false, false, DRIVER);
    while let Some((letter, argument)) = options.next_option()? {
        match letter {
            'A' | 'D' => {
                once(&mut type_set, "Allow or deny set twice")?;
                filter.deny = letter == 'D';
            }
            'l' | 'L' => {
                once(&mut level_set, "Log level set twice")?;
                filter.level = parse_level(argument)?;
                filter.minimum = letter == 'L';
            }
            'c' => filter
                .categories
                .push(filter_category(ctx, &filter, argument)?),
            'd' => driver = argument,
            'f' => filter.files = Some(argument.into()),
            'F' => filter.functions = Some(argument.into()),
            _ => show = true,
        }
    }
    if !options.rest().is_empty() {
        return Err(CmdError::Usage);
    }
    check_driver(driver)?;
    let number = log::settings(|settings| settings.add_filter(filter));
    if show {
        println!("{number}");
    }
    Ok(())
}

/// Refuses an option that comes twice.
fn once(set: &mut bool, complaint: &str) -> CmdResult {
    if core::mem::replace(set, true) {
        println!("{complaint}");
        return Err(CmdError::Usage);
    }
    Ok(())
}

fn filter_category(ctx: &Context, filter: &Filter, name: &str) -> Result<String, CmdError> {
    if filter.categories.len() >= CATEGORIES_MAX {
        println!("Too many categories");
        return Err(CmdError::Failure);
    }
    let known = category(ctx, name).filter(|name| *name != "none");
    known.map(String::from).ok_or_else(|| {
        println!("Unknown category \"{name}\"");
        CmdError::Failure
    })
}

fn remove_filter(args: &[&str]) -> CmdResult {
    let mut options = Getopt::new(args, "ad:");
    let (mut all, mut driver) = (false, DRIVER);
    while let Some((letter, argument)) = options.next_option()? {
        match letter {
            'a' => all = true,
            _ => driver = argument,
        }
    }
    match (all, options.rest()) {
        (true, []) => {
            check_driver(driver)?;
            log::settings(|settings| settings.clear_filters());
            Ok(())
        }
        (false, [number]) => {
            let Ok(number) = number.parse() else {
                println!("Invalid filter number \"{number}\"");
                return Err(CmdError::Failure);
            };
            check_driver(driver)?;
            if log::settings(|settings| settings.remove_filter(number)) {
                return Ok(());
            }
            println!("Could not remove filter {number}: there is none of this number");
            Err(CmdError::Failure)
        }
        _ => Err(CmdError::Usage),
    }
}

fn show_format() {
    let format = log::settings(|settings| settings.format);
    print!("Log format: ");
    for (bit, letter) in (0..).zip(log::FORMAT_LETTERS) {
        if format >> bit & 1 == 1 {
            print!("{letter}");
        }
    }
    println!();
}

fn set_format(letters: &str) -> CmdResult {
    let format = match letters {
        "default" => log::FORMAT_DEFAULT,
        "all" => log::FORMAT_ALL,
        _ => letters.chars().try_fold(0u8, |format, letter| {
            let bit = log::FORMAT_LETTERS.iter().position(|&l| l == letter);
            bit.map(|bit| format | 1 << bit).ok_or_else(|| {
                println!("Invalid log char '{letter}'");
                CmdError::Failure
            })
        })?,
    };
    log::settings(|settings| settings.format = format);
    Ok(())
}

fn record(ctx: &Context, words: [&str; 6]) -> CmdResult {
    let [name, level, file, line, function, message] = words;
    let number = match dectoul(level) {
        (_, rest) if rest.len() == level.len() => {
            level_by_name(level).map(u64::from).ok_or_else(|| {
                println!("Invalid log level '{level}'");
                CmdError::Usage
            })?
        }
        (number, _) => number,
    };
    let Some(level) = u8::try_from(number).ok().filter(|&level| level < 9) else {
        println!("Invalid log level {number}");
        return Err(CmdError::Usage);
    };
    let record = Record {
        level,
        category: category(ctx, name).unwrap_or("none"),
        file,
        line: dectoul(line).0 as u32,
        function,
    };
    log::log(&record, format_args!("{message}"));
    Ok(())
}

#[cfg(test)]
#[path = "log/tests.rs"]
mod tests;

command! {
    name: "log",
    max_args: 64,
    repeatable: true,
    usage: "log system",
    help: "level [<level>] - show the levels, or set the last one that is printed\n\
        log categories - list the categories\n\
        log drivers - list the ways out\n\
        log filter-list [-d <driver>] - list the filters\n\
        log filter-add [OPTIONS] - add a filter\n\
        \t-A, -D - let what fits pass (so without either), or not\n\
        \t-c <category> - fit this category; may be given several times\n\
        \t-d <driver> - the way out\n\
        \t-f <files>, -F <functions> - fit these, with commas between them\n\
        \t-l <level>, -L <level> - fit levels up to this one, or from it on\n\
        \t-p - print the filter's number\n\
        log filter-remove [-d <driver>] -a | <num> - remove all filters, or one\n\
        log format <fmt> - what is printed of a message: c=category, l=level, F=file,\n\
        \tL=line number, f=function, m=message; or 'default', or 'all'\n\
        log rec <category> <level> <file> <line> <func> <message> - log a message",
    subcommands: &["categories", "drivers", "filter-add", "filter-list", "filter-remove", "format", "level", "rec"],
    run: do_log,
}
