// SPDX-License-Identifier: GPL-2.0-or-later
//! `env select`: selects where the environment is saved and loaded.

use crate::{CmdError, CmdResult, Context};

pub fn do_select(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let name = args.get(1).ok_or(CmdError::Usage)?;
    ctx.env.select(name).map_err(|_| CmdError::Failure)
}
