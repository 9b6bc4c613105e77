// SPDX-License-Identifier: GPL-2.0-or-later
//! `loop`, `loopw`: read or write memory until Ctrl-C, for a look at the bus from outside.

use super::bytes;
use crate::number::{hex, width};
use crate::{CmdError, CmdResult, Context};
use common::{Error, console};
use core::hint::black_box;

fn do_loop(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[name, address, count] = args else {
        return Err(CmdError::Usage);
    };
    let (address, count, width) = (hex(address)?, hex(count)?, width(name)?);
    let memory = ctx.ram.slice(address, bytes(address, count, width)?)?;
    while !console::ctrlc() {
        match width {
            8 => read::<8>(memory),
            4 => read::<4>(memory),
            2 => read::<2>(memory),
            _ => read::<1>(memory),
        }
    }
    Err(Error::Interrupted.into())
}

fn read<const WIDTH: usize>(memory: &[u8]) {
    for unit in memory.as_chunks::<WIDTH>().0 {
        black_box(*black_box(unit));
    }
}

#[cfg(CONFIG_LOOPW)]
fn do_loopw(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[name, address, count, data] = args else {
        return Err(CmdError::Usage);
    };
    let (address, count, width) = (hex(address)?, hex(count)?, width(name)?);
    let data = hex(data)?.to_le_bytes();
    let length = bytes(address, count, width)?;
    let memory = ctx.ram.slice_mut(address, length)?;
    while !console::ctrlc() {
        for unit in memory.chunks_exact_mut(width) {
            black_box(unit).copy_from_slice(&data[..width]);
        }
    }
    Err(Error::Interrupted.into())
}

command! {
    name: "loop",
    max_args: 3,
    repeatable: true,
    usage: "read memory until Ctrl-C",
    help: "[.b, .w, .l, .q] address number_of_objects",
    run: do_loop,
}

#[cfg(CONFIG_LOOPW)]
command! {
    name: "loopw",
    max_args: 4,
    repeatable: true,
    usage: "write memory until Ctrl-C",
    help: "[.b, .w, .l, .q] address number_of_objects data_to_write",
    run: do_loopw,
}
