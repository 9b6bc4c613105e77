// SPDX-License-Identifier: GPL-2.0-or-later
//! `strings`: shows texts in memory, each of which a NUL ends.
//!
//! Behaviour: U-Boot, `cmd/strings.c`.
#![cfg(CONFIG_CMD_STRINGS)]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use alloc::string::String;
use common::{Error, console, print, println};

/// Bytes that are looked at together.
const CHUNK: usize = 256;

/// Where the next `strings` that repeats the last one goes on.
#[derive(Clone, Copy, Default)]
struct Place {
    address: u64,
    len: u64,
}

fn do_strings(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let mut place = match args {
        _ if ctx.repeated => *ctx.state::<Place>(),
        [_, address] => Place {
            address: hex(address)?,
            len: u64::MAX,
        },
        [_, address, len] => Place {
            address: hex(address)?,
            len: hex(len)?,
        },
        _ => return Err(CmdError::Usage),
    };
    let end = place.address.saturating_add(place.len);
    loop {
        place.address = show(ctx, place.address)?;
        println!();
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
        let mut first = [0];
        ctx.ram.peek(place.address, &mut first)?;
        if first == [0] || place.address >= end {
            break;
        }
    }
    *ctx.state::<Place>() = place;
    Ok(())
}

/// Shows a text; gives the address behind its NUL.
fn show(ctx: &Context, mut address: u64) -> Result<u64, CmdError> {
    loop {
        // A chunk never crosses into what may not be RAM.
        let mut chunk = [0; CHUNK];
        let left = CHUNK - address as usize % CHUNK;
        let chunk = chunk.get_mut(..left).unwrap_or_default();
        ctx.ram.peek(address, chunk)?;
        let end = chunk.iter().position(|&byte| byte == 0);
        let text = chunk.get(..end.unwrap_or(left)).unwrap_or_default();
        // Nothing that would drive the terminal.
        let text: String = String::from_utf8_lossy(text)
            .chars()
            .map(|c| if c.is_control() && c != '\n' { '?' } else { c })
            .collect();
        print!("{text}");
        if let Some(end) = end {
            return Ok(address.wrapping_add(end as u64).wrapping_add(1));
        }
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
        address = address.wrapping_add(left as u64);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, RAM_BASE, run};

    fn put(ctx: &mut crate::Context, text: &[u8]) {
        let memory = ctx.ram.slice_mut(RAM_BASE, text.len()).unwrap();
        memory.copy_from_slice(text);
    }

    #[test]
    fn texts_are_shown_up_to_two_nuls_or_so_many_bytes() {
        let console = testing::capture();
        let mut ctx = testing::context();
        put(&mut ctx, b"one\0two\x1b[2J\0three\0\0four\0");
        ctx.run_script("strings 40000000");
        assert_eq!(console.take(), "one\ntwo?[2J\nthree\n");
        ctx.run_script("strings 40000000 4");
        assert_eq!(console.take(), "one\n");
        ctx.run_script("strings 40000001 4");
        assert_eq!(console.take(), "ne\ntwo?[2J\n");
        console.keys("strings 40000000 1\r\r");
        ctx.interact();
        console.take();
        ctx.interact();
        assert!(console.take().ends_with("\ntwo?[2J\n"));
    }

    #[test]
    fn a_long_text_is_shown_whole_and_ends_in_ram() {
        let console = testing::capture();
        let mut ctx = testing::context();
        put(&mut ctx, &[b'x'; 1000]);
        ctx.run_script("strings 40000003");
        assert_eq!(console.take(), "x".repeat(997) + "\n");
        let (status, text) = {
            let status = ctx.run_script("mw.b 43ffff80 61 80; strings 43ffff80");
            (status, console.take())
        };
        assert!(status == 1 && text.contains("is not in RAM"), "{text}");
        drop(console);
        assert!(
            run("strings")
                .1
                .contains("Usage:\nstrings <addr> [byte count]")
        );
        assert_eq!(run("strings 0").0, 1);
    }
}

command! {
    name: "strings",
    max_args: 3,
    repeatable: true,
    usage: "show texts in memory",
    help: "<addr> [byte count]\n    \
        - show the texts at 'addr', for so many bytes or until two NULs",
    run: do_strings,
}
