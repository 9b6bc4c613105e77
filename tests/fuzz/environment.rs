// SPDX-License-Identifier: GPL-2.0-or-later
//! Texts for `env import`: no panic, and what was understood comes back the
//! same. The first byte chooses how to import; with its highest bit set the
//! rest is a stored image.
#![no_main]

use env::{By, Env, Import, Separator};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&how, text)) = data.split_first() else {
        return;
    };
    if how & 0x80 != 0 {
        _ = env::variables_of(text);
        return;
    }
    let separator = match how & 1 {
        0 => Separator::Nul,
        _ => Separator::Newline,
    };
    let how = Import {
        separator,
        crlf: how & 2 != 0,
        delete: how & 4 != 0,
        names: if how & 8 != 0 { &["a", "b"] } else { &[] },
        by: if how & 16 != 0 { By::Force } else { By::User },
    };
    let mut env = Env::empty();
    if env.import(text, &how).is_err() {
        return;
    }
    let exported = env.export(separator, &[]);
    let all = Import {
        crlf: false,
        delete: true,
        names: &[],
        ..how
    };
    let mut copy = Env::empty();
    copy.import(&exported, &all).unwrap();
    for (name, value) in env.sorted() {
        // These an import takes for something else, or the variable's flags forbid them.
        let special = value.is_empty() || name.starts_with([' ', '\t', '#']);
        let flagged = env.get(".flags").is_some();
        assert!(special || flagged || copy.get(name) == Some(value));
    }
});
