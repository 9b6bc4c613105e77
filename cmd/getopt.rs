// SPDX-License-Identifier: GPL-2.0-or-later
//! Options of a command: letters after a dash, some with an argument.
//!
//! Behaviour: U-Boot, `lib/getopt.c`.
#![cfg(any(CONFIG_CMD_BDI, CONFIG_CMD_LOG))]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use crate::CmdError;
use common::println;

/// What is left of a command's words.
pub struct Getopt<'a> {
    /// The command's name.
    name: &'a str,
    rest: &'a [&'a str],
    /// The letters, each followed by a colon if it takes an argument.
    letters: &'static str,
    /// The letters of the current word that are still to be looked at.
    cluster: &'a str,
}

impl<'a> Getopt<'a> {
    /// The options among the words of a command, its name first.
    pub fn new(args: &'a [&'a str], letters: &'static str) -> Getopt<'a> {
        let (name, rest) = args.split_first().unwrap_or((&"", &[]));
        Getopt {
            name,
            rest,
            letters,
            cluster: "",
        }
    }

    /// The next option, with its argument or an empty text; `None` at the first word that is none.
    ///
    /// # Errors
    /// After saying what is wrong with it.
    pub fn next_option(&mut self) -> Result<Option<(char, &'a str)>, CmdError> {
        // A dash alone is an option without letters.
        while self.cluster.is_empty() {
            let Some((word, rest)) = self.rest.split_first() else {
                return Ok(None);
            };
            let Some(cluster) = word.strip_prefix('-') else {
                return Ok(None);
            };
            self.rest = rest;
            if cluster == "-" {
                return Ok(None);
            }
            self.cluster = cluster;
        }
        let mut cluster = self.cluster.chars();
        let Some(letter) = cluster.next() else {
            return Ok(None);
        };
        self.cluster = cluster.as_str();
        let known = self.letters.split_once(letter).filter(|_| letter != ':');
        match known {
            None => {
                println!("{}: invalid option -- {letter}", self.name);
                Err(CmdError::Usage)
            }
            Some((_, after)) if after.starts_with(':') => self.argument(letter).map(Some),
            Some(_) => Ok(Some((letter, ""))),
        }
    }

    /// The words that are no options.
    #[cfg(any(test, CONFIG_CMD_LOG))]
    pub fn rest(&self) -> &'a [&'a str] {
        self.rest
    }

    fn argument(&mut self, letter: char) -> Result<(char, &'a str), CmdError> {
        let same_word = core::mem::take(&mut self.cluster);
        if !same_word.is_empty() {
            return Ok((letter, same_word));
        }
        match self.rest.split_first() {
            Some((word, rest)) if !word.starts_with('-') => {
                self.rest = rest;
                Ok((letter, word))
            }
            _ => {
                println!("option requires an argument -- {letter}");
                Err(CmdError::Usage)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::capture;
    use std::string::String;
    use std::vec::Vec;

    /// The options of a line, what is left, and what was printed.
    fn options(line: &str) -> (Vec<(char, String)>, usize, String) {
        let console = capture();
        let args: Vec<_> = line.split(' ').collect();
        let mut options = Getopt::new(&args, "abc:");
        let mut found = Vec::new();
        while let Ok(Some((letter, argument))) = options.next_option() {
            found.push((letter, argument.into()));
        }
        (found, options.rest().len(), console.take())
    }

    #[test]
    fn letters_and_their_arguments() {
        let found = |line| {
            let (found, rest, _) = options(line);
            let text: Vec<_> = found.iter().map(|(c, a)| std::format!("{c}{a}")).collect();
            (text.join(" "), rest)
        };
        assert_eq!(found("x"), ("".into(), 0));
        assert_eq!(found("x -a -b y"), ("a b".into(), 1));
        assert_eq!(found("x -abcarg y z"), ("a b carg".into(), 2));
        assert_eq!(found("x -c arg -b"), ("carg b".into(), 0));
        assert_eq!(found("x -a -- -b"), ("a".into(), 1));
        assert_eq!(found("x - -a"), ("a".into(), 0));
        assert_eq!(found("x y -a"), ("".into(), 2));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(options("x -d").2, "x: invalid option -- d\n");
        assert_eq!(options("x -:").2, "x: invalid option -- :\n");
        let missing = "option requires an argument -- c\n";
        assert_eq!(options("x -c").2, missing);
        assert_eq!(options("x -c -a").2, missing);
    }
}
