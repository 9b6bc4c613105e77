// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the line editor.

use super::*;
use crate::testing;

/// The line that keys give.
fn typed(keys: &[u8]) -> String {
    let _console = testing::capture();
    typed_with(keys, &mut Kept::default())
}

fn typed_with(keys: &[u8], kept: &mut Kept) -> String {
    let mut editor = Editor::default();
    for &key in keys {
        assert_eq!(editor.key(key, kept), Step::More);
    }
    match editor.key(b'\r', kept) {
        Step::Line(line) => line,
        step => panic!("{step:?}"),
    }
}

/// What the terminal shows after keys, and the column of its cursor.
fn screen(keys: &[u8], kept: &mut Kept) -> (String, usize) {
    let console = testing::capture();
    let mut editor = Editor::default();
    for &key in keys {
        editor.key(key, kept);
    }
    let mut screen = Vec::new();
    let mut column = 0;
    for byte in console.take().bytes().filter(|&b| b != BELL) {
        if byte == BACKSPACE {
            column -= 1;
            continue;
        }
        screen.resize(screen.len().max(column + 1), b' ');
        screen[column] = byte;
        column += 1;
    }
    let text = String::from_utf8(screen.trim_ascii_end().to_vec()).unwrap();
    (text, column)
}

#[test]
fn what_is_typed_is_echoed_as_it_is() {
    let console = testing::capture();
    typed_with(b"echo hello", &mut Kept::default());
    assert_eq!(console.take(), "echo hello\n");
}

#[test]
fn keys_edit_the_line() {
    assert_eq!(typed(b"bc\x01a\x05d"), "abcd");
    assert_eq!(typed(b"abcd\x02\x02\x04"), "abd");
    assert_eq!(typed(b"abcd\x02\x02\x0b"), "ab");
    assert_eq!(typed(b"abc\x08\x7fd"), "ad");
    assert_eq!(typed(b"one two  \x17three"), "one three");
    assert_eq!(typed(b"one\x15two"), "two");
    assert_eq!(typed(b"ab\x01\x06\x06\x06c\x02\x02\x02\x02\x08x"), "xabc");
    assert_eq!(typed(b"abc\x02\x14d"), "acbd");
    assert_eq!(typed(b"abc\x14"), "acb");
    assert_eq!(typed(b"a\x14"), "a");
    assert_eq!(typed(b"abcd\x01\x0fxy\x0fz"), "xyzcd");
    assert_eq!(typed(b"ab\x01\x0fxyz"), "xyz");
}

#[test]
fn words_are_passed_and_killed() {
    assert_eq!(typed(b"one /two.x\x1bb\x1bb-"), "one /-two.x");
    assert_eq!(typed(b"one two\x01\x1bf\x1bf\x1bf!"), "one two!");
    assert_eq!(typed(b"one two\x1b[1;5D\x1b[1;5D\x1b[1;5Cx"), "onex two");
    assert_eq!(typed(b"one /two \x1b\x7f!"), "one /!");
    assert_eq!(typed(b"one /two\x01\x1bd!"), "! /two");
}

#[test]
fn what_was_killed_comes_back() {
    assert_eq!(typed(b"one two\x17x \x19"), "one x two");
    assert_eq!(typed(b"abc\x01\x0b\x19\x19"), "abcabc");
    assert_eq!(typed(b"abc\x15\x17\x0b\x19"), "abc");
    let _console = testing::capture();
    let mut kept = Kept::default();
    typed_with(b"abc\x15", &mut kept);
    assert_eq!(typed_with(b"x\x19", &mut kept), "xabc");
}

#[test]
fn function_keys_edit_the_line() {
    assert_eq!(typed(b"bc\x1b[Da\x1b[C\x1b[Hx\x1b[Fy"), "xbacy");
    assert_eq!(typed(b"abc\x1b[1~\x1b[3~\x1b[4~d"), "bcd");
    assert_eq!(typed(b"abc\x1bOHx\x1bOFy"), "xabcy");
    assert_eq!(typed(b"ab\x1b[D\x1b[2~x"), "ax");
    assert_eq!(typed(b"a\x1b[24~b\x1bxc"), "abc");
    assert_eq!(typed(b"ls\x1b["), "ls");
    assert_eq!(typed(b"ls\x1b\x08x"), "lx");
}

#[test]
fn the_screen_shows_the_line() {
    let shown = |keys: &[u8]| screen(keys, &mut Kept::default());
    assert_eq!(shown(b"ac\x02b\x01\x04"), ("bc".into(), 0));
    assert_eq!(shown(b"one two\x1bb\x1bb\x1bd"), (" two".into(), 0));
    assert_eq!(shown(b"one two\x02\x14"), ("one tow".into(), 7));
    assert_eq!(shown(b"one two\x01\x0fxx\x05"), ("xxe two".into(), 7));
    assert_eq!(shown(b"one two\x17\x01\x19"), ("twoone".into(), 3));
}

#[test]
fn earlier_lines_come_back() {
    let console = testing::capture();
    let mut kept = Kept::default();
    typed_with(b"first", &mut kept);
    typed_with(b"second", &mut kept);
    assert_eq!(typed_with(b"\x10\x10 x", &mut kept), "first x");
    assert_eq!(typed_with(b"\x1b[A\x10\x0e\x0enew", &mut kept), "new");
    console.take();
    typed_with(b"\x0e", &mut kept);
    assert_eq!(console.take(), "\x07\n");
}

#[test]
fn earlier_lines_are_found() {
    let mut kept = Kept::default();
    for line in ["load a", "boot", "load b", "ls"] {
        kept.history.add(line);
    }
    let (text, _) = screen(b"xy\x12lo", &mut kept);
    assert_eq!(text, "(reverse-i-search)`lo': load b");
    assert_eq!(screen(b"xy\x12lo\x12\x05", &mut kept), ("load a".into(), 6));
    assert_eq!(screen(b"xy\x02\x12lo\x07", &mut kept), ("xy".into(), 1));
    assert_eq!(screen(b"xy\x12none\x08\x08\x08\x08\x05", &mut kept).0, "xy");
    let _console = testing::capture();
    assert_eq!(typed_with(b"\x12lo", &mut kept), "load b");
    assert_eq!(typed_with(b"\x12load a\x1b[D\x1b[Dx", &mut kept), "loadx a");
    assert_eq!(typed_with(b"\x12lx\x08s", &mut kept), "ls");
    assert_eq!(typed_with(b"\x12zzz", &mut kept), "");
    assert_eq!(typed_with(b"xy\x12zzz", &mut kept), "xy");
}

#[test]
fn a_line_that_is_too_long_rings() {
    let console = testing::capture();
    let line = typed_with(&[b'x'; MAX_LINE + 1], &mut Kept::default());
    assert_eq!(line.len(), MAX_LINE);
    assert!(console.take().ends_with("x\x07\n"));
    let mut editor = Editor::default();
    editor.insert(&[b'x'; MAX_LINE + 10]);
    editor.key(1, &mut Kept::default());
    editor.insert(b"y");
    assert_eq!(editor.line, [b'x'; MAX_LINE]);
}

#[test]
fn ctrl_c_drops_the_line() {
    let _console = testing::capture();
    for keys in [&b"x"[..], b"x\x12y", b"x\x1b["] {
        let mut editor = Editor::default();
        let mut kept = Kept::default();
        keys.iter().for_each(|&key| _ = editor.key(key, &mut kept));
        assert_eq!(editor.key(3, &mut kept), Step::Interrupted);
    }
}

#[test]
fn random_keys_leave_the_screen_right() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..300 {
        let mut keys = Vec::new();
        let mut kept = Kept::default();
        kept.history.add("load pvblock 0:1 x");
        kept.history.add("boot");
        for _ in 0..60 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let all: &[u8] = b"abc d./\x01\x02\x04\x05\x06\x07\x08\x0b\x0e\x0f\x10\x12\x14\x15\x17\x19\x1b[DC3~bfd\x7f";
            keys.push(all[(state % all.len() as u64) as usize]);
        }
        // The last key ends a search and a sequence, so that the line is all that is shown.
        keys.extend(b"\x07\x05");
        let (shown, column) = screen(&keys, &mut kept);
        let console = testing::capture();
        let mut kept = Kept::default();
        kept.history.add("load pvblock 0:1 x");
        kept.history.add("boot");
        let mut editor = Editor::default();
        keys.iter().for_each(|&key| _ = editor.key(key, &mut kept));
        drop(console);
        assert_eq!(shown.as_bytes(), editor.line.trim_ascii_end(), "{keys:?}");
        assert_eq!(column, editor.line.len(), "{keys:?}");
    }
}
