// SPDX-License-Identifier: GPL-2.0-or-later
//! `booti`: starts an arm64 Linux `Image` that is in RAM.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/booti.rst`. Beyond it: without a third
//! argument the kernel gets the loader's own device tree, a compressed kernel
//! needs neither `kernel_comp_addr_r` nor `kernel_comp_size`, and may be packed
//! in more ways, also as an EFI zboot kernel.
#![cfg(CONFIG_CMD_BOOTI)]

use crate::image_common::{load_address, select};
use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use boot::booti::{self, Selection};
use boot::bootm;
use include::config::CONFIG_SYS_MAXARGS;

fn do_booti(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let kernel = match args.get(1) {
        Some(address) => hex(address)?,
        None => load_address(ctx),
    };
    let [ramdisk, fdt] = [select(args.get(2))?, select(args.get(3))?];
    let kernel_len = loaded_len(ctx, kernel);
    let selection = Selection {
        kernel,
        kernel_len,
        ramdisk,
        fdt,
        load_address: load_address(ctx),
    };
    let handover = booti::prepare(&mut ctx.ram, &mut ctx.env, selection);
    let handover = handover.map_err(|_| CmdError::Failure)?;
    bootm::start(&mut ctx.ram, &ctx.dm, handover).map_err(|_| CmdError::Failure)
}

/// The length of the file at an address, if it is the one that was loaded last.
fn loaded_len(ctx: &Context, address: u64) -> Option<u64> {
    let length = ctx.env.get_hex("filesize", 0);
    (ctx.env.get_hex("fileaddr", 0) == address && length > 0).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{context, output};

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
        let image = "mw.l 40000038 644d5241; mw.q 40000010 1000; mw.q 40000018 8";
        for bad in ["42000000", "42000000:x"] {
            assert_eq!(
                output(&alloc::format!("{image}; booti 40000000 {bad}")),
                "Wrong Ramdisk Image Format\nRamdisk image is corrupt or invalid\n"
            );
        }
        assert!(output("booti 1000").contains("0x1000"));
    }
}

command! {
    name: "booti",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "boot Linux kernel 'Image' format from memory",
    help: "[addr [initrd[:size]] [fdt]]\n\
        \x20   - boot the arm64 Linux Image at 'addr': flat, compressed with gzip, lz4,\n\
        \tlzma, xz or zstd, or an EFI zboot kernel\n\
        \tIts initramfs is given as 'initrd:size', or as '-' if there is none; it and\n\
        \t'fdt' may also be legacy images, or in a FIT image (ADDR:IMAGE or ADDR#CONFIG).\n\
        \tWithout 'fdt' the kernel gets the device tree that this guest was given.\n\
        \tA compressed kernel is unpacked to kernel_comp_addr_r, or to wherever\n\
        \tthere is room.",
    run: do_booti,
}
