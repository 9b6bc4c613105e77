// SPDX-License-Identifier: GPL-2.0-or-later
//! Asking the user which entry of a configuration to boot.
//!
//! Behaviour: U-Boot, `common/menu.c` as `sysboot` uses it. Beyond it: an entry
//! can also be chosen by its name, and Enter alone is the default one.

use crate::extlinux::{Config, Label};
use crate::image_names::printable;
use alloc::string::String;
use arch::time::Deadline;
use common::console::{ended, getc, getc_timeout};
use common::{print, println};
use env::Env;

const CTRL_C: u8 = 3;
const BACKSPACE: [u8; 2] = [8, 0x7f];
/// Longer answers are neither a number nor a name.
const ANSWER_LEN: usize = 64;

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

/// The user's choice, or else the default; the variable `pxe_label_override`
/// names another one.
pub fn choose(config: &Config, env: &Env) -> Choice {
    let default = default(config, env).map_or(Choice::None, Choice::Label);
    if !config.prompt || config.labels.is_empty() {
        return default;
    }
    let mut timeout = config.timeout.div_ceil(10);
    loop {
        if let Some(title) = &config.title {
            println!("{}", printable(title.as_bytes()));
        }
        for (label, number) in config.labels.iter().zip(1u32..) {
            println!("{number}:\t{}", printable(label.title().as_bytes()));
        }
        match read_answer(timeout) {
            Answer::Text(text) => match meant(&config.labels, &text) {
                Some(index) => return Choice::Label(index),
                None if text.is_empty() && default != Choice::None => return default,
                None => println!("{text} not found"),
            },
            Answer::Timeout => return default,
            Answer::Interrupted => return Choice::Interrupted,
        }
        timeout = 0;
    }
}

/// The entry that is booted if nobody chooses.
fn default(config: &Config, env: &Env) -> Option<usize> {
    let named = |name: &str| {
        // Of several with the same name the last one, as in U-Boot.
        config.labels.iter().rposition(|label| label.name == name)
    };
    if let Some(name) = env.get("pxe_label_override") {
        match named(name) {
            Some(index) => return Some(index),
            None => println!("Missing override pxe label: {name}"),
        }
    }
    let name = config.default.as_deref()?;
    let default = named(name);
    if default.is_none() {
        println!("Missing default: {name}");
    }
    default
}

/// The entry that an answer means, by its number or its name.
fn meant(labels: &[Label], answer: &str) -> Option<usize> {
    let number = answer.parse::<usize>().ok();
    let index = number.and_then(|number| number.checked_sub(1));
    index
        .filter(|&index| index < labels.len())
        .or_else(|| labels.iter().rposition(|label| label.name == answer))
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
        let Some(key) = key else {
            if ended() {
                return Answer::Interrupted;
            }
            continue;
        };
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
    use crate::extlinux;
    use common::testing::capture;

    fn parse(text: &str) -> Config {
        extlinux::parse(text, &mut |_| None)
    }

    fn chosen(text: &str) -> Choice {
        choose(&parse(text), &Env::empty())
    }

    #[test]
    fn the_default_needs_no_question() {
        let console = capture();
        let b = Choice::Label(1);
        assert_eq!(chosen("default b\nlabel a\nlabel b\n"), b);
        assert_eq!(chosen("default b\nlabel b\nlabel b\n"), b);
        assert_eq!(chosen("default c\nlabel a\n"), Choice::None);
        assert_eq!(console.take(), "Missing default: c\n");
        assert_eq!(chosen("label a\n"), Choice::None);
        // There is nothing to choose from.
        assert_eq!(chosen("prompt 1\n"), Choice::None);
    }

    #[test]
    fn a_variable_comes_before_the_default() {
        let console = capture();
        let config = parse("default a\nlabel a\nlabel b\n");
        let mut env = Env::empty();
        env.set("pxe_label_override", "b").unwrap();
        assert_eq!(choose(&config, &env), Choice::Label(1));
        env.set("pxe_label_override", "c").unwrap();
        assert_eq!(choose(&config, &env), Choice::Label(0));
        assert_eq!(console.take(), "Missing override pxe label: c\n");
    }

    #[test]
    fn the_user_is_asked() {
        let console = capture();
        let env = Env::empty();
        let config = parse(
            "menu title Menu\ntimeout 600\ndefault a\nlabel a\nmenu label First\nlabel bee\n",
        );
        console.keys("9\r2\x08\x082\r");
        assert_eq!(choose(&config, &env), Choice::Label(1));
        let menu = "Menu\n1:\tFirst\n2:\tbee\nEnter choice: ";
        let text = console.take();
        assert!(
            text.starts_with(&alloc::format!("{menu}9\n9 not found\n{menu}2")),
            "{text}"
        );
        for (keys, choice) in [
            ("bee\r", Choice::Label(1)),
            ("First\r0\r\r", Choice::Label(0)),
            ("\x03", Choice::Interrupted),
        ] {
            console.keys(keys);
            assert_eq!(choose(&config, &env), choice, "{keys:?}");
        }
        let quick = Config {
            timeout: 1,
            ..config
        };
        let start = arch::time::ms();
        assert_eq!(choose(&quick, &env), Choice::Label(0));
        assert!(
            arch::time::ms() - start >= 900,
            "the timeout is rounded up to a second"
        );
    }

    #[test]
    fn names_that_are_numbers() {
        let console = capture();
        let config = parse("prompt 1\nlabel 2\nlabel 9\n");
        for (keys, index) in [("2\r", 1), ("9\r", 1), ("1\r", 0)] {
            console.keys(keys);
            assert_eq!(choose(&config, &Env::empty()), Choice::Label(index));
        }
    }
}
