// SPDX-License-Identifier: GPL-2.0-or-later
//! `zip`: packs memory as a gzip file.
//!
//! Behaviour: U-Boot, `cmd/zip.c`. The target must not reach into the source.
#![cfg(CONFIG_CMD_ZIP)]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use boot::{compress, decompress};
use common::{Error, println};

fn do_zip(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (from, len, to, limit) = match args {
        [_, from, len, to] => (hex(from)?, hex(len)?, hex(to)?, u64::MAX),
        [_, from, len, to, limit] => (hex(from)?, hex(len)?, hex(to)?, hex(limit)?),
        _ => return Err(CmdError::Usage),
    };
    let (input, output) = decompress::places(&mut ctx.ram, from, Some(len), to, limit)?;
    let room = output.len();
    let size = compress::gzip(input, output).map_err(|error| match error {
        Error::NoSpace => {
            println!("Error: the gzip file is larger than {room:#x}, the room at {to:08x}");
            CmdError::Failure
        }
        error => error.into(),
    })?;
    println!("Compressed size: {size} = 0x{size:X}");
    Ok(ctx.env.set_hex("filesize", size)?)
}

#[cfg(all(test, CONFIG_CMD_UNZIP))]
mod tests {
    use crate::testing::run;

    #[test]
    fn what_is_packed_is_unpacked_again() {
        let (status, text) = run("mw.b 40000000 61 12345; zip 40000000 12345 41000000; \
             unzip 41000000 42000000 && cmp.b 40000000 42000000 12345; echo $filesize");
        assert_eq!(status, 0, "{text}");
        assert!(text.starts_with("Compressed size: "), "{text}");
        assert!(
            text.contains("Uncompressed size: 74565 = 0x12345\n"),
            "{text}"
        );
        assert!(
            text.ends_with("Total of 74565 byte(s) were the same\n12345\n"),
            "{text}"
        );
    }

    #[test]
    fn there_must_be_room_apart_from_the_source() {
        let (status, text) = run("random 40000000 1000 1; zip 40000000 1000 41000000 fff");
        assert_eq!(status, 1);
        assert!(
            text.contains("larger than 0xfff, the room at 41000000"),
            "{text}"
        );
        for command in ["zip 40000000 1000 40000fff", "zip 40000000 1000 30000000"] {
            assert_eq!(run(command).0, 1, "{command}");
        }
        let (status, text) = run("zip 40000000 0 41000000; unzip 41000000 42000000");
        assert_eq!(status, 0, "{text}");
        assert!(
            run("zip 1 2")
                .1
                .contains("Usage:\nzip srcaddr srcsize dstaddr")
        );
    }
}

command! {
    name: "zip",
    max_args: 5,
    repeatable: true,
    usage: "pack memory as a gzip file",
    help: "srcaddr srcsize dstaddr [dstsize]",
    run: do_zip,
}
