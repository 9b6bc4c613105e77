// SPDX-License-Identifier: GPL-2.0-or-later
//! The lines typed so far.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};

/// How many lines are kept.
const MAX_LINES: usize = 20;

/// Earlier lines, and which of them is shown.
#[derive(Default)]
pub struct History {
    lines: VecDeque<String>,
    /// Index of the line shown; the number of lines while none is.
    current: usize,
}

impl History {
    /// Remembers a line, unless it is empty, and goes back to showing none.
    pub fn add(&mut self, line: &str) {
        if !line.is_empty() {
            if self.lines.len() == MAX_LINES {
                self.lines.pop_front();
            }
            self.lines.push_back(line.to_string());
        }
        self.current = self.lines.len();
    }

    /// The lines, the oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// The line before the one that is shown.
    pub fn previous(&mut self) -> Option<&str> {
        self.current = self.current.checked_sub(1)?;
        self.lines.get(self.current).map(String::as_str)
    }

    /// The line after the one that is shown; after the last one an empty line.
    pub fn next(&mut self) -> Option<&str> {
        if self.current >= self.lines.len() {
            return None;
        }
        self.current += 1;
        Some(self.lines.get(self.current).map_or("", String::as_str))
    }

    /// The newest line of those older than line `before` that contains a text, and its number.
    pub fn search(&self, text: &str, before: usize) -> Option<(usize, &str)> {
        let older = self.lines().enumerate().take(before);
        older.filter(|(_, line)| line.contains(text)).last()
    }

    /// Makes a line that was found the one that is shown.
    pub fn show(&mut self, number: usize) {
        self.current = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_back_and_forth() {
        let mut history = History::default();
        assert_eq!(history.previous(), None);
        assert_eq!(history.next(), None);
        for line in ["one", "", "two"] {
            history.add(line);
        }
        assert_eq!(history.previous(), Some("two"));
        assert_eq!(history.previous(), Some("one"));
        assert_eq!(history.previous(), None);
        assert_eq!(history.next(), Some("two"));
        assert_eq!(history.next(), Some(""));
        assert_eq!(history.next(), None);
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let mut history = History::default();
        for n in 0..MAX_LINES + 5 {
            history.add(&n.to_string());
        }
        assert_eq!(history.lines().next(), Some("5"));
        assert_eq!(history.lines().count(), MAX_LINES);
        let mut first = String::new();
        while let Some(line) = history.previous() {
            first = line.to_string();
        }
        assert_eq!(first, "5");
    }

    #[test]
    fn lines_are_found_from_the_newest() {
        let mut history = History::default();
        for line in ["load a", "boot", "load b", "ls"] {
            history.add(line);
        }
        assert_eq!(history.search("load", usize::MAX), Some((2, "load b")));
        assert_eq!(history.search("load", 2), Some((0, "load a")));
        assert_eq!(history.search("load", 0), None);
        assert_eq!(history.search("none", usize::MAX), None);
        history.show(2);
        assert_eq!(history.previous(), Some("boot"));
    }
}
