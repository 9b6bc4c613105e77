// SPDX-License-Identifier: GPL-2.0-or-later
//! `conitrace`: shows the codes that keys send.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/conitrace.rst`.
#![cfg(CONFIG_CMD_CONITRACE)]

use crate::{CmdResult, Context};
use common::{console, print, println};

/// The codes of one key come closer to each other than this.
const PAUSE_US: u64 = 10_000;
/// How long a key is waited for before it is waited for again.
const WAIT_US: u64 = 1_000_000;

fn do_conitrace(_ctx: &mut Context, _args: &[&str]) -> CmdResult {
    // What was typed before is not meant, but all that follows the message.
    while console::getc().is_some() {}
    println!("Waiting for your input\nTo terminate type 'x'");
    trace();
    Ok(())
}

/// Shows the codes of each key in a line, until the key is `x` or no more can come.
fn trace() {
    let mut first = true;
    while !console::ended() {
        let Some(code) = console::getc_timeout(WAIT_US) else {
            continue;
        };
        if first && code.eq_ignore_ascii_case(&b'x') {
            return;
        }
        print!("{code:02x} ");
        arch::time::udelay(PAUSE_US);
        first = !console::tstc();
        if first {
            println!();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;
    use alloc::string::String;
    use alloc::sync::Arc;
    use common::console::Terminal;
    use std::sync::Mutex;

    /// Keys that are pressed one after the other, each one when it is waited for.
    struct Keyboard {
        next: Mutex<VecDeque<&'static str>>,
        codes: Mutex<VecDeque<u8>>,
        shown: Mutex<String>,
    }

    impl Terminal for Keyboard {
        fn write(&self, bytes: &[u8]) {
            self.shown
                .lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(bytes));
        }
        fn read(&self) -> Option<u8> {
            self.codes.lock().unwrap().pop_front()
        }
        fn wait(&self, _timeout_us: u64) {
            let key = self.next.lock().unwrap().pop_front().unwrap_or_default();
            self.codes.lock().unwrap().extend(key.bytes());
        }
        fn ended(&self) -> bool {
            self.next.lock().unwrap().is_empty() && self.codes.lock().unwrap().is_empty()
        }
    }

    /// What is shown of keys, after some that were pressed too early.
    fn shown(keys: &[&'static str]) -> String {
        let _taken = crate::testing::capture();
        let keyboard = Arc::new(Keyboard {
            next: Mutex::new(keys.iter().copied().collect()),
            codes: Mutex::new(b"xx".iter().copied().collect()),
            shown: Mutex::default(),
        });
        console::set_device(keyboard.clone());
        assert_eq!(do_conitrace(&mut crate::testing::context(), &[]), Ok(()));
        let text = keyboard.shown.lock().unwrap().replace("\r\n", "\n");
        text.strip_prefix("Waiting for your input\nTo terminate type 'x'\n")
            .unwrap()
            .into()
    }

    #[test]
    fn each_key_has_a_line() {
        let keys = ["b", "B", "\x02", "\x1bOP", "\x1b[3~", "\x7f", "x", "z"];
        let lines = "62 \n42 \n02 \n1b 4f 50 \n1b 5b 33 7e \n7f \n";
        assert_eq!(shown(&keys), lines);
        assert_eq!(shown(&["\x1bx", "X"]), "1b 78 \n");
    }

    #[test]
    fn the_end_of_all_input_ends_it() {
        assert_eq!(shown(&["a"]), "61 \n");
    }
}

command! {
    name: "conitrace",
    max_args: 2,
    usage: "trace console input",
    run: do_conitrace,
}
