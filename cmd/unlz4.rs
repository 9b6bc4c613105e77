// SPDX-License-Identifier: GPL-2.0-or-later
//! `unlz4`: unpacks an LZ4 frame in memory.
#![cfg(CONFIG_CMD_UNLZ4)]

use crate::{CmdError, CmdResult, Context};
use boot::decompress::Format;

fn do_unlz4(ctx: &mut Context, args: &[&str]) -> CmdResult {
    // As in U-Boot the size is no option here.
    if args.len() != 4 {
        return Err(CmdError::Usage);
    }
    crate::unpack_common::unpack(ctx, args, Format::Lz4)
}

command! {
    name: "unlz4",
    max_args: 4,
    repeatable: true,
    usage: "unpack an LZ4 frame in memory",
    help: "srcaddr dstaddr dstsize",
    run: do_unlz4,
}
