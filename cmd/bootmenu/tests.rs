// SPDX-License-Identifier: GPL-2.0-or-later
//! What the menu shows, and what keys do.

use super::*;
use crate::testing::{capture, context};

const THREE: &str = "setenv bootmenu_0 First=echo one; setenv bootmenu_1 'Second=echo two=2; false'; \
    setenv bootmenu_2 Third=echo three; setenv bootmenu_4 Never=echo never; ";

/// What a script prints before and after the menu, with keys typed before.
fn session(script: &str, keys: &str) -> (String, String) {
    let console = capture();
    let mut ctx = context();
    ctx.run_script(THREE);
    console.keys(keys);
    assert_eq!(ctx.run_script(script), 0, "{script}");
    let text = console.take();
    match text.rsplit_once("\x1b[?25h\x1b[2J\x1b[1;1H") {
        Some((before, after)) => (before.into(), after.into()),
        None => (String::new(), text),
    }
}

fn after(script: &str, keys: &str) -> String {
    session(script, keys).1
}

#[test]
fn the_screen_is_that_of_u_boot() {
    let screen = |marked: usize| {
        let titles = ["1. First", "2. Second", "3. Third", "0. Exit"];
        let lines = titles.iter().enumerate().map(|(index, title)| {
            let at = index + 4;
            match index == marked {
                true => format!("\x1b[{at};7H\x1b[7m{title}\x1b[0m"),
                false => format!("\x1b[{at};7H{title}"),
            }
        });
        let lines: String = lines.collect();
        format!(
            "\x1b[1;1H\x1b[2K\x1b[2;3H*** U-Boot Boot Menu ***\x1b[0K\x1b[3;1H\x1b[2K\
             \x1b[9;1H\x1b[2K\x1b[10;3HPress UP/DOWN to move, ENTER to select, ESC to quit\x1b[0K\
             \x1b[11;1H\x1b[2K{lines}"
        )
    };
    let begin = "\x1b[?25l\x1b[2J\x1b[1;1H";
    assert_eq!(
        session("bootmenu 1", ""),
        (
            format!(
                "{begin}{}\x1b[9;3HHit any key to stop autoboot: 1 \x1b[9;1H\x1b[2K",
                screen(0)
            ),
            "one\n".into()
        )
    );
    assert_eq!(
        session("bootmenu -1", "\x1b[B\x1b[B\r"),
        (
            format!("{begin}{}{}{}", screen(0), screen(1), screen(2)),
            "three\n".into()
        )
    );
}

#[test]
fn keys_choose() {
    for (keys, expected) in [
        ("\r", "one\n"),
        ("\n", "one\n"),
        ("2", "two=2\n"),
        ("3", "three\n"),
        ("\x1b[B\r", "two=2\n"),
        ("\x1bOB\x1bOA\r", "one\n"),
        ("\x0e\x0e\x0e\x0e\x10\r", "three\n"),
        ("\x1b[A\r", "one\n"),
        // No such entry, and keys that mean nothing here.
        ("9z+- \t\r", "one\n"),
        ("0", ""),
        ("\x03", ""),
        ("\x1b", ""),
        ("\x0e\x0e\x0e\r", ""),
    ] {
        assert_eq!(after("bootmenu -1", keys), expected, "{keys:?}");
    }
}

#[test]
fn a_key_stops_the_countdown() {
    for (keys, expected) in [
        (" \r", "one\n"),
        ("\r", "one\n"),
        ("2", "two=2\n"),
        ("\x1b[B\r", "two=2\n"),
        ("x\x0e\r", "two=2\n"),
        ("\x0e\r", "one\n"),
        (" \x1b", ""),
        ("\x03", ""),
    ] {
        assert_eq!(after("bootmenu 1000", keys), expected, "{keys:?}");
    }
    assert_eq!(
        after("setenv bootmenu_delay 1000; bootmenu", "3"),
        "three\n"
    );
    assert_eq!(after("bootmenu -e 1000", "3"), "three\n");
    assert_eq!(
        after("setenv bootmenu_delay 1000; bootmenu -e", "3"),
        "three\n"
    );
}

#[test]
fn the_default_can_be_chosen() {
    assert_eq!(
        after("setenv bootmenu_default 1; bootmenu 1", ""),
        "two=2\n"
    );
    // The entry that leaves the menu can be it too.
    assert_eq!(after("setenv bootmenu_default 3; bootmenu 1", ""), "");
    for bad in ["4", "-1"] {
        let (before, after) = session(&format!("setenv bootmenu_default {bad}; bootmenu 1"), "");
        let said = format!("active menuitem ({bad}) is outside menu (0..3)\n");
        assert!(before.starts_with(&said), "{before:?}");
        assert_eq!(after, "one\n");
    }
}

#[test]
fn without_a_delay_there_is_no_menu() {
    assert_eq!(session("bootmenu 0", "2"), (String::new(), "one\n".into()));
    assert_eq!(
        after("setenv bootmenu_0 title; bootmenu 0", ""),
        "bootmenu option 0 is invalid\n"
    );
    assert_eq!(
        after("setenv bootmenu_0; bootmenu 0", ""),
        "bootmenu option 0 was not found\n"
    );
}

#[test]
fn what_is_wrong_is_said() {
    let (before, after) = session("setenv bootmenu_1 title; bootmenu -1", "2\r");
    assert!(before.starts_with("Invalid bootmenu entry: title\n"));
    assert_eq!(after, "one\n");
    let run = |script: &str| crate::testing::run(script);
    let text = "## Error: 'x' is not a delay in seconds\n";
    assert_eq!(run("bootmenu x"), (1, text.into()));
    assert_eq!(run("setenv bootmenu_delay x; bootmenu"), (1, text.into()));
    for bad in ["bootmenu 1 2", "bootmenu -e 1 2"] {
        assert!(run(bad).1.contains("Usage:\nbootmenu "), "{bad}");
    }
}

#[test]
fn letters_follow_the_digits() {
    assert_eq!(shortcut(8), Some('9'));
    assert_eq!(shortcut(9), Some('a'));
    assert_eq!(shortcut(34), Some('z'));
    assert_eq!(shortcut(35), None);
    let console = capture();
    let mut ctx = context();
    for number in 0..120 {
        ctx.env
            .set(&variable(number), &format!("t=echo {number}"))
            .unwrap();
    }
    console.keys("bC");
    ctx.run_script("bootmenu -1; bootmenu -1");
    let text = console.take();
    assert!(text.contains("\x1b[1;1H10\n") && text.ends_with("\x1b[1;1H11\n"));
    assert!(text.contains("\x1b[39;7H   t\x1b[40;7H") && text.contains("\x1b[102;7H0. Exit"));
}
