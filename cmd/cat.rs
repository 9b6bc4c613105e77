// SPDX-License-Identifier: GPL-2.0-or-later
//! `cat`: prints a file.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/cat.rst`; a zero ends the text.
#![cfg(CONFIG_CMD_CAT)]

use crate::{CmdResult, Context, complete, fs_common};
use common::console;

fn do_cat(ctx: &mut Context, args: &[&str]) -> CmdResult {
    fs_common::show_file(ctx, args, "File-read failed", |_, text| {
        let end = text.iter().position(|&byte| byte == 0);
        console::write_bytes(text.get(..end.unwrap_or(text.len())).unwrap_or_default());
        Ok(end.is_none())
    })
}

command! {
    name: "cat",
    max_args: 4,
    repeatable: true,
    usage: "Print file to standard output",
    help: "<interface> <dev[:part]> <file>\n    - print a file on the console",
    complete: complete::file_at::<3>,
    run: do_cat,
}
