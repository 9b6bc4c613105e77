// SPDX-License-Identifier: GPL-2.0-or-later
//! `unzstd`: unpacks a Zstandard frame in memory. U-Boot has no such command; it is as its `lzmadec`.
#![cfg(CONFIG_CMD_UNZSTD)]

use crate::{CmdResult, Context};
use boot::decompress::Format;

fn do_unzstd(ctx: &mut Context, args: &[&str]) -> CmdResult {
    crate::unpack_common::unpack(ctx, args, Format::Zstd)
}

command! {
    name: "unzstd",
    max_args: 4,
    repeatable: true,
    usage: "unpack a Zstandard frame in memory",
    help: "srcaddr dstaddr [dstsize]",
    run: do_unzstd,
}
