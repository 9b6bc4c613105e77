// SPDX-License-Identifier: GPL-2.0-or-later
//! Finding the kernel that is to be booted, and unpacking it.
//!
//! A kernel may be packed as a file of its own, or be an EFI zboot kernel.
//! Behaviour: U-Boot, `doc/usage/cmd/booti.rst`; but the length of the file need
//! not be told where it is known, or can be found out.

use crate::bootm::{Failed, Images, failed, fdt_address};
#[cfg(CONFIG_GZIP)]
use crate::decompress::gzip;
use crate::decompress::{self, Format, Sizes};
use crate::fdt_support::{self as support, tree_at};
use crate::image::Image;
use crate::image_load::LoadError;
use crate::place::{Free, NoRoom, len};
use crate::zboot::{Zboot, is_zboot};
use alloc::vec::Vec;
use arch::mem::Ram;
use common::{Error, println};
use core::ops::Range;
use env::Env;
use include::config::CONFIG_SYS_BOOTM_LEN;
use include::image::HEADER_LEN;
use include::uimage::{COMP_BZIP2, COMP_LZO};

/// Where the unpacked kernel is, and its header. `keep` must stay untouched.
pub fn find(
    ram: &mut Ram,
    env: &Env,
    images: &Images,
    keep: &[Range<u64>],
) -> Result<(Range<u64>, Image), Failed> {
    let (start, len) = match Packed::find(ram, env, images)? {
        Some(packed) => {
            let free = free(ram, env, images, &packed).without(keep);
            unpack(ram, env, &free, &packed)?
        }
        None => (images.kernel, images.kernel_len),
    };
    let room = ram
        .load_limit(start)
        .map_err(|error| failed("Cannot use the kernel's address", error))?;
    let head = ram
        .slice(start, room.min(HEADER_LEN as u64) as usize)
        .map_err(|error| failed("Cannot use the kernel's address", error))?;
    let image = Image::parse(head).map_err(|_| Failed)?;
    // All that is there of it: its file, or what it will need if it ends in RAM.
    let room = room.min(image.size);
    let end = start.saturating_add(len.map_or(room, |len| len.min(room)));
    Ok((start..end, image))
}

/// Where the kernel at an address is, as far as that can be told before it is
/// unpacked; says so if there is none.
pub fn locate(ram: &Ram, env: &Env, images: &Images) -> Result<Range<u64>, Failed> {
    let file = file(ram, env, images)?;
    let bytes = ram
        .slice(file.start, len(&file) as usize)
        .map_err(|error| failed("Cannot use the kernel's address", error))?;
    // What cannot be unpacked is told when it is to be.
    let is_packed =
        is_zboot(bytes) || Format::detect(bytes).is_some() || unimplemented(bytes).is_some();
    let size = match is_packed {
        true => Some(env.get_hex("kernel_comp_size", 0)).filter(|&size| size != 0),
        false => Some(Image::parse(bytes).map_err(|_| Failed)?.size),
    };
    match images.kernel_len.or(size) {
        Some(size) => Ok(file.start..file.start.saturating_add(size)),
        None => Ok(file),
    }
}

/// A kernel that is packed.
struct Packed {
    format: Format,
    /// Where its bytes are.
    place: Range<u64>,
    /// Bytes of what is in it, as it says itself.
    size: Option<u64>,
}

impl Packed {
    /// What the kernel is packed in, if it is packed.
    fn find(ram: &Ram, env: &Env, images: &Images) -> Result<Option<Packed>, Failed> {
        let file = file(ram, env, images)?;
        let room = ram.load_limit(file.start).unwrap_or(0);
        let bytes = ram
            .slice(
                file.start,
                images.kernel_len.map_or(room, |_| len(&file)) as usize,
            )
            .map_err(|error| failed("Cannot use the kernel's address", error))?;
        if is_zboot(bytes) {
            let zboot = Zboot::parse(bytes);
            let zboot = zboot.map_err(|error| failed("Bad EFI zboot kernel", error))?;
            let at = |offset: usize| file.start.saturating_add(offset as u64);
            return Ok(Some(Packed {
                format: zboot.format,
                place: at(zboot.payload.start)..at(zboot.payload.end),
                size: Some(zboot.size),
            }));
        }
        if let Some(number) = unimplemented(bytes) {
            println!("{}", LoadError::Unimplemented(number));
            return Err(Failed);
        }
        let Some(format) = Format::detect(bytes) else {
            return Ok(None);
        };
        let sizes = sizes(format, bytes, images.kernel_len.is_some()).map_err(complain)?;
        Ok(Some(Packed {
            format,
            place: match &sizes {
                Some(sizes) => file.start..file.start.saturating_add(sizes.compressed),
                None => file,
            },
            size: sizes.map(|sizes| sizes.size),
        }))
    }
}

/// Where the kernel's file is. If nobody knows its length, it is taken to end
/// where something else begins.
fn file(ram: &Ram, env: &Env, images: &Images) -> Result<Range<u64>, Failed> {
    let start = images.kernel;
    let room = ram
        .load_limit(start)
        .map_err(|error| failed("Cannot use the kernel's address", error))?;
    let end = start.saturating_add(room);
    if let Some(len) = images.kernel_len {
        return Ok(start..start.saturating_add(len).min(end));
    }
    let others = [
        Some(env.get_hex("kernel_comp_addr_r", 0)),
        images.initrd.as_ref().map(|initrd| initrd.start),
        fdt_address(env, images),
    ];
    let others = others.into_iter().flatten().filter(|&other| other > start);
    Ok(start..others.fold(end, u64::min))
}

/// The number of a compression that is known but not here.
fn unimplemented(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [b'B', b'Z', b'h', ..] => Some(COMP_BZIP2),
        [0x89, b'L', b'Z', b'O', ..] => Some(COMP_LZO),
        _ => None,
    }
}

/// The lengths that a file tells of itself, if it is a whole one, or that can be found out.
#[cfg_attr(not(CONFIG_GZIP), expect(unused_variables))]
fn sizes(format: Format, bytes: &[u8], is_whole: bool) -> Result<Option<Sizes>, Error> {
    match format {
        #[cfg(CONFIG_GZIP)]
        Format::Gzip => {
            let known = gzip::sizes_of(bytes).filter(|_| is_whole);
            match known.filter(|sizes| sizes.size <= CONFIG_SYS_BOOTM_LEN) {
                Some(sizes) => Ok(Some(sizes)),
                None => gzip::measure(bytes, CONFIG_SYS_BOOTM_LEN).map(Some),
            }
        }
        _ => Ok(None),
    }
}

/// Unpacks to `kernel_comp_addr_r` if that is free, or else to any free place.
fn unpack(
    ram: &mut Ram,
    env: &Env,
    free: &Free,
    packed: &Packed,
) -> Result<(u64, Option<u64>), Failed> {
    if packed.size.is_some_and(|size| size > CONFIG_SYS_BOOTM_LEN) {
        return Err(complain(Error::NoSpace));
    }
    let wish = env.get_hex("kernel_comp_addr_r", 0);
    if wish != 0 && !ram.banks().any(|bank| bank.contains(&wish)) {
        println!("kernel_comp_addr_r is outside of DRAM range!");
        return Err(Failed);
    }
    let places = match packed.size {
        Some(size) => Vec::from_iter(place_of_size(free, wish, size)),
        None => places(free, wish),
    };
    let mut places = places.into_iter().peekable();
    while let Some((target, room)) = places.next() {
        println!("   Uncompressing Kernel Image to {target:x}");
        let source_len = Some(len(&packed.place));
        let from = packed.place.start;
        let (input, output) = decompress::places(ram, from, source_len, target, room)
            .map_err(|error| failed("Cannot unpack the kernel", error))?;
        match decompress::unpack(packed.format, input, output) {
            Ok(sizes) if packed.size.is_none_or(|size| size == sizes.size) => {
                return Ok((target, Some(sizes.size)));
            }
            Ok(_) => return Err(complain(Error::Corrupt("size of the kernel"))),
            Err(Error::NoSpace) if places.peek().is_some() => {}
            Err(Error::NoSpace) if packed.size.is_some() => {
                return Err(complain(Error::Corrupt("size of the kernel")));
            }
            Err(Error::NoSpace) if room < CONFIG_SYS_BOOTM_LEN => {
                println!("Cannot unpack the kernel: it needs more than {room:#x} bytes of RAM");
                return Err(Failed);
            }
            Err(error) => return Err(complain(error)),
        }
    }
    let room = NoRoom {
        what: "unpacked kernel",
        len: packed.size.unwrap_or(0),
    };
    Err(failed("Cannot unpack the kernel", room))
}

/// Memory in which nothing is that is still needed.
fn free(ram: &Ram, env: &Env, images: &Images, packed: &Packed) -> Free {
    let free = Free::of(ram)
        .without([&packed.place])
        .without(&images.initrd);
    let Some(address) = fdt_address(env, images) else {
        return free;
    };
    let Ok(tree) = tree_at(ram, address) else {
        return free;
    };
    let place = address..address.saturating_add(tree.bytes().len() as u64);
    free.without([&place])
        .without(&support::reserved(tree))
        .without(&support::chosen_initrd(tree))
}

/// A place for so many bytes.
fn place_of_size(free: &Free, wish: u64, size: u64) -> Option<(u64, u64)> {
    let somewhere = Image {
        text_offset: 0,
        size,
        anywhere: true,
    };
    let wish = Some(wish).filter(|&wish| free.fits(wish, size));
    let target = wish.or_else(|| free.lowest(&somewhere))?;
    Some((target, size))
}

/// The places to try for a kernel of unknown size, and the room there.
fn places(free: &Free, wish: u64) -> Vec<(u64, u64)> {
    let somewhere = Image {
        text_offset: 0,
        size: 0,
        anywhere: true,
    };
    let largest = free.largest().and_then(|range| {
        let start = somewhere.place_from(range.start)?;
        (start < range.end).then_some(start)
    });
    let places = [Some(wish), largest].into_iter().flatten();
    let rooms = places.filter_map(|start| {
        let room = free.room(start).filter(|&room| room > 0)?;
        Some((start, room.min(CONFIG_SYS_BOOTM_LEN)))
    });
    rooms.collect()
}

fn complain(error: Error) -> Failed {
    let what = "Cannot unpack the kernel";
    match error {
        Error::NoSpace => failed(what, "it is larger than CONFIG_SYS_BOOTM_LEN"),
        error => failed(what, error),
    }
}

#[cfg(test)]
mod tests;
