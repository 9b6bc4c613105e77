// SPDX-License-Identifier: GPL-2.0-or-later
//! `sha256sum`: hashes memory with SHA-256.
//!
//! Behaviour: as `sha1sum`; U-Boot itself has no such command.
#![cfg(CONFIG_CMD_SHA256SUM)]

use crate::hash_common::{Target, sum};
use crate::{CmdResult, Context};

fn do_sha256sum(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let verify = cfg!(CONFIG_SHA256SUM_VERIFY);
    sum(ctx, args, "sha256", verify, Target::Variable)
}

command! {
    name: "sha256sum",
    max_args: if cfg!(CONFIG_SHA256SUM_VERIFY) { 5 } else { 4 },
    repeatable: true,
    usage: "hash memory with SHA-256",
    help: "address count [[*]sum]\n    \
        - show the hash; set the variable 'sum' to it, or store it at '*sum'\n\
        sha256sum -v address count [*]sum\n    \
        - compare the hash with a given one, a variable's, or the one at '*sum'",
    run: do_sha256sum,
}
