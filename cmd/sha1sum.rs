// SPDX-License-Identifier: GPL-2.0-or-later
//! `sha1sum`: hashes memory with SHA-1.
//!
//! Behaviour: U-Boot, `cmd/sha1sum.c`.
#![cfg(CONFIG_CMD_SHA1SUM)]

use crate::hash_common::{Target, sum};
use crate::{CmdResult, Context};

fn do_sha1sum(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let verify = cfg!(CONFIG_SHA1SUM_VERIFY);
    sum(ctx, args, "sha1", verify, Target::Variable)
}

command! {
    name: "sha1sum",
    max_args: if cfg!(CONFIG_SHA1SUM_VERIFY) { 5 } else { 4 },
    repeatable: true,
    usage: "hash memory with SHA-1",
    help: "address count [[*]sum]\n    \
        - show the hash; set the variable 'sum' to it, or store it at '*sum'\n\
        sha1sum -v address count [*]sum\n    \
        - compare the hash with a given one, a variable's, or the one at '*sum'",
    run: do_sha1sum,
}
