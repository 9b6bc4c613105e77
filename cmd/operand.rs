// SPDX-License-Identifier: GPL-2.0-or-later
//! The operands of `itest` and `setexpr`: a value, or with `*` what is at an address.
#![cfg(any(CONFIG_CMD_ITEST, CONFIG_CMD_SETEXPR))]

use crate::CmdError;
use crate::number::hex;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use arch::mem::Ram;

/// The longest text in memory, as in U-Boot's `setexpr`.
const MAX_TEXT: u64 = 64 << 10;
/// Bytes that are looked at together for the end of a text.
const CHUNK: u64 = 256;

/// A hexadecimal number, or what is in the `width` bytes at `*address`.
///
/// # Errors
/// If it is no number, after saying so, or not in RAM.
pub fn number(ram: &Ram, arg: &str, width: usize) -> Result<u64, CmdError> {
    let Some(address) = arg.strip_prefix('*') else {
        return hex(arg);
    };
    let mut bytes = [0; 8];
    ram.peek(hex(address)?, &mut bytes[..width])?;
    Ok(u64::from_le_bytes(bytes))
}

/// A text, or the one at `*address` up to its NUL, cut off after 64 KiB.
///
/// # Errors
/// If the address is none, after saying so, or the text is not in RAM.
pub fn text(ram: &Ram, arg: &str) -> Result<String, CmdError> {
    let Some(address) = arg.strip_prefix('*') else {
        return Ok(arg.to_string());
    };
    let mut address = hex(address)?;
    let mut text = Vec::new();
    while (text.len() as u64) < MAX_TEXT {
        // A chunk never crosses into what may not be RAM.
        let mut chunk = [0; CHUNK as usize];
        let chunk = &mut chunk[..(CHUNK - address % CHUNK) as usize];
        ram.peek(address, chunk)?;
        match chunk.iter().position(|&byte| byte == 0) {
            Some(end) => {
                text.extend_from_slice(&chunk[..end]);
                break;
            }
            None => text.extend_from_slice(chunk),
        }
        address = address.wrapping_add(chunk.len() as u64);
    }
    text.truncate(MAX_TEXT as usize);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, RAM_BASE};

    #[test]
    fn values_come_from_arguments_or_memory() {
        let mut ctx = testing::context();
        let memory = ctx.ram.slice_mut(RAM_BASE, 0x400).unwrap();
        memory.fill(b'x');
        memory[..8].copy_from_slice(&[0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0]);
        memory[0x3ff] = 0;
        assert_eq!(number(&ctx.ram, "0x1f", 1), Ok(0x1f));
        for (width, expected) in [
            (1, 0x12),
            (2, 0x3412),
            (4, 0x7856_3412),
            (8, 0xf0de_bc9a_7856_3412),
        ] {
            assert_eq!(number(&ctx.ram, "*40000000", width), Ok(expected));
        }
        assert!(text(&ctx.ram, "*a").is_err());
        assert_eq!(text(&ctx.ram, "abc").unwrap(), "abc");
        assert_eq!(text(&ctx.ram, "*400003f0").unwrap(), "x".repeat(15));
        assert_eq!(text(&ctx.ram, "*40000010").unwrap(), "x".repeat(0x3ef));
        ctx.ram.slice_mut(RAM_BASE, 128 << 10).unwrap().fill(b'y');
        assert_eq!(text(&ctx.ram, "*40000001").unwrap().len(), 64 << 10);
    }
}
