// SPDX-License-Identifier: GPL-2.0-or-later
//! The editor of the line being typed, with the keys of U-Boot and emacs.
//!
//! It echoes the least that is needed: a character typed at the end of the
//! line comes out as it is, so that a log reads as what was typed.

use super::history::History;
use alloc::string::String;
use alloc::vec::Vec;
use common::console::{puts, write_bytes};
use include::config::CONFIG_SYS_CBSIZE;

/// The longest line.
const MAX_LINE: usize = CONFIG_SYS_CBSIZE as usize;
const BACKSPACE: u8 = 8;
const BELL: u8 = 7;
const ESCAPE: u8 = 0x1b;
const DELETE: u8 = 0x7f;

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The line goes on.
    More,
    /// The line is complete.
    Line(String),
    /// Ctrl-C: the line is dropped.
    Interrupted,
}

/// A line being typed.
#[derive(Default)]
pub struct Editor {
    line: Vec<u8>,
    /// Where the cursor is.
    cursor: usize,
    escape: Escape,
}

/// How much of a function key's sequence was received.
#[derive(Clone, Copy, Default)]
enum Escape {
    #[default]
    None,
    /// ESC
    Started,
    /// ESC `[` or ESC `O`, and the digit that followed.
    Bracket(u8),
}

/// What a key does.
enum Action {
    Start,
    End,
    Left,
    Right,
    DeleteLeft,
    DeleteRight,
    DeleteWord,
    DeleteToEnd,
    DeleteAll,
    Previous,
    Next,
    Ignore,
}

impl Editor {
    /// Handles a key.
    pub fn key(&mut self, key: u8, history: &mut History) -> Step {
        if let Some(action) = self.function_key(key) {
            self.act(action, history);
            return Step::More;
        }
        match key {
            b'\r' | b'\n' => return self.finish(history),
            3 => return Step::Interrupted,
            b'\t' => self.insert(b' '),
            key if key < b' ' || key == DELETE => self.act(control(key), history),
            key => self.insert(key),
        }
        Step::More
    }

    fn finish(&mut self, history: &mut History) -> Step {
        puts("\n");
        let line = String::from_utf8_lossy(&self.line).into_owned();
        history.add(&line);
        Step::Line(line)
    }

    /// Collects the sequence of a function key; `None` for a key that is part of none.
    fn function_key(&mut self, key: u8) -> Option<Action> {
        let (state, action) = match (self.escape, key) {
            (Escape::None, ESCAPE) => (Escape::Started, Action::Ignore),
            (Escape::None, _) => return None,
            (Escape::Started, b'[' | b'O') => (Escape::Bracket(0), Action::Ignore),
            (Escape::Started, _) => (Escape::None, Action::Ignore),
            (Escape::Bracket(_), b'A') => (Escape::None, Action::Previous),
            (Escape::Bracket(_), b'B') => (Escape::None, Action::Next),
            (Escape::Bracket(_), b'C') => (Escape::None, Action::Right),
            (Escape::Bracket(_), b'D') => (Escape::None, Action::Left),
            (Escape::Bracket(_), b'H') => (Escape::None, Action::Start),
            (Escape::Bracket(_), b'F') => (Escape::None, Action::End),
            (Escape::Bracket(b'1' | b'7'), b'~') => (Escape::None, Action::Start),
            (Escape::Bracket(b'4' | b'8'), b'~') => (Escape::None, Action::End),
            (Escape::Bracket(b'3'), b'~') => (Escape::None, Action::DeleteRight),
            (Escape::Bracket(_), b'0'..=b'9' | b';') => (Escape::Bracket(key), Action::Ignore),
            (Escape::Bracket(_), _) => (Escape::None, Action::Ignore),
        };
        self.escape = state;
        // Enter and Ctrl-C are never part of a sequence.
        match key {
            b'\r' | b'\n' | 3 => None,
            _ => Some(action),
        }
    }

    fn act(&mut self, action: Action, history: &mut History) {
        let length = self.line.len();
        match action {
            Action::Start => self.move_to(0),
            Action::End => self.move_to(length),
            Action::Left => self.move_to(self.cursor.saturating_sub(1)),
            Action::Right => self.move_to((self.cursor + 1).min(length)),
            Action::DeleteLeft => self.delete(self.cursor.saturating_sub(1), self.cursor),
            Action::DeleteRight => self.delete(self.cursor, (self.cursor + 1).min(length)),
            Action::DeleteWord => self.delete(self.word_start(), self.cursor),
            Action::DeleteToEnd => self.delete(self.cursor, length),
            Action::DeleteAll => self.delete(0, length),
            Action::Previous => self.replace(history.previous()),
            Action::Next => self.replace(history.next()),
            Action::Ignore => {}
        }
    }

    fn insert(&mut self, key: u8) {
        if self.line.len() >= MAX_LINE {
            write_bytes(&[BELL]);
            return;
        }
        self.line.insert(self.cursor, key);
        write_bytes(&self.line[self.cursor..]);
        self.cursor += 1;
        back(self.line.len() - self.cursor);
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

    fn replace(&mut self, line: Option<&str>) {
        let Some(line) = line else {
            write_bytes(&[BELL]);
            return;
        };
        self.delete(0, self.line.len());
        self.line.extend_from_slice(line.as_bytes());
        self.move_to(self.line.len());
    }

    /// Where the word to the left of the cursor begins.
    fn word_start(&self) -> usize {
        let before = self.line[..self.cursor].trim_ascii_end();
        before
            .iter()
            .rposition(|&c| c == b' ')
            .map_or(0, |space| space + 1)
    }
}

fn control(key: u8) -> Action {
    match key | 0x60 {
        _ if key == DELETE => Action::DeleteLeft,
        b'a' => Action::Start,
        b'b' => Action::Left,
        b'd' => Action::DeleteRight,
        b'e' => Action::End,
        b'f' => Action::Right,
        b'h' => Action::DeleteLeft,
        b'k' => Action::DeleteToEnd,
        b'n' => Action::Next,
        b'p' => Action::Previous,
        b'u' | b'x' => Action::DeleteAll,
        b'w' => Action::DeleteWord,
        _ => Action::Ignore,
    }
}

fn back(count: usize) {
    (0..count).for_each(|_| write_bytes(&[BACKSPACE]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// The line that keys give.
    fn typed(keys: &[u8]) -> String {
        let _console = testing::capture();
        typed_with(keys, &mut History::default())
    }

    fn typed_with(keys: &[u8], history: &mut History) -> String {
        let mut editor = Editor::default();
        for &key in keys {
            assert_eq!(editor.key(key, history), Step::More);
        }
        match editor.key(b'\r', history) {
            Step::Line(line) => line,
            step => panic!("{step:?}"),
        }
    }

    #[test]
    fn what_is_typed_is_echoed_as_it_is() {
        let console = testing::capture();
        typed_with(b"echo hello", &mut History::default());
        assert_eq!(console.take(), "echo hello\n");
    }

    #[test]
    fn keys_edit_the_line() {
        assert_eq!(typed(b"bc\x01a\x05d"), "abcd");
        assert_eq!(typed(b"abcd\x02\x02\x04"), "abd");
        assert_eq!(typed(b"abcd\x02\x02\x0b"), "ab");
        assert_eq!(typed(b"abc\x08\x7fd"), "ad");
        assert_eq!(typed(b"one two  \x17three"), "one three");
        assert_eq!(typed(b"one\x15two"), "two");
        assert_eq!(typed(b"ab\x01\x06\x06\x06c\x02\x02\x02\x02\x08x"), "xabc");
        assert_eq!(typed(b"a\tb"), "a b");
    }

    #[test]
    fn function_keys_edit_the_line() {
        assert_eq!(typed(b"bc\x1b[Da\x1b[C\x1b[Hx\x1b[Fy"), "xbacy");
        assert_eq!(typed(b"abc\x1b[1~\x1b[3~\x1b[4~d"), "bcd");
        assert_eq!(typed(b"abc\x1bOHx\x1bOFy"), "xabcy");
        assert_eq!(typed(b"a\x1b[24~b\x1bxc"), "abc");
        assert_eq!(typed(b"ls\x1b["), "ls");
    }

    #[test]
    fn the_screen_shows_the_line() {
        let console = testing::capture();
        typed_with(b"ac\x02b\x01\x04", &mut History::default());
        let mut screen = Vec::new();
        let mut column = 0;
        for byte in console.take().bytes().take_while(|&b| b != b'\n') {
            if byte == BACKSPACE {
                column -= 1;
                continue;
            }
            screen.resize(screen.len().max(column + 1), b' ');
            screen[column] = byte;
            column += 1;
        }
        assert_eq!(screen, b"bc ");
        assert_eq!(column, 0);
    }

    #[test]
    fn earlier_lines_come_back() {
        let console = testing::capture();
        let mut history = History::default();
        typed_with(b"first", &mut history);
        typed_with(b"second", &mut history);
        assert_eq!(typed_with(b"\x10\x10 x", &mut history), "first x");
        assert_eq!(typed_with(b"\x1b[A\x10\x0e\x0enew", &mut history), "new");
        console.take();
        typed_with(b"\x0e", &mut history);
        assert_eq!(console.take(), "\x07\n");
    }

    #[test]
    fn a_line_that_is_too_long_rings() {
        let console = testing::capture();
        let line = typed_with(&[b'x'; MAX_LINE + 1], &mut History::default());
        assert_eq!(line.len(), MAX_LINE);
        assert!(console.take().ends_with("x\x07\n"));
    }

    #[test]
    fn ctrl_c_drops_the_line() {
        let _console = testing::capture();
        let mut editor = Editor::default();
        editor.key(b'x', &mut History::default());
        assert_eq!(editor.key(3, &mut History::default()), Step::Interrupted);
    }
}
