// SPDX-License-Identifier: GPL-2.0-or-later
//! `booti`: starts an arm64 Linux `Image` that is in RAM.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/booti.rst`. Beyond it: without a third
//! argument the kernel gets the loader's own device tree, and a compressed
//! kernel needs neither `kernel_comp_addr_r` nor `kernel_comp_size`.
#![cfg(CONFIG_CMD_BOOTI)]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use boot::bootm::{self, Images};
use common::println;
use core::ops::Range;
use include::config::{CONFIG_SYS_LOAD_ADDR, CONFIG_SYS_MAXARGS};

fn do_booti(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let kernel = match args.get(1) {
        Some(address) => hex(address)?,
        None => ctx.env.get_hex("loadaddr", CONFIG_SYS_LOAD_ADDR),
    };
    let images = Images {
        kernel,
        kernel_len: loaded_len(ctx, kernel),
        initrd: args.get(2).map_or(Ok(None), |arg| initrd(arg))?,
        fdt: args.get(3).map(|address| hex(address)).transpose()?,
    };
    let handover = bootm::prepare(&mut ctx.ram, &mut ctx.env, &images);
    let handover = handover.map_err(|_| CmdError::Failure)?;
    bootm::start(&mut ctx.ram, &ctx.dm, handover).map_err(|_| CmdError::Failure)
}

/// The length of the file at an address, if it is the one that was loaded last.
fn loaded_len(ctx: &Context, address: u64) -> Option<u64> {
    let length = ctx.env.get_hex("filesize", 0);
    (ctx.env.get_hex("fileaddr", 0) == address && length > 0).then_some(length)
}

/// `-`, or `ADDRESS:SIZE`.
fn initrd(arg: &str) -> Result<Option<Range<u64>>, CmdError> {
    if arg == "-" {
        return Ok(None);
    }
    let Some((start, size)) = arg.split_once(':') else {
        println!("Wrong Ramdisk Image Format");
        println!("Ramdisk image is corrupt or invalid");
        return Err(CmdError::Failure);
    };
    let (start, size) = (hex(start)?, hex(size)?);
    let range = start..start.saturating_add(size);
    Ok((start != 0 && !range.is_empty()).then_some(range))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{capture, context, output};

    #[test]
    fn an_initramfs_is_an_address_and_a_size() {
        let _console = capture();
        assert_eq!(initrd("-"), Ok(None));
        assert_eq!(
            initrd("0x42000000:1000"),
            Ok(Some(0x4200_0000..0x4200_1000))
        );
        assert_eq!(initrd("0:0"), Ok(None));
        assert_eq!(initrd("42000000"), Err(CmdError::Failure));
        assert_eq!(initrd("42000000:x"), Err(CmdError::Failure));
    }

    #[test]
    fn only_the_file_loaded_last_has_a_known_length() {
        let mut ctx = context();
        ctx.env.set_hex("fileaddr", 0x4000_0000).unwrap();
        ctx.env.set_hex("filesize", 0x1234).unwrap();
        assert_eq!(loaded_len(&ctx, 0x4000_0000), Some(0x1234));
        assert_eq!(loaded_len(&ctx, 0x4000_1000), None);
    }

    #[test]
    fn what_is_no_kernel_is_refused_as_in_u_boot() {
        assert_eq!(output("booti 40000000"), "Bad Linux ARM64 Image magic!\n");
        assert_eq!(
            output("setenv loadaddr 40000000; booti"),
            "Bad Linux ARM64 Image magic!\n"
        );
        assert_eq!(
            output("booti 40000000 42000000"),
            "Wrong Ramdisk Image Format\nRamdisk image is corrupt or invalid\n"
        );
        assert!(output("booti 1000").contains("0x1000"));
    }
}

command! {
    name: "booti",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "boot Linux kernel 'Image' format from memory",
    help: "[addr [initrd[:size]] [fdt]]\n\
        \x20   - boot the arm64 Linux Image at 'addr', flat or compressed with gzip\n\
        \tIts initramfs is given as 'initrd:size', or as '-' if there is none.\n\
        \tWithout 'fdt' the kernel gets the device tree that this guest was given.\n\
        \tA compressed kernel is unpacked to kernel_comp_addr_r, or to wherever\n\
        \tthere is room.",
    run: do_booti,
}
