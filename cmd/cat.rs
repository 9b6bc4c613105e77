// SPDX-License-Identifier: GPL-2.0-or-later
//! `cat`: prints a file.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/cat.rst`; a zero ends the text.
#![cfg(CONFIG_CMD_CAT)]

use crate::{CmdError, CmdResult, Context, complete, fs_common};
use alloc::vec;
use common::{Error, console, println};
use fs::FileSystem;

/// Bytes that are read together.
const PIECE: usize = 64 << 10;

fn do_cat(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[_, interface, spec, file] = args else {
        return Err(CmdError::Usage);
    };
    let fs = fs_common::mount(ctx, interface, Some(spec), None)?;
    let which = || alloc::format!("ifname={interface} dev={spec} file={file}");
    print(fs.as_ref(), file).map_err(|error| match error {
        Error::Interrupted => error.into(),
        Error::NotFound | Error::NotADirectory => {
            println!("File does not exist: {}", which());
            CmdError::Failure
        }
        error => fs_common::fail(&alloc::format!("File-read failed: {}", which()), error),
    })
}

fn print(fs: &dyn FileSystem, file: &str) -> common::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    loop {
        let len = fs.read(file, offset, &mut piece)?;
        let text = piece.get(..len).unwrap_or_default();
        let end = text.iter().position(|&byte| byte == 0);
        console::write_bytes(text.get(..end.unwrap_or(len)).unwrap_or_default());
        if end.is_some() || len < PIECE {
            return Ok(());
        }
        if console::ctrlc() {
            return Err(Error::Interrupted);
        }
        offset += PIECE as u64;
    }
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
