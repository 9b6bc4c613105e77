// SPDX-License-Identifier: GPL-2.0-or-later
//! What the commands for images share.
#![cfg(any(
    CONFIG_CMD_BOOTI,
    CONFIG_CMD_BOOTM,
    CONFIG_CMD_IMI,
    CONFIG_CMD_SOURCE,
    CONFIG_CMD_XIMG
))]

use crate::{CmdError, Context};
use boot::find::Select;
use boot::spec::{Part, Spec};
use common::println;
use include::config::CONFIG_SYS_LOAD_ADDR;

/// Where an image is if nobody says where.
pub fn load_address(ctx: &Context) -> u64 {
    ctx.env.get_hex("loadaddr", CONFIG_SYS_LOAD_ADDR)
}

/// Whether the variable `verify` wants checksums to be compared.
pub fn verify(ctx: &Context) -> bool {
    ctx.env.get_yesno("verify") != Some(false)
}

/// An argument that names an image.
///
/// # Errors
/// After saying that it does not.
pub fn spec(arg: &str) -> Result<Spec<'_>, CmdError> {
    Spec::parse(arg).map_err(|_| {
        println!("## Error: '{arg}' is not ADDR, ADDR:IMAGE or ADDR#CONFIGURATION");
        CmdError::Failure
    })
}

/// The same with the address filled in; without an argument it is all of what is at `loadaddr`.
///
/// # Errors
/// As [`spec`].
pub fn located<'a>(ctx: &Context, arg: Option<&&'a str>) -> Result<(u64, Part<'a>), CmdError> {
    let Some(arg) = arg else {
        return Ok((load_address(ctx), Part::Any));
    };
    let spec = spec(arg)?;
    Ok((spec.address.unwrap_or_else(|| load_address(ctx)), spec.part))
}

/// An argument that names an image or, as `-`, none; without it the default is meant.
///
/// # Errors
/// As [`spec`].
pub fn select<'a>(arg: Option<&&'a str>) -> Result<Select<'a>, CmdError> {
    match arg {
        None => Ok(Select::Default),
        Some(&"-") => Ok(Select::None),
        Some(arg) => Ok(Select::Spec(spec(arg)?)),
    }
}
