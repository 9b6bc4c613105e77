// SPDX-License-Identifier: GPL-2.0-or-later
//! A menu of flows on a terminal: arrow keys or an entry's own key, and Enter.
//!
//! Behaviour: U-Boot's `bootflow menu`, which needs a display; what is shown
//! here is our own.

use crate::bootflow::{Bootflow, State};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::console::{getc, getc_timeout};
use common::{print, println};

const CTRL_C: u8 = 3;
const ESC: u8 = 0x1b;
/// How long the rest of an arrow key's sequence may take, in microseconds.
const SEQUENCE_US: u64 = 100_000;
const SECOND_US: u64 = 1_000_000;
/// The keys of the entries; there are no more entries than these.
const KEYS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// An entry: the flow's place in the list, and its line.
struct Entry {
    index: usize,
    key: u8,
    text: String,
}

/// Lets the user choose one of the flows that can be booted; returns its place
/// in the list. If no key is pressed for some seconds, the first one is chosen.
/// `None` if there is nothing to choose or the user wants nothing.
pub fn choose(flows: &[Bootflow], seconds: Option<u64>) -> Option<usize> {
    let entries = entries(flows);
    let index_of = |chosen: usize| entries.get(chosen).map(|entry| entry.index);
    index_of(0)?;
    let mut chosen = 0;
    println!("Boot menu: arrow keys or a key choose, Enter boots, Ctrl-C leaves");
    show(&entries, chosen);
    let mut pressed = None;
    if let Some(seconds) = seconds {
        pressed = countdown(seconds);
        if pressed.is_none() {
            return index_of(chosen);
        }
    }
    loop {
        match key(pressed.take()) {
            Key::Up => chosen = chosen.saturating_sub(1),
            Key::Down => {
                let last = entries.len().saturating_sub(1);
                chosen = chosen.saturating_add(1).min(last);
            }
            Key::Enter => return index_of(chosen),
            Key::Quit => return None,
            Key::Of(key) => match entries.iter().position(|entry| entry.key == key) {
                Some(index) => return index_of(index),
                None => continue,
            },
        }
        print!("\x1b[{}A", entries.len());
        show(&entries, chosen);
    }
}

fn entries(flows: &[Bootflow]) -> Vec<Entry> {
    let ready = flows.iter().enumerate();
    let ready = ready.filter(|(_, flow)| flow.state == State::Ready);
    let entries = ready.zip(KEYS).map(|((index, flow), &key)| Entry {
        index,
        key,
        text: format!(
            "{:<25} {:<11} {}",
            flow.name,
            flow.method.name,
            flow.os_name.as_deref().unwrap_or_default()
        ),
    });
    entries.collect()
}

fn show(entries: &[Entry], chosen: usize) {
    for (index, entry) in entries.iter().enumerate() {
        let mark = if index == chosen { '>' } else { ' ' };
        let line = format!("{mark} {}  {}", char::from(entry.key), entry.text);
        println!("\r{}\x1b[K", line.trim_end());
    }
}

/// The key that was pressed in time.
fn countdown(seconds: u64) -> Option<u8> {
    let deadline = Deadline::after_ms(seconds.saturating_mul(1000));
    let mut pressed = getc();
    while pressed.is_none() && !deadline.expired() {
        let left = deadline.left_us();
        print!(
            "\rThe first one boots in {} s \x1b[K",
            left.div_ceil(SECOND_US)
        );
        // Up to the next full second.
        let rest = left.checked_rem(SECOND_US).filter(|&rest| rest > 0);
        let next = Deadline::after_us(rest.unwrap_or(SECOND_US));
        while pressed.is_none() && !next.expired() {
            pressed = getc_timeout(next.left_us());
        }
    }
    print!("\r\x1b[K");
    pressed
}

enum Key {
    Up,
    Down,
    Enter,
    Quit,
    Of(u8),
}

/// What was pressed; a key that was read already is the first of it.
fn key(mut pressed: Option<u8>) -> Key {
    loop {
        match pressed.take().unwrap_or_else(next) {
            b'\r' | b'\n' => return Key::Enter,
            CTRL_C => return Key::Quit,
            ESC => match getc_timeout(SEQUENCE_US) {
                None => return Key::Quit,
                Some(b'[' | b'O') => match getc_timeout(SEQUENCE_US) {
                    Some(b'A') => return Key::Up,
                    Some(b'B') => return Key::Down,
                    _ => {}
                },
                Some(_) => {}
            },
            // Ctrl-P and Ctrl-N.
            0x10 => return Key::Up,
            0x0e => return Key::Down,
            key => return Key::Of(key.to_ascii_lowercase()),
        }
    }
}

/// The next key, however long that takes. A console that has ended is left.
fn next() -> u8 {
    loop {
        if let Some(key) = getc().or_else(|| getc_timeout(SEQUENCE_US)) {
            return key;
        }
        if common::console::ended() {
            return CTRL_C;
        }
    }
}
