// SPDX-License-Identifier: GPL-2.0-or-later
//! Finding the kernel that is to be booted, and unpacking it.

use crate::bootm::{Failed, Images, failed, fdt_address};
use crate::decompress::{self, Format, Sizes, gzip};
use crate::fdt_support::{self as support, tree_at};
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
    let (start, len) = match Format::detect(&bytes) {
        Some(Format::Gzip) => unpack_kernel(ram, env, images)?,
        _ => (start, images.kernel_len),
    };
    let image = Image::parse(&head(ram, start)?).map_err(|_| Failed)?;
    // All that is there of it: its file, or what it will need if it ends in RAM.
    let room = ram.load_limit(start).unwrap_or(0).min(image.size);
    let end = start.saturating_add(len.map_or(room, |len| len.min(room)));
    Ok((start..end, image))
}

/// Where the kernel at an address is, as far as that can be told before it is
/// unpacked; says so if there is none.
pub fn locate(ram: &Ram, images: &Images) -> Result<Range<u64>, Failed> {
    let start = images.kernel;
    let bytes = ram
        .slice_from(start)
        .map_err(|error| failed("Cannot use the kernel's address", error))?;
    let size = match Format::detect(bytes) {
        Some(Format::Gzip) => HEADER_LEN as u64,
        _ => Image::parse(bytes).map_err(|_| Failed)?.size,
    };
    Ok(start..start.saturating_add(images.kernel_len.unwrap_or(size)))
}

/// Unpacks to `kernel_comp_addr_r` if that is free, or else to any free place.
fn unpack_kernel(ram: &mut Ram, env: &Env, images: &Images) -> Result<(u64, Option<u64>), Failed> {
    let bad = |error| match error {
        Error::NoSpace => failed(
            "Cannot unpack the kernel",
            "it is larger than CONFIG_SYS_BOOTM_LEN",
        ),
        error => failed("Cannot unpack the kernel", error),
    };
    let sizes = sizes(ram, images).map_err(bad)?;
    let source = images.kernel..images.kernel.saturating_add(sizes.compressed);
    let mut free = Free::of(ram).without([&source]).without(&images.initrd);
    if let Some(address) = fdt_address(env, images)
        && let Ok(tree) = tree_at(ram, address)
    {
        let own = address..address.saturating_add(tree.bytes().len() as u64);
        free = free
            .without([&own])
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
    let len = Some(sizes.compressed);
    let (input, output) = decompress::places(ram, images.kernel, len, target, sizes.size)
        .map_err(|error| failed("Cannot unpack the kernel", error))?;
    decompress::unpack(Format::Gzip, input, output).map_err(bad)?;
    Ok((target, Some(sizes.size)))
}

/// The lengths that the file tells of itself, if its own is known, or else finds them out.
fn sizes(ram: &Ram, images: &Images) -> Result<Sizes, Error> {
    let room = ram.load_limit(images.kernel).unwrap_or(0);
    let len = images.kernel_len.unwrap_or(room) as usize;
    let input = ram
        .slice(images.kernel, len)
        .map_err(|_| Error::OutOfRange)?;
    let known = images.kernel_len.and_then(|_| gzip::sizes_of(input));
    match known.filter(|sizes| sizes.size <= CONFIG_SYS_BOOTM_LEN) {
        Some(sizes) => Ok(sizes),
        None => gzip::measure(input, CONFIG_SYS_BOOTM_LEN),
    }
}
