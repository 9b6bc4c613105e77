// SPDX-License-Identifier: GPL-2.0-or-later
//! The Tab key: what the word before the cursor could become.
//!
//! Behaviour: U-Boot, `cmd_auto_complete`: what all candidates have in common
//! is added, with a blank behind the only one; if that is nothing, they are
//! listed. Besides commands, arguments and `${name}`, it knows `$name`,
//! several commands on a line, and words that are quoted.
#![cfg(CONFIG_AUTO_COMPLETE)]

use super::readline::{Editor, ring};
use super::scan::{Quote, Scan};
use crate::Context;
use crate::command::{find, sorted};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{print, println};

/// The most candidates that are listed.
const MAX_LISTED: usize = 200;
/// Where a line of the list ends.
const LINE: usize = 78;

impl Context {
    /// Completes the word before the cursor, or lists what it could become.
    pub(super) fn complete(&self, prompt: &str, editor: &mut Editor) {
        let scan = Scan::new(&editor.before_cursor(), |name| self.variable(name));
        let mut candidates = self.candidates(&scan);
        candidates.sort_unstable();
        candidates.dedup();
        let begun = scan.begun().len();
        let common = common_prefix(&candidates);
        match candidates.as_slice() {
            [] => ring(),
            [only] => {
                let end = scan.end_of_word(only);
                editor.insert((scan.escape(&only[begun..]) + end).as_bytes());
            }
            _ if common > begun => {
                let more = &candidates[0][begun..common];
                editor.insert(scan.escape(more).as_bytes());
                ring();
            }
            _ => {
                list(&candidates);
                print!("{prompt}");
                editor.show();
            }
        }
    }

    fn candidates(&self, scan: &Scan) -> Vec<String> {
        let begun = scan.begun();
        if let Some(variable) = &scan.variable {
            let names = self.env.sorted().into_iter().map(|(name, _)| name);
            let names = names.chain(self.shell.locals().map(|(name, _)| name));
            let fits = |name: &&str| name.starts_with(begun) && (variable.braces || is_name(name));
            return names.filter(fits).map(ToString::to_string).collect();
        }
        let words: Vec<&str> = scan.words.iter().map(String::as_str).collect();
        let &[name, _, ..] = words.as_slice() else {
            let names = sorted(self.commands)
                .into_iter()
                .map(|command| command.name);
            let fits = names.filter(|name| name.starts_with(begun));
            return fits.map(ToString::to_string).collect();
        };
        let Some(command) = find(self.commands, name) else {
            return Vec::new();
        };
        let mut candidates = (command.complete)(self, &words);
        if words.len() == 2 {
            candidates.extend(command.subcommands.iter().map(ToString::to_string));
        }
        candidates.retain(|candidate| candidate.starts_with(begun));
        candidates
    }
}

impl Scan {
    /// What follows the only candidate: nothing if it can go on.
    fn end_of_word(&self, candidate: &str) -> &'static str {
        match (&self.variable, self.quote) {
            (Some(variable), Quote::None) if variable.braces => "} ",
            (Some(variable), _) if variable.braces => "}",
            (Some(_), Quote::None) => " ",
            (Some(_), _) => "",
            _ if candidate.ends_with('/') => "",
            (None, Quote::None) => " ",
            (None, Quote::Single) => "' ",
            (None, Quote::Double) => "\" ",
        }
    }

    /// Text as it must be typed to be taken as it is.
    fn escape(&self, text: &str) -> String {
        let special = match (&self.variable, self.quote) {
            (Some(_), _) | (None, Quote::Single) => "",
            (None, Quote::Double) => "\"\\$",
            (None, Quote::None) => " \t;&|'\"\\$#",
        };
        let mut escaped = String::new();
        for c in text.chars() {
            if special.contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        escaped
    }
}

/// Bytes that all candidates begin with.
fn common_prefix(candidates: &[String]) -> usize {
    // They are in order: what the first and the last have in common, all have.
    let (Some(first), Some(last)) = (candidates.first(), candidates.last()) else {
        return 0;
    };
    let same = first.chars().zip(last.chars()).take_while(|(a, b)| a == b);
    same.map(|(c, _)| c.len_utf8()).sum()
}

/// Shows the candidates, files without their folder, as many on a line as fit.
fn list(candidates: &[String]) {
    let names = candidates.iter().map(|candidate| {
        let end = candidate.trim_end_matches('/').rfind('/');
        &candidate[end.map_or(0, |slash| slash + 1)..]
    });
    let more = (candidates.len() > MAX_LISTED).then_some("...");
    let mut column = LINE;
    for name in names.take(MAX_LISTED).chain(more) {
        let width = name.chars().count() + 1;
        match column + width >= LINE {
            true => {
                print!("\n  {name}");
                column = 1;
            }
            false => print!(" {name}"),
        }
        column += width;
    }
    println!();
}

fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
#[path = "complete/tests.rs"]
mod tests;
