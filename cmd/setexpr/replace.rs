// SPDX-License-Identifier: GPL-2.0-or-later
//! `setexpr sub` and `gsub`: replace what a regular expression matches.

use crate::{CmdError, CmdResult, Context};
use alloc::string::{String, ToString};
use common::regex::{Match, Regex};
use common::{Error, console, println};

/// The longest text, before and after, with its end.
const MAX_TEXT: usize = 16384;

/// Sets `name` to `text`, or to its own value, with the first match or all replaced.
pub fn replace(
    ctx: &mut Context,
    name: &str,
    all: bool,
    pattern: &str,
    with: &str,
    text: Option<&str>,
) -> CmdResult {
    let regex = Regex::new(pattern).map_err(|error| {
        println!("Error compiling regex: {error}");
        CmdError::Failure
    })?;
    let Some(text) = text.or_else(|| ctx.env.get(name)) else {
        println!("## Error: variable \"{name}\" not defined");
        return Err(CmdError::Failure);
    };
    if text.len() >= MAX_TEXT {
        let need = text.len() + 1;
        println!("## error: subst buffer overflow: have {MAX_TEXT}, need {need}");
        return Err(CmdError::Failure);
    }
    let text = text.to_string();
    let result = substitute(&regex, &text, with, all)?;
    Ok(ctx.env.set(name, &result)?)
}

fn substitute(regex: &Regex, text: &str, with: &str, all: bool) -> Result<String, CmdError> {
    let mut result = String::new();
    // What is copied so far, and where to look next.
    let (mut done, mut from) = (0, 0);
    while let Some((found, range)) = regex
        .find(text, from)
        .and_then(|found| Some((found, found.group(0)?)))
    {
        if !(range.is_empty() && range.start == done && done > 0) {
            result.push_str(&text[done..range.start]);
            push_replacement(&mut result, regex, text, &found, with);
            done = range.end;
        }
        if result.len() >= MAX_TEXT {
            println!("## error: substitution buffer overflow");
            return Err(CmdError::Failure);
        }
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
        // Behind an empty match, the search goes on one character later.
        let step = match range.is_empty() {
            true => text[range.end..].chars().next().map_or(1, char::len_utf8),
            false => 0,
        };
        from = range.end + step;
        if !all {
            break;
        }
    }
    result.push_str(&text[done..]);
    if result.len() >= MAX_TEXT {
        println!("## error: substitution buffer overflow");
        return Err(CmdError::Failure);
    }
    Ok(result)
}

/// Adds the replacement, with the groups in place of `\0` to `\9`.
fn push_replacement(result: &mut String, regex: &Regex, text: &str, found: &Match, with: &str) {
    let mut rest = with;
    while let Some((before, after)) = rest.split_once('\\') {
        result.push_str(before);
        let group = after.chars().next().and_then(|c| c.to_digit(10));
        match group.map(|group| group as usize) {
            Some(group) if group <= regex.groups() => {
                result.push_str(found.group(group).map_or("", |range| &text[range]));
                rest = &after[1..];
            }
            _ => {
                result.push('\\');
                rest = after;
            }
        }
    }
    result.push_str(rest);
}
