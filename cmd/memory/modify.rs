// SPDX-License-Identifier: GPL-2.0-or-later
//! `mm`, `nm`: show a unit of memory, ask for its new value, and go on; `mm` to
//! the next one, `nm` to the same again.
//!
//! An empty line leaves the unit as it is, `-` goes back, anything else that
//! does not begin as a number ends it.

use super::value;
use crate::memory_common::address;
use crate::number::width;
use crate::{CmdError, CmdResult, Context};
use common::{Error, print, println};

/// Where the next `mm` or `nm` that repeats the last one goes on.
#[derive(Default)]
struct Place {
    address: u64,
    width: usize,
}

fn modify(ctx: &mut Context, args: &[&str], increment: bool) -> CmdResult {
    let &[name, start] = args else {
        return Err(CmdError::Usage);
    };
    if !ctx.repeated {
        let address = address(ctx, start)?;
        *ctx.state::<Place>() = Place {
            address,
            width: width(name)?,
        };
    }
    loop {
        let &mut Place { address, width } = ctx.state::<Place>();
        let mut unit = [0; 8];
        ctx.ram.peek(address, &mut unit[..width])?;
        // As in U-Boot without leading zeros for the widest.
        let digits = if width == 8 { 0 } else { width * 2 };
        print!("{address:08x}: {:0digits$x}", value(&unit[..width]));
        let Some(line) = ctx.read_line(" ? ", "") else {
            println!();
            return Err(Error::Interrupted.into());
        };
        let step = if increment { width as u64 } else { 0 };
        let next = match line.as_str() {
            "" => address.wrapping_add(step),
            "-" => address.wrapping_sub(step),
            line => {
                let Some(number) = leading_hex(line) else {
                    return Ok(());
                };
                let memory = ctx.ram.slice_mut(address, width)?;
                memory.copy_from_slice(&number.to_le_bytes()[..width]);
                address.wrapping_add(step)
            }
        };
        ctx.state::<Place>().address = next;
    }
}

/// The hexadecimal number that a text begins with; digits that do not fit are lost at its front.
fn leading_hex(text: &str) -> Option<u64> {
    let digits = text
        .strip_prefix("0x")
        .or(text.strip_prefix("0X"))
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_hexdigit()))
        .unwrap_or(text);
    let mut digits = digits.chars().map_while(|c| c.to_digit(16)).peekable();
    digits.peek()?;
    Some(digits.fold(0, |number, digit| number << 4 | u64::from(digit)))
}

command! {
    name: "mm",
    max_args: 2,
    repeatable: true,
    usage: "memory modify (auto-incrementing address)",
    help: "[.b, .w, .l, .q] address",
    run: |ctx, args| modify(ctx, args, true),
}

command! {
    name: "nm",
    max_args: 2,
    repeatable: true,
    usage: "memory modify (constant address)",
    help: "[.b, .w, .l, .q] address",
    run: |ctx, args| modify(ctx, args, false),
}
