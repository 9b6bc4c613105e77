// SPDX-License-Identifier: GPL-2.0-or-later
//! What each key does: control keys, Meta keys and the sequences of function keys.

const ESCAPE: u8 = 0x1b;
const DELETE: u8 = 0x7f;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Start,
    End,
    Left,
    Right,
    WordLeft,
    WordRight,
    DeleteLeft,
    DeleteRight,
    /// Kills back to the blank before the cursor.
    KillArgument,
    /// Kills back to the start of the word.
    KillWordLeft,
    KillWordRight,
    KillToEnd,
    KillAll,
    Yank,
    Transpose,
    ToggleInsert,
    Previous,
    Next,
    Search,
    Complete,
    Redraw,
    Finish,
    Interrupt,
    /// Leaves a search with the line as it was before.
    Abort,
    Ignore,
    /// The key is text.
    Insert(u8),
}

/// How much of a function key's sequence was received.
#[derive(Clone, Copy, Default)]
pub enum Keys {
    #[default]
    None,
    /// ESC
    Started,
    /// ESC `[` or ESC `O`, and the digit that followed.
    Bracket(u8),
}

impl Keys {
    /// Whether a sequence has begun and not ended.
    #[cfg(CONFIG_CMD_BOOTMENU)]
    pub fn is_pending(self) -> bool {
        !matches!(self, Keys::None)
    }

    /// What a byte of input does; the start of a sequence is ignored.
    pub fn decode(&mut self, key: u8) -> Action {
        let before = *self;
        *self = match (before, key) {
            // Enter and Ctrl-C are never part of a sequence.
            (_, b'\r' | b'\n' | 3) => Keys::None,
            (_, ESCAPE) => Keys::Started,
            (Keys::Started, b'[' | b'O') => Keys::Bracket(0),
            (Keys::Bracket(_), b'0'..=b'9' | b';') => Keys::Bracket(key),
            _ => Keys::None,
        };
        match (before, *self) {
            (_, Keys::Started | Keys::Bracket(_)) => Action::Ignore,
            (Keys::Started, Keys::None) if key >= b' ' => meta(key),
            (Keys::Bracket(digit), Keys::None) if key >= b' ' => function(digit, key),
            (_, Keys::None) => plain(key),
        }
    }
}

fn plain(key: u8) -> Action {
    match key {
        b'\r' | b'\n' => Action::Finish,
        b'\t' => Action::Complete,
        DELETE | 0xff => Action::DeleteLeft,
        b' '.. => Action::Insert(key),
        _ => control(key | 0x60),
    }
}

fn control(letter: u8) -> Action {
    match letter {
        b'a' => Action::Start,
        b'b' => Action::Left,
        b'c' => Action::Interrupt,
        b'd' => Action::DeleteRight,
        b'e' => Action::End,
        b'f' => Action::Right,
        b'g' => Action::Abort,
        b'h' => Action::DeleteLeft,
        b'k' => Action::KillToEnd,
        b'l' => Action::Redraw,
        b'n' => Action::Next,
        b'o' => Action::ToggleInsert,
        b'p' => Action::Previous,
        b'r' => Action::Search,
        b't' => Action::Transpose,
        b'u' | b'x' => Action::KillAll,
        b'w' => Action::KillArgument,
        b'y' => Action::Yank,
        _ => Action::Ignore,
    }
}

/// Escape or Alt with a letter.
fn meta(key: u8) -> Action {
    match key {
        b'b' => Action::WordLeft,
        b'f' => Action::WordRight,
        b'd' => Action::KillWordRight,
        DELETE => Action::KillWordLeft,
        _ => Action::Ignore,
    }
}

/// ESC `[`, numbers of which this is the last digit, and a letter or `~`.
fn function(digit: u8, key: u8) -> Action {
    // The arrows with Ctrl end in 5, with Alt in 3.
    let modified = matches!(digit, b'5' | b'3');
    match key {
        b'A' => Action::Previous,
        b'B' => Action::Next,
        b'C' if modified => Action::WordRight,
        b'C' => Action::Right,
        b'D' if modified => Action::WordLeft,
        b'D' => Action::Left,
        b'H' => Action::Start,
        b'F' => Action::End,
        b'~' => match digit {
            b'1' | b'7' => Action::Start,
            b'4' | b'8' => Action::End,
            b'3' => Action::DeleteRight,
            b'2' => Action::ToggleInsert,
            _ => Action::Ignore,
        },
        _ => Action::Ignore,
    }
}
