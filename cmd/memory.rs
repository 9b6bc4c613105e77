// SPDX-License-Identifier: GPL-2.0-or-later
//! `md`, `mw`, `cp`, `cmp`, `base`: show, fill, copy and compare memory; beside
//! this file `mm` and `nm`, which change it, and the commands that do something
//! with it again and again.
//!
//! Addresses, values and counts are hexadecimal; a count is of units, whose
//! width the end of the command's name gives (`md.b`). An address that is not
//! RAM, or that the loader itself needs, is refused before anything is done.
#![cfg(CONFIG_CMD_MEMORY)]

#[cfg(CONFIG_CMD_MX_CYCLIC)]
#[path = "memory/cyclic.rs"]
mod cyclic;
#[path = "memory/loops.rs"]
mod loops;
#[path = "memory/modify.rs"]
mod modify;

use crate::memory_common::{Base, address, bytes, show, value};
use crate::number::{hex, width};
use crate::{CmdError, CmdResult, Context};
use alloc::vec;
use alloc::vec::Vec;
use arch::mem::{MemError, Ram};
use common::{Error, console, println};

/// Bytes that are compared or filled between two looks for Ctrl-C.
const CHUNK: usize = 64 << 10;

/// Where the next `md` without arguments of its own goes on.
struct Dump {
    address: u64,
    count: u64,
    width: usize,
}

impl Default for Dump {
    fn default() -> Self {
        Dump {
            address: 0,
            count: 0x40,
            width: 4,
        }
    }
}

fn do_md(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.len() < 2 {
        return Err(CmdError::Usage);
    }
    let (repeated, address) = (ctx.repeated, address(ctx, args[1])?);
    let dump = ctx.state::<Dump>();
    if !repeated {
        dump.width = width(args[0])?;
        dump.address = address;
        if let Some(count) = args.get(2) {
            dump.count = hex(count)?;
        }
    }
    let Dump {
        address,
        count,
        width,
    } = *dump;
    let length = bytes(address, count, width)?;
    dump.address = address.wrapping_add(length as u64);
    show(&ctx.ram, address, length, width)
}

fn do_mw(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (address, value, count) = match args {
        [_, at, value] => (address(ctx, at)?, hex(value)?, 1),
        [_, at, value, count] => (address(ctx, at)?, hex(value)?, hex(count)?),
        _ => return Err(CmdError::Usage),
    };
    let width = width(args[0])?;
    let length = bytes(address, count, width)?;
    let place = ctx.ram.slice_mut(address, length)?;
    let units = value.to_le_bytes().into_iter().take(width).cycle();
    let filling: Vec<u8> = units.take(CHUNK.min(length)).collect();
    for chunk in place.chunks_mut(CHUNK) {
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
        chunk.copy_from_slice(&filling[..chunk.len()]);
    }
    Ok(())
}

fn do_cp(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let [name, from, to, count] = args else {
        return Err(CmdError::Usage);
    };
    let (from, to, count) = (address(ctx, from)?, address(ctx, to)?, hex(count)?);
    if count == 0 {
        println!("Zero length ???");
        return Err(CmdError::Failure);
    }
    let length = bytes(from, count, width(name)?)?;
    Ok(ctx.ram.copy(from, to, length)?)
}

fn do_cmp(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let [name, first, second, count] = args else {
        return Err(CmdError::Usage);
    };
    let (first, second, count) = (address(ctx, first)?, address(ctx, second)?, hex(count)?);
    let width = width(name)?;
    let length = bytes(first, count, width)?;
    let kind = match width {
        8 => "double word",
        4 => "word",
        2 => "halfword",
        _ => "byte",
    };
    let same = same_bytes(&ctx.ram, first, second, length)? / width;
    let equal = same * width == length;
    if !equal {
        let offset = same * width;
        let show = |address: u64| -> Result<(u64, u64), MemError> {
            let address = address.wrapping_add(offset as u64);
            let mut unit = vec![0; width];
            ctx.ram.peek(address, &mut unit)?;
            Ok((address, value(&unit)))
        };
        let (first, second) = (show(first)?, show(second)?);
        println!(
            "{kind} at 0x{:08x} ({:#0w$x}) != {kind} at 0x{:08x} ({:#0w$x})",
            first.0,
            first.1,
            second.0,
            second.1,
            w = width
        );
    }
    println!("Total of {same} {kind}(s) were the same");
    equal.then_some(()).ok_or(CmdError::Failure)
}

/// How many bytes at two addresses are the same, until the first that is not.
fn same_bytes(ram: &Ram, first: u64, second: u64, length: usize) -> Result<usize, CmdError> {
    // Both ranges are checked before anything is compared.
    ram.slice(first, length)?;
    ram.slice(second, length)?;
    for offset in (0..length).step_by(CHUNK) {
        let chunk = CHUNK.min(length - offset);
        let first = ram.slice(first.wrapping_add(offset as u64), chunk)?;
        let second = ram.slice(second.wrapping_add(offset as u64), chunk)?;
        if let Some(place) = first.iter().zip(second).position(|(a, b)| a != b) {
            return Ok(offset + place);
        }
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
    }
    Ok(length)
}

fn do_base(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let base = match args.get(1) {
        Some(base) => hex(base)?,
        None => ctx.state::<Base>().0,
    };
    ctx.state::<Base>().0 = base;
    println!("Base Address: 0x{base:08x}");
    Ok(())
}

#[cfg(test)]
#[path = "memory/tests.rs"]
mod tests;

command! {
    name: "md",
    max_args: 3,
    repeatable: true,
    usage: "memory display",
    help: "[.b, .w, .l, .q] address [# of objects]",
    run: do_md,
}

command! {
    name: "mw",
    max_args: 4,
    repeatable: true,
    usage: "memory write (fill)",
    help: "[.b, .w, .l, .q] address value [count]",
    run: do_mw,
}

command! {
    name: "cp",
    max_args: 4,
    repeatable: true,
    usage: "memory copy",
    help: "[.b, .w, .l, .q] source target count",
    run: do_cp,
}

command! {
    name: "cmp",
    max_args: 4,
    repeatable: true,
    usage: "memory compare",
    help: "[.b, .w, .l, .q] addr1 addr2 count",
    run: do_cmp,
}

command! {
    name: "base",
    max_args: 2,
    repeatable: true,
    usage: "show or set what is added to addresses",
    help: "[off]\n    \
        - show what cmp, cp, md, mdc, mm, ms, mw, mwc and nm add to addresses, or\n      \
        set it to 'off'",
    run: do_base,
}
