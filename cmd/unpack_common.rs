// SPDX-License-Identifier: GPL-2.0-or-later
//! What the commands that unpack from memory to memory share.
//!
//! Behaviour: U-Boot, `cmd/unzip.c`, `cmd/lzmadec.c` and `cmd/unlz4.c`. The
//! target must not reach into the source.
#![cfg(any(
    CONFIG_CMD_LZMADEC,
    CONFIG_CMD_UNLZ4,
    CONFIG_CMD_UNXZ,
    CONFIG_CMD_UNZIP,
    CONFIG_CMD_UNZSTD
))]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use boot::decompress::{self, Format};
use common::{Error, println};

/// `NAME srcaddr dstaddr [dstsize]`: unpacks, prints the size and sets `filesize`.
pub fn unpack(ctx: &mut Context, args: &[&str], format: Format) -> CmdResult {
    let (from, to, limit) = match args {
        [_, from, to] => (hex(from)?, hex(to)?, u64::MAX),
        [_, from, to, limit] => (hex(from)?, hex(to)?, hex(limit)?),
        _ => return Err(CmdError::Usage),
    };
    let (input, output) = decompress::places(&mut ctx.ram, from, None, to, limit)?;
    let room = output.len();
    let sizes = decompress::unpack(format, input, output).map_err(|error| match error {
        Error::NoSpace => {
            println!("Error: what is packed is larger than {room:#x}, the room at {to:08x}");
            CmdError::Failure
        }
        error => error.into(),
    })?;
    // So does each in U-Boot.
    let prefix = if format == Format::Lzma { "0X" } else { "0x" };
    println!("Uncompressed size: {0} = {prefix}{0:X}", sizes.size);
    Ok(ctx.env.set_hex("filesize", sizes.size)?)
}

#[cfg(all(test, CONFIG_CMD_UNLZ4))]
mod tests {
    use crate::testing::{self, RAM_BASE, RAM_SIZE, run};

    /// The empty file, and "hello" five times, as lz4 packs them.
    const EMPTY: &[u8] = b"\x04\x22\x4d\x18\x60\x40\x82\0\0\0\0";
    const HELLO: &[u8] = b"\x04\x22\x4d\x18\x60\x40\x82\x0e\0\0\0\x5bhello\x05\0\x50hello\0\0\0\0";

    fn unlz4(file: &[u8], from: u64, rest: &str) -> (i32, alloc::string::String) {
        let console = testing::capture();
        let mut ctx = testing::context();
        let memory = ctx.ram.slice_mut(from, file.len()).unwrap();
        memory.copy_from_slice(file);
        let status = ctx.run_script(&alloc::format!("unlz4 {from:x} {rest} && echo $filesize"));
        (status, console.take())
    }

    #[test]
    fn the_size_is_shown_and_set() {
        let (status, text) = unlz4(HELLO, RAM_BASE, "40001000 100");
        assert_eq!(
            (status, text.as_str()),
            (0, "Uncompressed size: 25 = 0x19\n19\n")
        );
        let (status, text) = unlz4(EMPTY, RAM_BASE, "40001000 0");
        assert_eq!(
            (status, text.as_str()),
            (0, "Uncompressed size: 0 = 0x0\n0\n")
        );
        // A limit that is too large for RAM does not matter, a small one does.
        assert_eq!(unlz4(HELLO, RAM_BASE, "40001000 ffffffffff").0, 0);
        let (status, text) = unlz4(HELLO, RAM_BASE, "40001000 18");
        assert_eq!(status, 1);
        assert!(
            text.contains("larger than 0x18, the room at 40001000"),
            "{text}"
        );
    }

    #[test]
    fn nothing_is_unpacked_over_its_source_or_outside_of_ram() {
        let end = RAM_BASE + RAM_SIZE as u64 - HELLO.len() as u64;
        assert_eq!(unlz4(HELLO, end, "40000000 100").0, 0);
        for (from, rest, message) in [
            (
                RAM_BASE,
                "40000000 100",
                "it would overwrite the data that is read",
            ),
            (RAM_BASE + 4, "40000000 100", "larger than 0x4"),
            (RAM_BASE, "40000010 100", "truncated LZ4 frame"),
            (RAM_BASE, "3fffffff 100", "is not in RAM"),
            (RAM_BASE, "44000000 100", "is not in RAM"),
            (end + 1 - HELLO.len() as u64, "40000000", "Usage:"),
        ] {
            let (status, text) = unlz4(HELLO, from, rest);
            assert_eq!(status, 1, "{text}");
            assert!(text.contains(message), "{text}");
        }
        assert!(
            run("unlz4 80000000 40000000 100")
                .1
                .contains("is not in RAM")
        );
    }
}
