// SPDX-License-Identifier: GPL-2.0-or-later
//! `sm3sum`: hashes memory with SM3.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/sm3sum.rst`.
#![cfg(CONFIG_CMD_SM3SUM)]

use crate::hash_common::{Target, sum};
use crate::{CmdResult, Context};

fn do_sm3sum(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let verify = cfg!(CONFIG_SM3SUM_VERIFY);
    sum(ctx, args, "sm3_256", verify, Target::Variable)
}

command! {
    name: "sm3sum",
    max_args: if cfg!(CONFIG_SM3SUM_VERIFY) { 5 } else { 4 },
    repeatable: true,
    usage: "hash memory with SM3",
    help: "address count [[*]sum]\n    \
        - show the hash; set the variable 'sum' to it, or store it at '*sum'\n\
        sm3sum -v address count [*]sum\n    \
        - compare the hash with a given one, a variable's, or the one at '*sum'",
    run: do_sm3sum,
}
