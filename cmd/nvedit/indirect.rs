// SPDX-License-Identifier: GPL-2.0-or-later
//! `env indirect`: sets a variable to the value of another one.

use crate::{CmdError, CmdResult, Context};
use alloc::string::ToString;
use common::println;

pub fn do_indirect(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (to, from, default) = match *args {
        [_, to, from] => (to, from, None),
        [_, to, from, default] => (to, from, Some(default)),
        _ => return Err(CmdError::Usage),
    };
    let Some(value) = ctx.env.get(from).or(default).map(ToString::to_string) else {
        println!("## env indirect: Environment variable for <from> ({from}) does not exist.");
        return Err(CmdError::Failure);
    };
    Ok(ctx.env.set(to, &value)?)
}
