// SPDX-License-Identifier: GPL-2.0-or-later
//! `env load`: replaces the environment by the saved one.

use crate::{CmdError, CmdResult, Context};

pub fn do_load(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    ctx.env.reload(&ctx.dm).map_err(|_| CmdError::Failure)
}
