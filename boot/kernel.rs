// SPDX-License-Identifier: GPL-2.0-or-later
//! Finding the kernel that is to be booted, and unpacking it.

use crate::bootm::{Failed, Images, failed, fdt_address};
use crate::fdt_support::{self as support, tree_at};
use crate::gzip;
use crate::image::Image;
use crate::place::{Free, NoRoom};
use alloc::vec::Vec;
use arch::mem::Ram;
use common::{Error, println};
use core::ops::Range;
use env::Env;
use include::config::CONFIG_SYS_BOOTM_LEN;
use include::image::HEADER_LEN;

/// Where the unpacked kernel is, and its header.
pub fn find(ram: &mut Ram, env: &Env, images: &Images) -> Result<(Range<u64>, Image), Failed> {
    let start = images.kernel;
    let head = |ram: &Ram, start| -> Result<Vec<u8>, Failed> {
        let room = ram
            .load_limit(start)
            .map_err(|error| failed("Cannot use the kernel's address", error))?;
        let len = room.min(HEADER_LEN as u64) as usize;
        Ok(ram
            .slice(start, len)
            .map_err(|error| failed("Cannot use the kernel's address", error))?
            .to_vec())
    };
    let bytes = head(ram, start)?;
    let (start, len) = match gzip::is_gzip(&bytes) {
        true => unpack_kernel(ram, env, images)?,
        false => (start, images.kernel_len),
    };
    let image = Image::parse(&head(ram, start)?).map_err(|_| Failed)?;
    // All that is there of it: its file, or what it will need if it ends in RAM.
    let room = ram.load_limit(start).unwrap_or(0).min(image.size);
    let end = start.saturating_add(len.map_or(room, |len| len.min(room)));
    Ok((start..end, image))
}

/// Unpacks to `kernel_comp_addr_r` if that is free, or else to any free place.
fn unpack_kernel(ram: &mut Ram, env: &Env, images: &Images) -> Result<(u64, Option<u64>), Failed> {
    let known = images
        .kernel_len
        .map(|len| images.kernel..images.kernel.saturating_add(len));
    let sizes = match known.and_then(|file| gzip::sizes_of(ram, &file)) {
        Some(sizes) if sizes.size <= CONFIG_SYS_BOOTM_LEN => Ok(sizes),
        _ => gzip::measure(ram, images.kernel, CONFIG_SYS_BOOTM_LEN),
    };
    let bad = |error| match error {
        Error::NoSpace => failed(
            "Cannot unpack the kernel",
            "it is larger than CONFIG_SYS_BOOTM_LEN",
        ),
        error => failed("Cannot unpack the kernel", error),
    };
    let sizes = sizes.map_err(bad)?;
    let source = images.kernel..images.kernel.saturating_add(sizes.compressed);
    let mut free = Free::of(ram).without([&source]).without(&images.initrd);
    if let Some(Ok(tree)) = fdt_address(env, images).map(|address| tree_at(ram, address)) {
        free = free
            .without(&support::reserved(tree))
            .without(&support::chosen_initrd(tree));
    }
    let wish = env.get_hex("kernel_comp_addr_r", 0);
    if wish != 0 && !ram.banks().any(|bank| bank.contains(&wish)) {
        println!("kernel_comp_addr_r is outside of DRAM range!");
        return Err(Failed);
    }
    let somewhere = Image {
        text_offset: 0,
        size: sizes.size,
        anywhere: true,
    };
    let target = Some(wish)
        .filter(|&wish| free.fits(wish, sizes.size))
        .or_else(|| free.lowest(&somewhere));
    let room = NoRoom {
        what: "unpacked kernel",
        len: sizes.size,
    };
    let target = target.ok_or_else(|| failed("Cannot unpack the kernel", room))?;
    println!("   Uncompressing Kernel Image to {target:x}");
    gzip::unpack(ram, images.kernel, target, sizes.size).map_err(bad)?;
    Ok((target, Some(sizes.size)))
}
