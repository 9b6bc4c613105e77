// SPDX-License-Identifier: GPL-2.0-or-later
//! From the text of a regular expression to its program.

use super::{Item, Op};
use alloc::vec;
use alloc::vec::Vec;
use core::iter::Peekable;
use core::str::Chars;

/// The longest expression, in bytes.
const MAX_PATTERN: usize = 2048;
/// How many groups may be inside each other.
const MAX_DEPTH: usize = 32;

/// Turns an expression into a program that keeps the whole match as group 0.
///
/// # Errors
/// What is wrong with the expression.
pub fn compile(pattern: &str) -> Result<Vec<Op>, &'static str> {
    if pattern.len() > MAX_PATTERN {
        return Err("RE is too long");
    }
    let mut compiler = Compiler {
        chars: pattern.chars().peekable(),
        groups: 0,
        depth: 0,
    };
    let body = compiler.alternatives()?;
    // Only a bracket that nothing opened stops it early.
    if compiler.chars.peek().is_some() {
        return Err("Unbalanced brackets");
    }
    let mut program = vec![Op::Save(0)];
    program.extend(body);
    program.extend([Op::Save(1), Op::Match]);
    Ok(program)
}

struct Compiler<'a> {
    chars: Peekable<Chars<'a>>,
    groups: usize,
    depth: usize,
}

impl Compiler<'_> {
    /// `a|b|c`, up to the end or a closing bracket.
    fn alternatives(&mut self) -> Result<Vec<Op>, &'static str> {
        let mut branches = vec![self.sequence()?];
        while self.chars.next_if_eq(&'|').is_some() {
            branches.push(self.sequence()?);
        }
        let mut ops = branches.pop().unwrap_or_default();
        while let Some(branch) = branches.pop() {
            let over = distance(branch.len()).saturating_add(2);
            let mut joined = vec![Op::Split(1, over)];
            joined.extend(branch);
            joined.push(Op::Jump(distance(ops.len()).saturating_add(1)));
            joined.extend(ops);
            ops = joined;
        }
        Ok(ops)
    }

    /// What follows each other, up to `|`, a closing bracket or the end.
    fn sequence(&mut self) -> Result<Vec<Op>, &'static str> {
        let mut ops = Vec::new();
        while let Some(c) = self.chars.next_if(|c| !matches!(c, '|' | ')')) {
            let item = match c {
                '^' => {
                    ops.push(Op::Start);
                    continue;
                }
                '$' => {
                    ops.push(Op::End);
                    continue;
                }
                '.' => vec![Op::Any],
                '[' => vec![self.set()?],
                '(' => self.group()?,
                '\\' => vec![self.escape()?],
                '*' | '+' | '?' => return Err("Nothing to repeat"),
                c => vec![Op::Char(c)],
            };
            ops.extend(self.repeated(item));
        }
        Ok(ops)
    }

    /// Applies the `*`, `+` and `?` that follow an item.
    fn repeated(&mut self, mut item: Vec<Op>) -> Vec<Op> {
        while let Some(c) = self.chars.next_if(|c| matches!(c, '*' | '+' | '?')) {
            let lazy = self.chars.next_if_eq(&'?').is_some();
            let split = |again, on| match lazy {
                true => Op::Split(on, again),
                false => Op::Split(again, on),
            };
            let len = distance(item.len());
            match c {
                '+' => item.push(split(len.saturating_neg(), 1)),
                '*' => {
                    item.insert(0, split(1, len.saturating_add(2)));
                    item.push(Op::Jump(len.saturating_add(1).saturating_neg()));
                }
                _ => item.insert(0, split(1, len.saturating_add(1))),
            }
        }
        item
    }

    fn group(&mut self) -> Result<Vec<Op>, &'static str> {
        if self.depth >= MAX_DEPTH {
            return Err("Too many brackets inside each other");
        }
        self.depth = self.depth.saturating_add(1);
        self.groups = self.groups.saturating_add(1);
        let slot = self.groups.saturating_mul(2);
        let mut ops = vec![Op::Save(slot)];
        ops.extend(self.alternatives()?);
        ops.push(Op::Save(slot.saturating_add(1)));
        self.depth = self.depth.saturating_sub(1);
        match self.chars.next() {
            Some(')') => Ok(ops),
            _ => Err("No closing bracket"),
        }
    }

    fn escape(&mut self) -> Result<Op, &'static str> {
        Ok(match self.escaped()? {
            Item::Range(c, _) => Op::Char(c),
            item => Op::Set {
                negated: false,
                items: vec![item],
            },
        })
    }

    /// What follows a backslash; a single character is a range of one.
    fn escaped(&mut self) -> Result<Item, &'static str> {
        let c = match self.chars.next().ok_or("Nothing after '\\'")? {
            'S' => return Ok(Item::NotSpace),
            's' => return Ok(Item::Space),
            'd' => return Ok(Item::Digit),
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            c => c,
        };
        Ok(Item::Range(c, c))
    }

    /// What follows `[`.
    fn set(&mut self) -> Result<Op, &'static str> {
        const OPEN: &str = "No closing ']' bracket";
        let negated = self.chars.next_if_eq(&'^').is_some();
        let mut items = Vec::new();
        loop {
            match self.chars.next().ok_or(OPEN)? {
                ']' => return Ok(Op::Set { negated, items }),
                '\\' => items.push(self.escaped()?),
                c => {
                    // A '-' is itself as the first or last character, or after a class.
                    let range = c == '-' && self.chars.peek().is_some_and(|c| *c != ']');
                    match items.last_mut() {
                        Some(Item::Range(_, last)) if range => {
                            *last = match self.chars.next().ok_or(OPEN)? {
                                '\\' => match self.escaped()? {
                                    Item::Range(c, _) => c,
                                    _ => return Err("A range cannot end in a class"),
                                },
                                c => c,
                            };
                        }
                        _ => items.push(Item::Range(c, c)),
                    }
                }
            }
        }
    }
}

/// A number of operations as the distance of a jump; [`MAX_PATTERN`] bounds it.
fn distance(ops: usize) -> isize {
    isize::try_from(ops).unwrap_or(isize::MAX)
}
