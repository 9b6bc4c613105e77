// SPDX-License-Identifier: GPL-2.0-or-later
//! `env delete`: deletes variables.

use crate::setenv::force_option;
use crate::{CmdError, CmdResult, Context};

pub fn do_delete(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (by, names) = force_option(args)?;
    let mut result = Ok(());
    for name in names {
        if ctx.env.remove(name, by).is_err() {
            result = Err(CmdError::Failure);
        }
    }
    result
}
