// SPDX-License-Identifier: GPL-2.0-or-later
//! `env default`: sets variables to their default values.

use crate::{CmdError, CmdResult, Context};
use common::println;
use env::By;

pub fn do_default(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (mut all, mut keep, mut by) = (false, false, By::User);
    let mut names = &args[1..];
    while let [option, rest @ ..] = names {
        let Some(letters) = option.strip_prefix('-') else {
            break;
        };
        for letter in letters.chars() {
            match letter {
                'a' => all = true,
                'f' => by = By::Force,
                'k' => keep = true,
                _ => return Err(CmdError::Usage),
            }
        }
        names = rest;
    }
    if all != names.is_empty() {
        return Err(CmdError::Usage);
    }
    if all {
        println!("## Resetting to default environment");
    }
    match all && !keep {
        true => ctx.env.reset(None),
        false => ctx.env.set_defaults(names, keep, by),
    }
    Ok(())
}
