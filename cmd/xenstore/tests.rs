// SPDX-License-Identifier: GPL-2.0-or-later
//! `xenstore` against a store of its own.

use super::*;
use crate::testing::{self, Captured, xen as fake};
use std::format;

struct Guest {
    console: Captured,
    ctx: Context,
    store: Arc<fake::Store>,
}

impl Guest {
    fn new(store: fake::Store) -> Guest {
        let console = testing::capture();
        let store = Arc::new(store);
        let ctx = fake::context(store.clone());
        Guest {
            console,
            ctx,
            store,
        }
    }

    fn run(&mut self, line: &str) -> (i32, String) {
        let status = self.ctx.run_script(line);
        (status, self.console.take())
    }
}

fn failure(text: &str) -> (i32, String) {
    (1, text.into())
}

fn success(text: &str) -> (i32, String) {
    (0, text.into())
}

#[test]
fn nodes_are_written_read_and_removed() {
    let mut guest = Guest::new(fake::Store::default());
    let gone = failure("xenstore: couldn't read path data/a: ENOENT\n");
    assert_eq!(guest.run("xenstore read data/a"), gone);
    assert_eq!(guest.run("xenstore exists data/a"), failure(""));
    assert_eq!(
        guest.run("xenstore write data/a 1 data/b 'two words'"),
        success("")
    );
    assert_eq!(guest.run("xenstore exists data/a"), success(""));
    let absolute = "xenstore read /local/domain/1/data/b";
    assert_eq!(guest.run(absolute), success("two words\n"));
    assert_eq!(
        guest.run("xenstore read data/b v; echo $v"),
        success("two words\n")
    );
    assert_eq!(guest.run("xenstore rm data/a none"), success(""));
    assert_eq!(guest.run("xenstore read data/a"), gone);
    let denied = failure("xenstore: couldn't read path secret: EPERM\n");
    assert_eq!(guest.run("xenstore read secret"), denied);
    assert_eq!(guest.run("xenstore exists secret"), denied);
}

#[test]
fn values_are_escaped_both_ways() {
    let mut guest = Guest::new(fake::Store::default());
    let hostile = b"a\x1b[2J\\\n\xff\0".to_vec();
    guest
        .store
        .nodes
        .lock()
        .unwrap()
        .insert(b"/v".to_vec(), hostile);
    assert_eq!(
        guest.run("xenstore read /v"),
        success("a\\x1b[2J\\\\\\n\\xff\n")
    );
    assert_eq!(
        guest.run("xenstore write /w \"a\\x1B\\n\\\\\\\\\\xg\""),
        success("")
    );
    let written = guest.store.nodes.lock().unwrap()[&b"/w"[..]].clone();
    assert_eq!(written, b"a\x1b\n\\\\xg");
    for bytes in [&b""[..], b"\\x", b"\x00\x7f\x80\t\r", "ä".as_bytes()] {
        assert_eq!(unescaped(&escaped(bytes)), bytes);
    }
    assert_eq!(unescaped("\\x+1\\"), b"\\x+1\\");
}

#[test]
fn the_tree_is_shown() {
    let mut guest = Guest::new(fake::Store::default());
    guest.run(
        "xenstore write name guest device/vbd '' device/vbd/51712 '' device/vbd/51712/state 4",
    );
    let lines = "device:\n vbd = \"\"\n";
    assert!(guest.run("xenstore ls").1.starts_with(lines));
    guest.run("xenstore write device ''");
    let lines = "device = \"\"\n vbd = \"\"\n  51712 = \"\"\n   state = \"4\"\nname = \"guest\"\n";
    assert_eq!(guest.run("xenstore ls"), success(lines));
    let lines = "device/vbd/51712 = \"\"\ndevice/vbd/51712/state = \"4\"\n";
    assert_eq!(guest.run("xenstore ls -f device/vbd"), success(lines));
    assert_eq!(guest.run("xenstore ls name"), success(""));
    let gone = failure("xenstore: couldn't list path none: ENOENT\n");
    assert_eq!(guest.run("xenstore ls none"), gone);
}

#[test]
fn hostile_names_are_escaped_and_what_is_secret_is_skipped() {
    let mut guest = Guest::new(fake::Store::default());
    for (name, value) in [
        (&b"/d/a\x1b"[..], &b"1"[..]),
        (b"/d/b\xff", b"2"),
        (b"/d/secret", b"3"),
        (b"/d/z", b"4"),
    ] {
        let mut nodes = guest.store.nodes.lock().unwrap();
        nodes.insert(name.to_vec(), value.to_vec());
    }
    let lines = "a\\x1b = \"1\"\nb\\xff:\nsecret:\nz = \"4\"\n";
    assert_eq!(guest.run("xenstore ls /d"), success(lines));
    assert!(
        guest
            .run("xenstore ls -f /")
            .1
            .contains("/d/a\\x1b = \"1\"\n")
    );
}

#[test]
fn a_tree_without_end_comes_to_an_end() {
    let mut guest = Guest::new(fake::Store {
        endless: true,
        ..fake::Store::default()
    });
    let (status, text) = guest.run("xenstore ls /x");
    assert_eq!((status, text.lines().count()), (1, 65));
    assert!(text.ends_with(": ERANGE\n"), "{text}");
}

#[test]
fn changes_are_printed_until_enough() {
    let mut guest = Guest::new(fake::Store::default());
    guest
        .store
        .changes
        .lock()
        .unwrap()
        .extend([b"a/b\x1b".to_vec(), b"c".to_vec()]);
    assert_eq!(guest.run("xenstore watch -n 2 a"), success("a\na/b\\x1b\n"));
    guest.console.keys("\x03");
    let (status, text) = guest.run("xenstore watch a; echo more");
    assert_ne!(status, 0);
    assert!(text.starts_with("a\n") && !text.contains("more"), "{text}");
    let denied = failure("xenstore: couldn't watch path secret: EPERM\n");
    assert_eq!(guest.run("xenstore watch b secret"), denied);
    assert!(guest.store.watches.lock().unwrap().is_empty());
}

#[test]
fn what_is_no_use_is_explained() {
    let mut guest = Guest::new(fake::Store::default());
    for line in [
        "",
        "read",
        "write a",
        "write",
        "ls -x",
        "ls a b",
        "rm",
        "exists",
        "watch",
        "watch -n x a",
        "watch -n 1",
        "chmod a",
    ] {
        let (status, text) = guest.run(&format!("xenstore {line}"));
        assert_eq!(status, 1, "{line}");
        assert!(text.contains("Usage:\nxenstore read"), "{line}: {text}");
    }
    drop(guest);
    assert!(testing::run("xenstore read a").1.contains("no such device"));
}
