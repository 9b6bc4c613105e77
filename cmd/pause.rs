// SPDX-License-Identifier: GPL-2.0-or-later
//! `pause`: waits for a key.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/pause.rst`; Ctrl-C also ends the script.
#![cfg(CONFIG_CMD_PAUSE)]

use crate::{CmdResult, Context};
use common::{Error, console, print, println};

/// Ctrl-C.
const ETX: u8 = 3;

fn do_pause(_ctx: &mut Context, args: &[&str]) -> CmdResult {
    print!("{}", args.get(1).unwrap_or(&"Press any key to continue..."));
    // Without a console there will be no key.
    let key = console::getc_timeout(u64::MAX);
    println!();
    match key {
        Some(ETX) => Err(Error::Interrupted.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn a_key_ends_it() {
        let console = testing::capture();
        let mut ctx = testing::context();
        console.keys("x ");
        assert_eq!(ctx.run_script("pause"), 0);
        assert_eq!(console.take(), "Press any key to continue...\n");
        assert_eq!(ctx.run_script("pause 'Prompt for pause...'"), 0);
        assert_eq!(console.take(), "Prompt for pause...\n");
        console.keys("\x03");
        assert_ne!(ctx.run_script("pause x; echo more"), 0);
        assert!(!console.take().contains("more"));
        assert_eq!(ctx.run_script("pause a b"), 1);
        assert!(
            console
                .take()
                .starts_with("pause - delay until user input\n")
        );
    }
}

command! {
    name: "pause",
    max_args: 2,
    repeatable: true,
    usage: "delay until user input",
    help: "[prompt] - show 'prompt' or a text of its own, and wait for any key\n",
    run: do_pause,
}
