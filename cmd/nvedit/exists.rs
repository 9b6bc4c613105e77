// SPDX-License-Identifier: GPL-2.0-or-later
//! `env exists`: tells whether a variable is set.

use crate::{CmdError, CmdResult, Context};

pub fn do_exists(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let name = args.get(1).ok_or(CmdError::Usage)?;
    ctx.env.get(name).map(|_| ()).ok_or(CmdError::Failure)
}
