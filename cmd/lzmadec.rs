// SPDX-License-Identifier: GPL-2.0-or-later
//! `lzmadec`: unpacks a `.lzma` file in memory.
#![cfg(CONFIG_CMD_LZMADEC)]

use crate::{CmdResult, Context};
use boot::decompress::Format;

fn do_lzmadec(ctx: &mut Context, args: &[&str]) -> CmdResult {
    crate::unpack_common::unpack(ctx, args, Format::Lzma)
}

command! {
    name: "lzmadec",
    max_args: 4,
    repeatable: true,
    usage: "unpack LZMA data in memory",
    help: "srcaddr dstaddr [dstsize]",
    run: do_lzmadec,
}
