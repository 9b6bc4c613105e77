// SPDX-License-Identifier: GPL-2.0-or-later
//! `md5sum`: hashes memory with MD5.
//!
//! Behaviour: U-Boot, `cmd/md5sum.c`.
#![cfg(CONFIG_CMD_MD5SUM)]

use crate::hash_common::{Target, sum};
use crate::{CmdResult, Context};

fn do_md5sum(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let verify = cfg!(CONFIG_MD5SUM_VERIFY);
    sum(ctx, args, "md5", verify, Target::Variable)
}

command! {
    name: "md5sum",
    max_args: if cfg!(CONFIG_MD5SUM_VERIFY) { 5 } else { 4 },
    repeatable: true,
    usage: "hash memory with MD5",
    help: "address count [[*]sum]\n    \
        - show the hash; set the variable 'sum' to it, or store it at '*sum'\n\
        md5sum -v address count [*]sum\n    \
        - compare the hash with a given one, a variable's, or the one at '*sum'",
    run: do_md5sum,
}
