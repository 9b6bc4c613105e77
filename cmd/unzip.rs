// SPDX-License-Identifier: GPL-2.0-or-later
//! `unzip`: unpacks a gzip file in memory.
#![cfg(CONFIG_CMD_UNZIP)]

use crate::{CmdResult, Context};
use boot::decompress::Format;

fn do_unzip(ctx: &mut Context, args: &[&str]) -> CmdResult {
    crate::unpack_common::unpack(ctx, args, Format::Gzip)
}

command! {
    name: "unzip",
    max_args: 4,
    repeatable: true,
    usage: "unpack a gzip file in memory",
    help: "srcaddr dstaddr [dstsize]",
    run: do_unzip,
}
