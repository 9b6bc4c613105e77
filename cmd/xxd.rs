// SPDX-License-Identifier: GPL-2.0-or-later
//! `xxd`: shows the bytes of a file.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/xxd.rst`.
#![cfg(CONFIG_CMD_XXD)]

use crate::memory_common::{LINE, print_line};
use crate::{CmdResult, Context, complete, fs_common};
use common::{Error, console};

fn do_xxd(ctx: &mut Context, args: &[&str]) -> CmdResult {
    fs_common::show_file(ctx, args, "Cannot read file", |offset, bytes| {
        for (address, line) in (offset..).step_by(LINE).zip(bytes.chunks(LINE)) {
            print_line(address, line, 1);
            if console::ctrlc() {
                return Err(Error::Interrupted);
            }
        }
        Ok(true)
    })
}

command! {
    name: "xxd",
    max_args: 4,
    repeatable: true,
    usage: "Print file as hexdump to standard output",
    help: "<interface> <dev[:part]> <file>\n    - show a file's bytes on the console",
    complete: complete::file_at::<3>,
    run: do_xxd,
}
