// SPDX-License-Identifier: GPL-2.0-or-later
//! What arguments can be, for the Tab key: variables, commands, disks and files.
//!
//! These are values for [`Command::complete`](crate::Command): they get the
//! words up to the cursor and return whole words that begin like the last one.
//! A word that more follows, as the name of a directory, ends in `/`.

use crate::Context;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{Error, console};
use disk::Whole;
use fs::FileType;

/// The most files that are kept to be offered.
const MAX_FILES: usize = 1000;

/// Any argument is the name of a variable of the environment.
pub fn variables(ctx: &Context, words: &[&str]) -> Vec<String> {
    let begun = words.last().copied().unwrap_or_default();
    let names = ctx.env.sorted().into_iter().map(|(name, _)| name);
    begins(names, begun)
}

/// The first argument is the name of a variable of the environment.
pub fn first_variable(ctx: &Context, words: &[&str]) -> Vec<String> {
    match words.len() {
        2 => variables(ctx, words),
        _ => Vec::new(),
    }
}

/// `subcommand interface dev[:part]`: the first argument is one of these words.
pub fn subcommand_and_place(subcommands: &[&str], ctx: &Context, words: &[&str]) -> Vec<String> {
    match words {
        [_, begun] => begins(subcommands.iter().copied(), begun),
        _ => place_at::<2>(ctx, words),
    }
}

/// Any argument is the name of a command.
pub fn commands(ctx: &Context, words: &[&str]) -> Vec<String> {
    let begun = words.last().copied().unwrap_or_default();
    begins(ctx.commands.iter().map(|command| command.name), begun)
}

/// `interface dev[:part] ... file`: argument `FILE` is a file, the first two say where.
pub fn file_at<const FILE: usize>(ctx: &Context, words: &[&str]) -> Vec<String> {
    match words {
        [_, interface, spec, .., path] if words.len() == FILE + 1 => {
            files(ctx, interface, spec, path)
        }
        _ => place_at::<1>(ctx, words),
    }
}

/// `interface dev[:part]`: argument `AT` is an interface, the next one a disk or partition.
pub fn place_at<const AT: usize>(ctx: &Context, words: &[&str]) -> Vec<String> {
    match words.get(AT..) {
        Some([begun]) => interfaces(ctx, begun),
        Some([interface, begun]) => partitions(ctx, interface, begun),
        _ => Vec::new(),
    }
}

/// The interfaces that disks have.
pub fn interfaces(ctx: &Context, begun: &str) -> Vec<String> {
    begins(dm::blk::interfaces(&ctx.dm).into_iter(), begun)
}

/// The disks of an interface, and once one is named, its partitions: `0`, `0:1`.
pub fn partitions(ctx: &Context, interface: &str, begun: &str) -> Vec<String> {
    let Some((device, _)) = begun.split_once(':') else {
        let numbers = dm::blk::numbers(&ctx.dm, interface);
        let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
        return begins(numbers.iter().map(String::as_str), begun);
    };
    let disk = disk::device(&ctx.dm, interface, device);
    let Some((_, partitions)) = disk.ok().and_then(|disk| disk::list(&disk).ok()) else {
        return Vec::new();
    };
    let names = partitions
        .iter()
        .map(|p| format!("{device}:{:x}", p.number));
    let names: Vec<_> = names.collect();
    begins(names.iter().map(String::as_str), begun)
}

/// The files whose paths begin so; only the one directory is read.
pub fn files(ctx: &Context, interface: &str, spec: &str, path: &str) -> Vec<String> {
    let boot_device = ctx.env.get("bootdevice");
    let place = disk::locate_by_name(&ctx.dm, interface, Some(spec), boot_device, Whole::Allowed);
    let Some(fs) = place
        .ok()
        .and_then(|place| fs::open(&place.disk, &place.partition).ok())
    else {
        return Vec::new();
    };
    let (folder, begun) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
    let mut names = Names::default();
    // What was found before an error, or Ctrl-C, still helps.
    _ = fs.list(if folder.is_empty() { "/" } else { folder }, &mut |entry| {
        let name = core::str::from_utf8(&entry.name).unwrap_or_default();
        let hidden = matches!(name, "" | "." | "..") || name.contains(char::is_control);
        if name.starts_with(begun) && !hidden {
            let end = match entry.kind {
                FileType::Directory => "/",
                _ => "",
            };
            names.add(format!("{folder}{name}{end}"));
        }
        match console::ctrlc() {
            true => Err(Error::Interrupted),
            false => Ok(()),
        }
    });
    names.found
}

/// Names that were found. Beyond [`MAX_FILES`], only those are kept that
/// shorten what all have in common.
#[derive(Default)]
struct Names {
    found: Vec<String>,
    common: usize,
}

impl Names {
    fn add(&mut self, name: String) {
        let first = self.found.first().unwrap_or(&name);
        let pairs = name.bytes().zip(first.bytes());
        let common = pairs.take_while(|(a, b)| a == b).count();
        if self.found.is_empty() || common < self.common {
            self.common = common;
        } else if self.found.len() >= MAX_FILES {
            return;
        }
        self.found.push(name);
    }
}

/// Those of the words that begin like one.
fn begins<'a>(words: impl Iterator<Item = &'a str>, begun: &str) -> Vec<String> {
    words
        .filter(|word| word.starts_with(begun))
        .map(ToString::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_names_all_that_matters_is_kept() {
        let mut names = Names::default();
        (0..5000).for_each(|n| names.add(format!("/vmlinuz-{n:04}")));
        assert_eq!(names.found.len(), MAX_FILES + 1);
        names.add("/vmx".into());
        assert_eq!(names.found.last().map(String::as_str), Some("/vmx"));
        assert_eq!(names.common, 3);
    }
}
