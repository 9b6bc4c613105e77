// SPDX-License-Identifier: GPL-2.0-or-later
//! `unxz`: unpacks a `.xz` file in memory. U-Boot has no such command; it is as its `lzmadec`.
#![cfg(CONFIG_CMD_UNXZ)]

use crate::{CmdResult, Context};
use boot::decompress::Format;

fn do_unxz(ctx: &mut Context, args: &[&str]) -> CmdResult {
    crate::unpack_common::unpack(ctx, args, Format::Xz)
}

command! {
    name: "unxz",
    max_args: 4,
    repeatable: true,
    usage: "unpack an xz file in memory",
    help: "srcaddr dstaddr [dstsize]",
    run: do_unxz,
}
