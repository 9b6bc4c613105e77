// SPDX-License-Identifier: GPL-2.0-or-later
//! A menu on an ANSI terminal: draws it, moves in it, counts down.

use crate::autoboot::key_within;
use crate::shell::keys::{Action, Keys};
use alloc::string::String;
use common::{console, print};

const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";
const CLEAR_SCREEN: &str = "\x1b[2J";
const CLEAR_LINE: &str = "\x1b[2K";
const CLEAR_TO_END: &str = "\x1b[0K";
const REVERSE: &str = "\x1b[7m";
const PLAIN: &str = "\x1b[0m";

/// Lines above the first entry: the heading and two empty ones.
const HEADING: usize = 4;
/// The column of the entries.
const COLUMN: usize = 7;
const SECOND_US: u64 = 1_000_000;
/// What follows an Escape that begins the sequence of a key comes sooner than this.
const ESCAPE_US: u64 = 200_000;

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The entry at this index.
    Entry(usize),
    /// Nothing of it.
    Quit,
}

/// A menu; the last entry leaves it.
pub struct Menu<'a> {
    titles: &'a [String],
    active: usize,
    keys: Keys,
}

/// What a key means.
enum Key {
    Up,
    Down,
    Select,
    Quit,
    /// Selects the entry at this index.
    Shortcut(usize),
    Other,
}

impl<'a> Menu<'a> {
    /// A menu with the entry at `active` marked.
    pub fn new(titles: &'a [String], active: usize) -> Menu<'a> {
        Menu {
            titles,
            active,
            keys: Keys::default(),
        }
    }

    /// Asks; after so many seconds without a key, unless that is below 0, it is the marked entry.
    pub fn choose(mut self, delay: i64) -> Choice {
        print!("{HIDE_CURSOR}{CLEAR_SCREEN}");
        cursor(1, 1);
        self.draw();
        let choice = self.ask(delay);
        print!("{SHOW_CURSOR}{CLEAR_SCREEN}");
        cursor(1, 1);
        choice
    }

    fn ask(&mut self, delay: i64) -> Choice {
        let mut key = match delay {
            0.. => self.count_down(delay),
            _ => self.key(),
        };
        let last = self.titles.len().saturating_sub(1);
        loop {
            let marked = self.active;
            match key {
                Key::Up => self.active = self.active.saturating_sub(1),
                Key::Down => self.active = last.min(self.active + 1),
                Key::Select => return Choice::Entry(self.active),
                Key::Quit => return Choice::Quit,
                Key::Shortcut(index) if index < last => return Choice::Entry(index),
                Key::Shortcut(_) | Key::Other => {}
            }
            if self.active != marked {
                self.draw();
            }
            key = self.key();
        }
    }

    /// Waits for a key; without one it is the marked entry.
    fn count_down(&mut self, delay: i64) -> Key {
        let mut pressed = None;
        for left in (1..=delay).rev() {
            cursor(self.below(), 3);
            print!("Hit any key to stop autoboot: {left} ");
            pressed = key_within(SECOND_US);
            if pressed.is_some() {
                break;
            }
        }
        cursor(self.below(), 1);
        print!("{CLEAR_LINE}");
        match pressed {
            None => Key::Select,
            // Of all that only stops the countdown, nothing else is done.
            Some(byte) => match self.meaning(byte) {
                Key::Up | Key::Down => Key::Other,
                key => key,
            },
        }
    }

    fn key(&mut self) -> Key {
        loop {
            let wait = if self.keys.is_pending() {
                ESCAPE_US
            } else {
                SECOND_US
            };
            match console::getc_timeout(wait) {
                Some(byte) => return self.meaning(byte),
                None if self.keys.is_pending() => {
                    self.keys = Keys::default();
                    return Key::Quit;
                }
                None if console::ended() => return Key::Quit,
                None => {}
            }
        }
    }

    fn meaning(&mut self, byte: u8) -> Key {
        match self.keys.decode(byte) {
            Action::Previous => Key::Up,
            Action::Next => Key::Down,
            Action::Finish => Key::Select,
            Action::Interrupt => Key::Quit,
            Action::Insert(b'0') => Key::Quit,
            Action::Insert(digit @ b'1'..=b'9') => Key::Shortcut(usize::from(digit - b'1')),
            Action::Insert(letter) if letter.is_ascii_alphabetic() => {
                Key::Shortcut(usize::from(letter.to_ascii_lowercase() - b'a') + 9)
            }
            _ => Key::Other,
        }
    }

    fn draw(&self) {
        cursor(1, 1);
        print!("{CLEAR_LINE}");
        cursor(2, 3);
        print!("*** U-Boot Boot Menu ***{CLEAR_TO_END}");
        cursor(3, 1);
        print!("{CLEAR_LINE}");
        cursor(self.below(), 1);
        print!("{CLEAR_LINE}");
        cursor(self.below() + 1, 3);
        print!("Press UP/DOWN to move, ENTER to select, ESC to quit{CLEAR_TO_END}");
        cursor(self.below() + 2, 1);
        print!("{CLEAR_LINE}");
        for (index, title) in self.titles.iter().enumerate() {
            cursor(index + HEADING, COLUMN);
            match index == self.active {
                true => print!("{REVERSE}{title}{PLAIN}"),
                false => print!("{title}"),
            }
        }
    }

    /// The line of the countdown.
    fn below(&self) -> usize {
        self.titles.len() + HEADING + 1
    }
}

/// Puts the cursor somewhere; lines and columns count from 1.
fn cursor(line: usize, column: usize) {
    print!("\x1b[{line};{column}H");
}
