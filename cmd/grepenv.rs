// SPDX-License-Identifier: GPL-2.0-or-later
//! `grepenv`, `env grep`: prints the variables that have a text in their name or value.
#![cfg(CONFIG_CMD_GREPENV)]

use crate::printenv::print_entry;
use crate::{CmdError, CmdResult, Context};
use alloc::vec::Vec;
#[cfg(CONFIG_REGEX)]
use common::regex::Regex;
use include::config::CONFIG_SYS_MAXARGS;

/// How it is called as a subcommand.
pub(crate) const SYNOPSIS: &str = if cfg!(CONFIG_REGEX) {
    "grep [-e] [-n | -v | -b] string [...] - print the variables with such a text"
} else {
    "grep [-n | -v | -b] string [...] - print the variables with such a text"
};

/// What is looked for.
enum Pattern<'a> {
    Text(&'a str),
    #[cfg(CONFIG_REGEX)]
    Regex(Regex),
}

pub(crate) fn do_grepenv(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.len() < 2 {
        return Err(CmdError::Usage);
    }
    let (mut in_names, mut in_values, mut regex) = (true, true, false);
    let mut words = &args[1..];
    while let [option, rest @ ..] = words {
        let Some(letters) = option.strip_prefix('-') else {
            break;
        };
        words = rest;
        if letters == "-" {
            break;
        }
        for letter in letters.chars() {
            match letter {
                'e' if cfg!(CONFIG_REGEX) => regex = true,
                'n' => (in_names, in_values) = (true, false),
                'v' => (in_names, in_values) = (false, true),
                'b' => (in_names, in_values) = (true, true),
                _ => return Err(CmdError::Usage),
            }
        }
    }
    let patterns: Vec<Pattern> = words
        .iter()
        .map(|word| pattern(word, regex))
        .collect::<Result<_, _>>()?;
    let mut result = Err(CmdError::Failure);
    for (name, value) in ctx.env.sorted() {
        let matches = |pattern: &Pattern| {
            (in_names && pattern.is_in(name)) || (in_values && pattern.is_in(value))
        };
        if patterns.is_empty() || patterns.iter().any(matches) {
            print_entry(name, value);
            result = Ok(());
        }
    }
    result
}

#[cfg(CONFIG_REGEX)]
fn pattern(word: &str, regex: bool) -> Result<Pattern<'_>, CmdError> {
    if !regex {
        return Ok(Pattern::Text(word));
    }
    Regex::new(word).map(Pattern::Regex).map_err(|error| {
        common::println!("Error compiling regex: {error}");
        CmdError::Failure
    })
}

#[cfg(not(CONFIG_REGEX))]
fn pattern(word: &str, _regex: bool) -> Result<Pattern<'_>, CmdError> {
    Ok(Pattern::Text(word))
}

impl Pattern<'_> {
    fn is_in(&self, text: &str) -> bool {
        match self {
            Pattern::Text(wanted) => text.contains(wanted),
            #[cfg(CONFIG_REGEX)]
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    const SET: &str = "setenv gr1 one; setenv gr2 two; setenv three gr1x; ";

    #[test]
    fn names_and_values_are_searched() {
        for (command, expected) in [
            ("grepenv gr1", "gr1=one\nthree=gr1x\n"),
            ("env grep -n gr1", "gr1=one\n"),
            ("grepenv -v gr1", "three=gr1x\n"),
            ("grepenv -nb gr1", "gr1=one\nthree=gr1x\n"),
            ("grepenv -n gr2 thre", "gr2=two\nthree=gr1x\n"),
            ("grepenv -n -- gr2", "gr2=two\n"),
        ] {
            assert_eq!(output(&(SET.to_string() + command)), expected, "{command}");
        }
        assert_eq!(run("grepenv nosuchthing"), (1, "".into()));
        assert!(run("grepenv -x a").1.contains("Usage:\ngrepenv "));
        assert!(run("grepenv").1.contains("Usage:\ngrepenv "));
    }

    #[test]
    #[cfg(CONFIG_REGEX)]
    fn expressions_are_understood() {
        assert_eq!(
            output(&(SET.to_string() + "grepenv -n -e '^gr[0-9]$'")),
            "gr1=one\ngr2=two\n"
        );
        assert_eq!(
            run("grepenv -e '('"),
            (1, "Error compiling regex: No closing bracket\n".into())
        );
    }

    use std::string::ToString;
}

command! {
    name: "grepenv",
    max_args: CONFIG_SYS_MAXARGS as usize,
    usage: "search environment variables",
    help: if cfg!(CONFIG_REGEX) {
        "[-e] [-n | -v | -b] string ...\n    - print the variables with such a text in their name or value\n      \"-e\": it is a regular expression; \"-n\": only in names; \"-v\": only in values;\n      \"-b\": in both (default)"
    } else {
        "[-n | -v | -b] string ...\n    - print the variables with such a text in their name or value\n      \"-n\": only in names; \"-v\": only in values; \"-b\": in both (default)"
    },
    run: do_grepenv,
}
