// SPDX-License-Identifier: GPL-2.0-or-later
//! Asking the user which entry of a configuration to boot.
//!
//! Behaviour: U-Boot, `common/menu.c` as `sysboot` uses it.

use crate::extlinux::Config;
use alloc::string::String;
use arch::time::Deadline;
use common::console::{getc, getc_timeout};
use common::{print, println};

const CTRL_C: u8 = 3;
const BACKSPACE: [u8; 2] = [8, 0x7f];
/// Longer answers are no number of an entry.
const ANSWER_LEN: usize = 32;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The entry at this index.
    Label(usize),
    /// There is no default and nobody was asked.
    None,
    /// The user wants none.
    Interrupted,
}

/// The user's choice, or else the default.
pub fn choose(config: &Config) -> Choice {
    let name = config.default.as_deref();
    let default = name.and_then(|name| config.labels.iter().position(|label| label.name == name));
    if let (Some(name), None) = (name, default) {
        println!("Missing default: {name}");
    }
    let default = default.map_or(Choice::None, Choice::Label);
    if !config.prompt {
        return default;
    }
    let mut timeout = config.timeout.div_ceil(10);
    loop {
        if let Some(title) = &config.title {
            println!("{title}");
        }
        for (label, number) in config.labels.iter().zip(1u32..) {
            println!("{number}:\t{}", label.title());
        }
        match read_answer(timeout) {
            Answer::Text(text) => match text
                .parse::<usize>()
                .ok()
                .and_then(|number| number.checked_sub(1))
            {
                Some(index) if index < config.labels.len() => return Choice::Label(index),
                // Just Enter means the default.
                _ if text.is_empty() && default != Choice::None => return default,
                _ => println!("{text} not found"),
            },
            Answer::Timeout => return default,
            Answer::Interrupted => return Choice::Interrupted,
        }
        timeout = 0;
    }
}

enum Answer {
    Text(String),
    Timeout,
    Interrupted,
}

/// A line; the time in seconds is for the first key only, 0 is for ever.
fn read_answer(timeout: u32) -> Answer {
    print!("Enter choice: ");
    let mut deadline =
        (timeout > 0).then(|| Deadline::after_ms(u64::from(timeout).saturating_mul(1000)));
    let mut text = String::new();
    loop {
        let key = match deadline {
            Some(deadline) if deadline.expired() && text.is_empty() => {
                println!();
                return Answer::Timeout;
            }
            Some(deadline) => getc_timeout(deadline.left_us()),
            None => getc().or_else(|| getc_timeout(100_000)),
        };
        let Some(key) = key else { continue };
        deadline = None;
        match key {
            CTRL_C => {
                println!("<INTERRUPT>");
                return Answer::Interrupted;
            }
            b'\r' | b'\n' => {
                println!();
                return Answer::Text(text);
            }
            _ if BACKSPACE.contains(&key) && text.pop().is_some() => print!("\x08 \x08"),
            b' '..=b'~' if text.len() < ANSWER_LEN => {
                text.push(char::from(key));
                print!("{}", char::from(key));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extlinux::parse;
    use common::testing::capture;

    #[test]
    fn the_default_needs_no_question() {
        let console = capture();
        assert_eq!(
            choose(&parse("default b\nlabel a\nlabel b\n")),
            Choice::Label(1)
        );
        assert_eq!(choose(&parse("default c\nlabel a\n")), Choice::None);
        assert_eq!(console.take(), "Missing default: c\n");
        assert_eq!(choose(&parse("label a\n")), Choice::None);
    }

    #[test]
    fn the_user_is_asked() {
        let console = capture();
        let config =
            parse("menu title Menu\ntimeout 600\ndefault a\nlabel a\nmenu label First\nlabel b\n");
        console.keys("9\r2\x08\x082\r");
        assert_eq!(choose(&config), Choice::Label(1));
        let menu = "Menu\n1:\tFirst\n2:\tb\nEnter choice: ";
        let text = console.take();
        assert!(
            text.starts_with(&alloc::format!("{menu}9\n9 not found\n{menu}2")),
            "{text}"
        );
        console.keys("\r");
        assert_eq!(choose(&config), Choice::Label(0));
        console.keys("\x03");
        assert_eq!(choose(&config), Choice::Interrupted);
        let quick = Config {
            timeout: 1,
            ..config
        };
        let start = arch::time::ms();
        assert_eq!(choose(&quick), Choice::Label(0));
        assert!(
            arch::time::ms() - start >= 900,
            "the timeout is rounded up to a second"
        );
    }
}
