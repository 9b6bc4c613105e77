// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootflow cmdline`: changes arguments of the selected flow's command line.

use crate::{CmdError, CmdResult, Context};
use alloc::format;
use alloc::string::String;
use boot::cmdline::{self, ArgError, Change};
use common::println;
use dm::UclassId;

/// `bootflow cmdline [set|get|clear|delete|auto] <param> [<value>]`
pub fn cmdline(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let [_, what, name, value @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let (_, flow) = ctx.current_flow()?;
    let line = flow.cmdline.clone().unwrap_or_default();
    let done = match what.chars().next() {
        Some('s') => {
            let value = value.first();
            let change = value.map_or(Change::NoValue, |value| Change::Value(value));
            change_line(ctx, &line, name, change)
        }
        Some('g') => cmdline::get(&line, name).map(|value| println!("{value}")),
        Some('c') => change_line(ctx, &line, name, Change::Value("")),
        Some('d') => change_line(ctx, &line, name, Change::Delete),
        Some('a') => match automatic(ctx, name) {
            Some(value) => change_line(ctx, &line, name, Change::Value(&value)),
            None => {
                println!("Unknown param '{name}'");
                Err(ArgError::NotFound)
            }
        },
        _ => return Err(CmdError::Usage),
    };
    done.map_err(|error| {
        println!(
            "{}",
            match error {
                ArgError::NotFound => "Argument not found",
                ArgError::Quotes => "Mismatched quotes",
                ArgError::Value => "Value must be quoted",
                ArgError::TooLong => "Argument too long",
            }
        );
        CmdError::Failure
    })
}

/// Changes the flow's command line, and the variable `bootargs` with it.
fn change_line(
    ctx: &mut Context,
    line: &str,
    name: &str,
    change: Change<'_>,
) -> Result<(), ArgError> {
    let line = cmdline::set(line, name, change)?;
    if let Err(error) = ctx.env.set("bootargs", &line) {
        println!("Cannot set bootargs: {error}");
    }
    // From here the flow takes it over when it is looked at.
    Ok(())
}

/// The value of an argument that follows from the console: `console` or `earlycon`.
fn automatic(ctx: &Context, name: &str) -> Option<String> {
    let devices = ctx.dm.uclass_devices(UclassId::Serial);
    let device = devices.into_iter().find(|device| device.active())?;
    match (device.driver().name, name) {
        ("serial_xen", "console") => Some("hvc0".into()),
        ("serial_xen", "earlycon") => Some("xenboot".into()),
        ("serial_pl01x", "console") => Some("ttyAMA0".into()),
        ("serial_pl01x", "earlycon") => {
            let registers = device.node()?.reg(0).ok()?;
            Some(format!("pl011,mmio32,{:#x}", registers.start))
        }
        _ => None,
    }
}
