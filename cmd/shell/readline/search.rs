// SPDX-License-Identifier: GPL-2.0-or-later
//! Ctrl-R: looks for an earlier line while a part of it is typed.
//!
//! The line gives way to `` (reverse-i-search)`part': line found `` until
//! the search ends. Ctrl-R goes on to an older line, Ctrl-G takes the line
//! from before the search, Enter runs the one found, and any other key edits it.

use super::keys::Action;
use super::{Editor, Kept, ring};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The longest text to look for.
const MAX_TEXT: usize = 80;

/// A search that goes on.
pub struct Search {
    text: String,
    /// The line found, by its number.
    found: Option<usize>,
    /// The line and the place of the cursor before the search.
    before: (Vec<u8>, usize),
    /// The line found last, or the one before the search.
    line: Vec<u8>,
}

impl Search {
    /// Shows that a search begins.
    pub fn start(editor: &mut Editor) -> Search {
        let search = Search {
            text: String::new(),
            found: None,
            before: (editor.line.clone(), editor.cursor),
            line: editor.line.clone(),
        };
        search.show(editor);
        search
    }

    /// Handles a key; the value says whether the search goes on.
    pub fn act(&mut self, action: Action, editor: &mut Editor, kept: &mut Kept) -> bool {
        match action {
            Action::Insert(key) if key.is_ascii() && self.text.len() < MAX_TEXT => {
                self.text.push(char::from(key));
                // The line found may still be the one.
                let limit = self.found.map_or(usize::MAX, |found| found + 1);
                self.look(limit, kept);
            }
            Action::DeleteLeft => {
                self.text.pop();
                self.found = None;
                self.line = self.before.0.clone();
                self.look(usize::MAX, kept);
            }
            Action::Search => self.look(self.found.unwrap_or(usize::MAX), kept),
            Action::Insert(_) => ring(),
            // The first bytes of a function key say nothing yet.
            Action::Ignore => {}
            _ => {
                self.end(action, editor, kept);
                return false;
            }
        }
        self.show(editor);
        true
    }

    /// Looks for the newest line before one.
    fn look(&mut self, before: usize, kept: &Kept) {
        if self.text.is_empty() {
            return;
        }
        match kept.history.search(&self.text, before) {
            Some((number, line)) => {
                self.found = Some(number);
                self.line = line.as_bytes().to_vec();
            }
            None => ring(),
        }
    }

    fn show(&self, editor: &mut Editor) {
        let mut shown = format!("(reverse-i-search)`{}': ", self.text).into_bytes();
        shown.extend_from_slice(&self.line);
        editor.replace(&shown);
    }

    /// Puts a line into the editor again.
    fn end(&mut self, action: Action, editor: &mut Editor, kept: &mut Kept) {
        if action == Action::Abort {
            editor.replace(&self.before.0);
            editor.move_to(self.before.1);
            return;
        }
        editor.replace(&self.line);
        match self.found {
            Some(number) => kept.history.show(number),
            None => editor.move_to(self.before.1),
        }
    }
}
