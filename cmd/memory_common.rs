// SPDX-License-Identifier: GPL-2.0-or-later
//! What the commands for memory share: the base address, and how memory is shown.
#![cfg(any(CONFIG_CMD_MEMORY, CONFIG_CMD_MEM_SEARCH, CONFIG_CMD_XXD))]
// An image with few of these commands does not need all of it.
#![allow(dead_code)]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use arch::mem::{MemError, Ram};
use common::{Error, console, print, println};

/// Bytes in a line of a dump.
pub const LINE: usize = 16;

/// What is added to each address; `base` sets it.
#[derive(Default)]
pub struct Base(pub u64);

/// An address argument, from the base on.
pub fn address(ctx: &mut Context, arg: &str) -> Result<u64, CmdError> {
    let offset = hex(arg)?;
    Ok(ctx.state::<Base>().0.wrapping_add(offset))
}

/// Shows memory in lines of 16 bytes.
pub fn show(ram: &Ram, address: u64, length: usize, width: usize) -> CmdResult {
    for offset in (0..length).step_by(LINE) {
        let mut line = [0; LINE];
        let line = &mut line[..LINE.min(length - offset)];
        let address = address.wrapping_add(offset as u64);
        ram.peek(address, line)?;
        print_line(address, line, width);
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
    }
    Ok(())
}

/// Prints a line of a dump, in units of `width` bytes and as text.
pub fn print_line(address: u64, line: &[u8], width: usize) {
    print!("{address:08x}:");
    for unit in line.chunks(width) {
        print!(" {:0digits$x}", value(unit), digits = width * 2);
    }
    let missing = (LINE - line.len()) / width * (width * 2 + 1);
    print!("{:missing$}  ", "");
    for &byte in line {
        let shown = byte == b' ' || byte.is_ascii_graphic();
        print!("{}", if shown { char::from(byte) } else { '.' });
    }
    println!();
}

/// The length in bytes of `count` units, if there can be such a range at `start`.
pub fn bytes(start: u64, count: u64, width: usize) -> Result<usize, MemError> {
    let len = count.saturating_mul(width as u64);
    usize::try_from(len)
        .ok()
        .filter(|_| start.checked_add(len).is_some())
        .ok_or(MemError::NotRam { start, len })
}

/// The number that a unit holds; memory is little-endian.
pub fn value(unit: &[u8]) -> u64 {
    unit.iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}
