// SPDX-License-Identifier: GPL-2.0-or-later
//! Regular expressions, for `test =~`, `setexpr sub`, `setexpr gsub`, `env grep -e`,
//! and the names in `.flags` and `.callbacks`.
//!
//! The syntax is that of SLRE, U-Boot's library: `^ $ . [] [^] () | * + ?`, the
//! lazy `*? +? ??` and the escapes `\s \S \d \n \r \t \0`; any other character
//! after a backslash is itself. All alternatives are followed at the same time
//! (Thompson, Pike), so that no expression takes longer than its own length
//! times that of the text.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/test.rst`.
#![cfg(CONFIG_REGEX)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[path = "regex/compile.rs"]
mod compile;

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Groups whose place is kept, with the whole match as the first.
const MAX_GROUPS: usize = 10;

/// An expression that can be looked for.
#[derive(Debug)]
pub struct Regex {
    program: Vec<Op>,
}

/// What to do at one place of the program. Jumps are relative to themselves.
#[derive(Clone, Debug)]
enum Op {
    /// This character.
    Char(char),
    /// Any character.
    Any,
    /// One of these, or with `negated` none of them.
    Set { negated: bool, items: Vec<Item> },
    /// Goes on at both places, the first one preferred.
    Split(isize, isize),
    /// Goes on there.
    Jump(isize),
    /// Keeps the place: start and end of a group by turns.
    Save(usize),
    /// Only at the start of the text.
    Start,
    /// Only at the end of the text.
    End,
    /// All has matched.
    Match,
}

/// A part of a set of characters.
#[derive(Clone, Copy, Debug)]
enum Item {
    Range(char, char),
    Space,
    NotSpace,
    Digit,
}

/// Where an expression was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    slots: Slots,
}

/// Start and end of each group.
type Slots = [Option<usize>; 2 * MAX_GROUPS];

impl Match {
    /// The bytes that a group matched; group 0 is the whole.
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        let first = number.checked_mul(2)?;
        let start = (*self.slots.get(first)?)?;
        let end = (*self.slots.get(first.checked_add(1)?)?)?;
        Some(start..end)
    }
}

impl Regex {
    /// Prepares an expression.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn new(pattern: &str) -> Result<Regex, &'static str> {
        let program = compile::compile(pattern)?;
        Ok(Regex { program })
    }

    /// Whether the expression is found anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.find(text, 0).is_some()
    }

    /// How many groups it has, without the whole.
    pub fn groups(&self) -> usize {
        let opens = |op: &&Op| matches!(op, Op::Save(slot) if slot % 2 == 0);
        self.program.iter().filter(opens).count().saturating_sub(1)
    }

    /// The first place at or after byte `from` where the expression is found.
    pub fn find(&self, text: &str, from: usize) -> Option<Match> {
        let mut current = Threads::new(self.program.len());
        let mut next = Threads::new(self.program.len());
        let mut found = None;
        let mut rest = text.get(from..)?.chars();
        loop {
            let place = text.len().saturating_sub(rest.as_str().len());
            if found.is_none() {
                current.add(&self.program, 0, place, text.len(), [None; 2 * MAX_GROUPS]);
            }
            if found.is_some() && current.list.is_empty() {
                break;
            }
            let c = rest.next();
            let after = text.len().saturating_sub(rest.as_str().len());
            for (pc, slots) in current.list.drain(..) {
                match self.program.get(pc) {
                    // What is preferred less than this does not count any more.
                    Some(Op::Match) => {
                        found = Some(Match { slots });
                        break;
                    }
                    Some(op) if c.is_some_and(|c| op.takes(c)) => {
                        let pc = pc.saturating_add(1);
                        next.add(&self.program, pc, after, text.len(), slots);
                    }
                    _ => {}
                }
            }
            core::mem::swap(&mut current, &mut next);
            next.clear();
            if c.is_none() {
                break;
            }
        }
        found
    }
}

impl Op {
    fn takes(&self, c: char) -> bool {
        match self {
            Op::Char(wanted) => c == *wanted,
            Op::Any => true,
            Op::Set { negated, items } => items.iter().any(|item| item.has(c)) != *negated,
            _ => false,
        }
    }
}

impl Item {
    fn has(self, c: char) -> bool {
        match self {
            Item::Range(first, last) => (first..=last).contains(&c),
            Item::Space => is_space(c),
            Item::NotSpace => !is_space(c),
            Item::Digit => c.is_ascii_digit(),
        }
    }
}

/// C's `isspace`.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

/// The places of the program that are followed at the same time, the preferred ones first.
struct Threads {
    list: Vec<(usize, Slots)>,
    seen: Vec<bool>,
    /// Places that are still to be looked at, the next one last.
    pending: Vec<(usize, Slots)>,
}

impl Threads {
    fn new(ops: usize) -> Threads {
        Threads {
            list: Vec::new(),
            seen: vec![false; ops],
            pending: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.seen.fill(false);
    }

    /// Adds a place, and all that it leads to without a character.
    fn add(&mut self, program: &[Op], pc: usize, place: usize, len: usize, slots: Slots) {
        self.pending.push((pc, slots));
        while let Some((pc, mut slots)) = self.pending.pop() {
            let (Some(op), Some(seen)) = (program.get(pc), self.seen.get_mut(pc)) else {
                continue;
            };
            if core::mem::replace(seen, true) {
                continue;
            }
            let next = pc.saturating_add(1);
            match *op {
                Op::Split(first, second) => {
                    self.pending.push((pc.saturating_add_signed(second), slots));
                    self.pending.push((pc.saturating_add_signed(first), slots));
                }
                Op::Jump(to) => self.pending.push((pc.saturating_add_signed(to), slots)),
                Op::Save(slot) => {
                    if let Some(slot) = slots.get_mut(slot) {
                        *slot = Some(place);
                    }
                    self.pending.push((next, slots));
                }
                Op::Start if place == 0 => self.pending.push((next, slots)),
                Op::End if place == len => self.pending.push((next, slots)),
                Op::Start | Op::End => {}
                _ => self.list.push((pc, slots)),
            }
        }
    }
}

#[cfg(test)]
#[path = "regex/tests.rs"]
mod tests;
