// SPDX-License-Identifier: GPL-2.0-or-later
//! The editor of the line being typed, with the keys of U-Boot and emacs.
//!
//! It echoes the least that is needed: a character typed at the end of the
//! line comes out as it is, so that a log reads as what was typed. It needs no
//! more of a terminal than a backspace.
//!
//! Behaviour: U-Boot, `common/cli_readline.c`.

pub mod keys;
mod search;

use super::history::History;
use alloc::string::String;
use alloc::vec::Vec;
use common::console::{puts, write_bytes};
use include::config::CONFIG_SYS_CBSIZE;
use keys::{Action, Keys};
use search::Search;

/// The longest line.
const MAX_LINE: usize = CONFIG_SYS_CBSIZE as usize;
const BACKSPACE: u8 = 8;
const BELL: u8 = 7;

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The line goes on.
    More,
    /// The line goes on, and could be completed at the cursor.
    Complete,
    /// The line goes on, and is to be shown on a clear screen.
    Redraw,
    /// The line is complete.
    Line(String),
    /// Ctrl-C: the line is dropped.
    Interrupted,
}

/// What outlives a line.
#[derive(Default)]
pub struct Kept {
    /// Earlier lines.
    pub history: History,
    /// What was killed last.
    killed: Vec<u8>,
}

/// A line being typed.
#[derive(Default)]
pub struct Editor {
    line: Vec<u8>,
    /// Where the cursor is.
    cursor: usize,
    keys: Keys,
    /// Whether a character replaces the one at the cursor.
    overwrite: bool,
    search: Option<Search>,
}

impl Editor {
    /// Whether a key is nothing but a character of the line.
    pub fn is_text(&self, key: u8) -> bool {
        let between = matches!(self.keys, Keys::None) && self.search.is_none();
        between && matches!(key, b' '..=b'~' | 0x80..=0xfe)
    }

    /// Handles a key.
    pub fn key(&mut self, key: u8, kept: &mut Kept) -> Step {
        let mut action = self.keys.decode(key);
        if let Some(mut search) = self.search.take() {
            let goes_on = search.act(action, self, kept);
            match goes_on {
                true => {
                    self.search = Some(search);
                    return Step::More;
                }
                // The key that ends a search does what it always does, but these.
                false if matches!(action, Action::Abort) => action = Action::Ignore,
                false => {}
            }
        }
        match action {
            Action::Finish => return self.finish(kept),
            Action::Interrupt => return Step::Interrupted,
            Action::Complete if cfg!(CONFIG_AUTO_COMPLETE) => return Step::Complete,
            Action::Complete => self.insert(b" "),
            Action::Redraw => return Step::Redraw,
            Action::Insert(key) => self.insert(&[key]),
            Action::Search => self.search = Some(Search::start(self)),
            action => self.act(action, kept),
        }
        Step::More
    }

    /// The line from its start to the cursor.
    pub fn before_cursor(&self) -> String {
        String::from_utf8_lossy(&self.line[..self.cursor]).into_owned()
    }

    /// Puts text at the cursor; what does not fit rings.
    pub fn insert(&mut self, text: &[u8]) {
        let replaced = match self.overwrite {
            true => text.len().min(self.line.len() - self.cursor),
            false => 0,
        };
        let room = MAX_LINE.saturating_sub(self.line.len() - replaced);
        let fits = &text[..text.len().min(room)];
        let replaced = replaced.min(fits.len());
        self.line
            .splice(self.cursor..self.cursor + replaced, fits.iter().copied());
        let shown = match self.overwrite {
            true => self.cursor + fits.len(),
            false => self.line.len(),
        };
        write_bytes(&self.line[self.cursor..shown]);
        self.cursor += fits.len();
        back(shown - self.cursor);
        if fits.len() < text.len() {
            ring();
        }
    }

    /// Shows the whole line, where the cursor of the terminal is.
    pub fn show(&self) {
        write_bytes(&self.line);
        back(self.line.len() - self.cursor);
    }

    fn finish(&mut self, kept: &mut Kept) -> Step {
        puts("\n");
        let line = String::from_utf8_lossy(&self.line).into_owned();
        kept.history.add(&line);
        Step::Line(line)
    }

    fn act(&mut self, action: Action, kept: &mut Kept) {
        let (length, cursor) = (self.line.len(), self.cursor);
        match action {
            Action::Start => self.move_to(0),
            Action::End => self.move_to(length),
            Action::Left => self.move_to(cursor.saturating_sub(1)),
            Action::Right => self.move_to((cursor + 1).min(length)),
            Action::WordLeft => self.move_to(self.word_left()),
            Action::WordRight => self.move_to(self.word_right()),
            Action::DeleteLeft => self.delete(cursor.saturating_sub(1), cursor),
            Action::DeleteRight => self.delete(cursor, (cursor + 1).min(length)),
            Action::KillArgument => self.kill(self.argument_start(), cursor, kept),
            Action::KillWordLeft => self.kill(self.word_left(), cursor, kept),
            Action::KillWordRight => self.kill(cursor, self.word_right(), kept),
            Action::KillToEnd => self.kill(cursor, length, kept),
            Action::KillAll => self.kill(0, length, kept),
            Action::Yank => self.insert(&kept.killed),
            Action::Transpose => self.transpose(),
            Action::ToggleInsert => self.overwrite = !self.overwrite,
            Action::Previous => self.replace_or_ring(kept.history.previous()),
            Action::Next => self.replace_or_ring(kept.history.next()),
            _ => {}
        }
    }

    fn move_to(&mut self, place: usize) {
        match place < self.cursor {
            true => back(self.cursor - place),
            false => write_bytes(&self.line[self.cursor..place]),
        }
        self.cursor = place;
    }

    /// Deletes from `start` to `end` and leaves the cursor there.
    fn delete(&mut self, start: usize, end: usize) {
        self.move_to(start);
        self.line.drain(start..end);
        let gone = end - start;
        write_bytes(&self.line[start..]);
        (0..gone).for_each(|_| write_bytes(b" "));
        back(self.line.len() - start + gone);
    }

    /// Deletes and remembers what it was.
    fn kill(&mut self, start: usize, end: usize, kept: &mut Kept) {
        if start < end {
            kept.killed = self.line[start..end].to_vec();
            self.delete(start, end);
        }
    }

    /// Exchanges the two characters before the cursor, which moves on if it can.
    fn transpose(&mut self) {
        let second = self.cursor.min(self.line.len().saturating_sub(1));
        if second == 0 {
            ring();
            return;
        }
        self.line.swap(second - 1, second);
        self.move_back_and_show(second - 1, second + 1);
    }

    /// Shows again what is between two places and leaves the cursor at the second.
    fn move_back_and_show(&mut self, start: usize, end: usize) {
        back(self.cursor - start);
        write_bytes(&self.line[start..end]);
        self.cursor = end;
    }

    fn replace_or_ring(&mut self, line: Option<&str>) {
        match line {
            Some(line) => self.replace(line.as_bytes()),
            None => ring(),
        }
    }

    fn replace(&mut self, line: &[u8]) {
        self.delete(0, self.line.len());
        self.line.extend_from_slice(line);
        self.move_to(self.line.len());
    }

    /// Where the argument to the left of the cursor begins; only blanks end one.
    fn argument_start(&self) -> usize {
        let before = self.line[..self.cursor].trim_ascii_end();
        before
            .iter()
            .rposition(|&c| c == b' ')
            .map_or(0, |space| space + 1)
    }

    /// Where the word at or left of the cursor begins.
    fn word_left(&self) -> usize {
        let before = &self.line[..self.cursor];
        let end = before
            .iter()
            .rposition(|&c| in_word(c))
            .map_or(0, |last| last + 1);
        before[..end]
            .iter()
            .rposition(|&c| !in_word(c))
            .map_or(0, |gap| gap + 1)
    }

    /// Where the word at or right of the cursor ends.
    fn word_right(&self) -> usize {
        let rest = self.line[self.cursor..].iter();
        let gap = rest.clone().take_while(|&&c| !in_word(c)).count();
        let word = rest.skip(gap).take_while(|&&c| in_word(c)).count();
        self.cursor + gap + word
    }
}

fn in_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c >= 0x80
}

fn back(count: usize) {
    (0..count).for_each(|_| write_bytes(&[BACKSPACE]));
}

/// Says that a key could do nothing.
pub fn ring() {
    write_bytes(&[BELL]);
}

#[cfg(test)]
mod tests;
