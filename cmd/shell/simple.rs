// SPDX-License-Identifier: GPL-2.0-or-later
//! The line being typed, without an editor: only its end can be deleted.
//!
//! It stands in for `readline` if the configuration has no `CMDLINE_EDITING`.
#![cfg(not(CONFIG_CMDLINE_EDITING))]

use alloc::string::String;
use alloc::vec::Vec;
use common::console::{puts, write_bytes};
use include::config::CONFIG_SYS_CBSIZE;

/// The longest line.
const MAX_LINE: usize = CONFIG_SYS_CBSIZE as usize;

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

/// Nothing outlives a line.
#[derive(Default)]
pub struct Kept;

/// A line being typed.
#[derive(Default)]
pub struct Editor {
    line: Vec<u8>,
}

impl Editor {
    /// Whether a key is nothing but a character of the line.
    pub fn is_text(&self, key: u8) -> bool {
        matches!(key, b' '..=b'~' | 0x80..=0xfe)
    }

    /// Handles a key.
    pub fn key(&mut self, key: u8, _kept: &mut Kept) -> Step {
        let end = self.line.len();
        match key {
            b'\r' | b'\n' => {
                puts("\n");
                return Step::Line(String::from_utf8_lossy(&self.line).into_owned());
            }
            // Ctrl-C, Ctrl-U, Ctrl-W, Backspace and Delete.
            3 => return Step::Interrupted,
            0x15 => self.cut(0),
            0x17 => {
                let word = self.line.trim_ascii_end();
                let blank = word.iter().rposition(|&c| c == b' ');
                self.cut(blank.map_or(0, |blank| blank + 1));
            }
            8 | 0x7f | 0xff => self.cut(end.saturating_sub(1)),
            b'\t' => self.insert(b" "),
            key if self.is_text(key) => self.insert(&[key]),
            _ => {}
        }
        Step::More
    }

    /// Adds text; what does not fit rings.
    pub fn insert(&mut self, text: &[u8]) {
        let fits = text.len().min(MAX_LINE.saturating_sub(self.line.len()));
        write_bytes(&text[..fits]);
        self.line.extend_from_slice(&text[..fits]);
        if fits < text.len() {
            write_bytes(b"\x07");
        }
    }

    fn cut(&mut self, length: usize) {
        for _ in length..self.line.len() {
            write_bytes(b"\x08 \x08");
        }
        self.line.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn the_end_can_be_deleted() {
        let console = testing::capture();
        let mut editor = Editor::default();
        for key in *b"ab\x7fc one  \x17d\x15echo\tx\x1b" {
            assert_eq!(editor.key(key, &mut Kept), Step::More);
        }
        assert!(console.take().ends_with("echo x"));
        assert_eq!(editor.key(b'\r', &mut Kept), Step::Line("echo x".into()));
        assert_eq!(editor.key(3, &mut Kept), Step::Interrupted);
        editor.insert(&[b'x'; MAX_LINE + 1]);
        assert_eq!(editor.line.len(), MAX_LINE);
    }
}
