// SPDX-License-Identifier: GPL-2.0-or-later
//! `env info`: shows the state of the environment, or tells whether something is so.

use crate::{CmdError, CmdResult, Context};
use common::println;
use env::storage::Validity;

pub fn do_info(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.len() <= 1 {
        show(ctx);
        return Ok(());
    }
    let (mut default, mut persisted, mut quiet) = (false, false, false);
    for option in &args[1..] {
        let Some(letters) = option.strip_prefix('-') else {
            break;
        };
        for letter in letters.chars() {
            match letter {
                'd' => default = true,
                'p' => persisted = true,
                'q' => quiet = true,
                _ => return Err(CmdError::Usage),
            }
        }
    }
    let mut result = Ok(());
    let mut check = |asked: bool, is_so: bool, yes: &str, no: &str| {
        if asked && !quiet {
            println!("{}", if is_so { yes } else { no });
        }
        if asked && !is_so {
            result = Err(CmdError::Failure);
        }
    };
    check(
        default,
        ctx.env.is_default(),
        "Default environment is used",
        "Environment was loaded from persistent storage",
    );
    check(
        persisted,
        cfg!(CONFIG_CMD_SAVEENV) && ctx.env.can_be_saved(),
        "Environment can be persisted",
        "Environment cannot be persisted",
    );
    result
}

fn show(ctx: &Context) {
    let valid = match ctx.env.validity() {
        Validity::Invalid => "invalid",
        Validity::Valid => "valid",
        Validity::Redundant => "redundant",
    };
    println!("env_valid = {valid}");
    println!("env_ready = true");
    println!("env_use_default = {}", ctx.env.is_default());
}
