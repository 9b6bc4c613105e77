// SPDX-License-Identifier: GPL-2.0-or-later
//! The main loop: boots after a while unless a key is pressed, then the prompt.
//!
//! Behaviour: U-Boot, `doc/README.autoboot`.

use crate::Context;
#[cfg(CONFIG_CMD_BOOTMENU)]
use crate::bootmenu::{self, Shown};
use alloc::string::ToString;
use arch::time::Deadline;
use common::{console, print, println};
use include::config::CONFIG_BOOTDELAY;

/// How long one wait for a key takes at most.
const SECOND_US: u64 = 1_000_000;

/// Boots by itself if it shall, and then runs what is typed, for ever.
pub fn main_loop(mut ctx: Context) -> ! {
    if cfg!(CONFIG_AUTOBOOT) {
        autoboot(&mut ctx);
    }
    loop {
        ctx.interact();
    }
}

/// Runs `bootcmd`, or `altbootcmd` after too many starts, unless `bootdelay` says
/// otherwise or a key is pressed.
fn autoboot(ctx: &mut Context) {
    let delay = bootdelay(ctx);
    #[cfg(CONFIG_CMD_BOOTMENU)]
    if cfg!(CONFIG_AUTOBOOT_MENU_SHOW) {
        gave_up(ctx);
        return menu(ctx, delay);
    }
    if delay == -1 || (delay >= 0 && key_pressed(delay)) {
        return;
    }
    let variable = if gave_up(ctx) {
        "altbootcmd"
    } else {
        "bootcmd"
    };
    if let Some(command) = ctx.env.get(variable).map(ToString::to_string) {
        ctx.run_script(&command);
    }
}

/// Counts this start, and tells whether there were too many. Only now, so that
/// the prompt waits for no disk.
#[cfg(CONFIG_BOOTCOUNT_LIMIT)]
fn gave_up(ctx: &mut Context) -> bool {
    boot::bootcount::count(&ctx.dm, &mut ctx.env)
}

#[cfg(not(CONFIG_BOOTCOUNT_LIMIT))]
fn gave_up(_ctx: &mut Context) -> bool {
    false
}

/// Shows the menu. Who leaves it gets the prompt; where that is forbidden, the
/// boot command and then the menu again.
#[cfg(CONFIG_CMD_BOOTMENU)]
fn menu(ctx: &mut Context, mut delay: i64) {
    loop {
        let shown = bootmenu::show(ctx, delay);
        if !cfg!(CONFIG_BOOTMENU_DISABLE_UBOOT_CONSOLE) || console::ended() {
            return;
        }
        if shown == Shown::Quit {
            _ = ctx.run_variable("bootcmd");
        }
        delay = -1;
    }
}

/// The seconds to wait: -1 not to boot, -2 to boot without looking for a key.
/// What follows the digits does not count, and without any it is 0.
fn bootdelay(ctx: &Context) -> i64 {
    let Some(text) = ctx.env.get("bootdelay").map(str::trim) else {
        return CONFIG_BOOTDELAY;
    };
    let is_digit = |(at, c): (usize, char)| c.is_ascii_digit() || at == 0 && c == '-';
    let len = text
        .char_indices()
        .take_while(|&place| is_digit(place))
        .count();
    text[..len].parse().unwrap_or(0)
}

/// Counts down; a key, which is then dropped, ends it.
fn key_pressed(delay: i64) -> bool {
    print!("Hit any key to stop autoboot: {delay:2} ");
    // A key that was pressed before counts even if there is no time at all.
    let mut pressed = console::getc().is_some();
    let mut left = delay;
    while left > 0 && !pressed {
        pressed = key_within(SECOND_US).is_some();
        left = if pressed { 0 } else { left - 1 };
        print!("\x08\x08\x08{left:2} ");
    }
    println!();
    pressed
}

/// The next key within a time, which passes even without a console.
pub(crate) fn key_within(time_us: u64) -> Option<u8> {
    let deadline = Deadline::after_us(time_us);
    while !deadline.expired() {
        // Without a console there is nothing to wait for.
        if let Some(key) = console::getc_timeout(deadline.left_us()) {
            return Some(key);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// What is printed for a `bootdelay` and a `bootcmd`, with keys typed before.
    fn boot(delay: &str, keys: &str) -> alloc::string::String {
        let console = testing::capture();
        let mut ctx = testing::context();
        ctx.run_script(&alloc::format!(
            "setenv bootdelay {delay}; setenv bootcmd 'echo booted'"
        ));
        console.keys(keys);
        autoboot(&mut ctx);
        console.take()
    }

    #[test]
    fn the_countdown_ends_in_the_boot_command() {
        assert_eq!(
            boot("1", ""),
            "Hit any key to stop autoboot:  1 \x08\x08\x08 0 \nbooted\n"
        );
    }

    #[test]
    fn a_key_stops_it() {
        assert_eq!(boot("3", " "), "Hit any key to stop autoboot:  3 \n");
        assert_eq!(boot("0", " "), "Hit any key to stop autoboot:  0 \n");
    }

    #[test]
    fn a_key_in_time_stops_it() {
        let console = testing::capture();
        let mut shown = std::thread::scope(|scope| {
            let user = scope.spawn(|| {
                let mut shown = std::string::String::new();
                while !shown.contains("29 ") {
                    shown += &console.take();
                }
                console.keys("x");
                shown
            });
            assert!(key_pressed(30));
            user.join().unwrap()
        });
        shown += &console.take();
        // However slow the machine is: not all seconds have passed.
        let (start, end) = (
            "Hit any key to stop autoboot: 30 \x08\x08\x0829 ",
            "\x08 0 \n",
        );
        assert!(
            shown.starts_with(start) && shown.ends_with(end),
            "{shown:?}"
        );
        assert!(!shown.contains("\x08 1 "), "{shown:?}");
    }

    #[test]
    #[cfg(CONFIG_CMD_BOOTMENU)]
    #[cfg(not(CONFIG_BOOTMENU_DISABLE_UBOOT_CONSOLE))]
    fn who_leaves_the_menu_gets_the_prompt() {
        let console = testing::capture();
        let mut ctx = testing::context();
        ctx.run_script("setenv bootmenu_0 'a=echo one'; setenv bootcmd 'echo booted'");
        for (delay, keys, expected) in [(0, "", "one\n"), (9, "1", "H one\n"), (9, "0", "H ")] {
            console.keys(keys);
            menu(&mut ctx, delay);
            let text = console.take();
            assert!(
                text.ends_with(&expected.replace("H ", "\x1b[1;1H")),
                "{text:?}"
            );
        }
    }

    #[test]
    fn special_delays() {
        assert_eq!(boot("0", ""), "Hit any key to stop autoboot:  0 \nbooted\n");
        assert_eq!(boot("-1", ""), "");
        assert_eq!(boot("-2", " "), "booted\n");
        assert_eq!(bootdelay(&testing::context()), CONFIG_BOOTDELAY);
        let mut ctx = testing::context();
        for (text, seconds) in [
            ("3s", 3),
            (" 2 ", 2),
            ("-1x", -1),
            ("x", 0),
            ("-", 0),
            ("1-2", 1),
        ] {
            ctx.env.set("bootdelay", text).unwrap();
            assert_eq!(bootdelay(&ctx), seconds, "{text}");
        }
    }
}
