// SPDX-License-Identifier: GPL-2.0-or-later
//! `imxtract`: takes a part out of an image.
#![cfg(CONFIG_CMD_XIMG)]

use crate::image_common::{load_address, verify};
use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use boot::fit::Fit;
use boot::fit_hash;
use boot::image_load::{LoadError, load};
use boot::spec::Format;
use boot::uimage::Legacy;
use common::{Error, print, println};
use core::ops::Range;
use include::config::CONFIG_SYS_XIMG_LEN;
use include::uimage::COMP_NONE;

/// A part of an image.
struct Found {
    place: Range<u64>,
    compression: u8,
}

fn do_imxtract(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let address = match args.get(1) {
        Some(address) => hex(address)?,
        None => load_address(ctx),
    };
    let part = args.get(2).copied();
    let target = args.get(3).map(|target| hex(target)).transpose()?;
    let found = find(ctx, address, part, target.is_some())?;
    let mut size = found.place.end - found.place.start;
    if let Some(target) = target {
        size = extract(ctx, &found, part.unwrap_or("0"), target)?;
    }
    ctx.env.set_hex("fileaddr", found.place.start)?;
    ctx.env.set_hex("filesize", size)?;
    Ok(())
}

fn find(
    ctx: &Context,
    address: u64,
    part: Option<&str>,
    is_loaded: bool,
) -> Result<Found, CmdError> {
    let bytes = ctx.ram.slice_from(address)?;
    let found = match Format::of(bytes) {
        Format::Legacy => {
            let part = part.map_or(Ok(0), hex)?;
            println!("## Copying part {part} from legacy image at {address:08x} ...");
            in_legacy(bytes, address, part, verify(ctx))?
        }
        Format::Tree => {
            let Some(name) = part else {
                return Err(complain("No FIT subimage unit name"));
            };
            println!("## Copying '{name}' subimage from FIT image at {address:08x} ...");
            in_fit(bytes, address, name, verify(ctx))?
        }
        Format::Unknown => return Err(complain("Invalid image type for imxtract")),
    };
    if found.compression != COMP_NONE && !is_loaded {
        return Err(complain(
            "Must specify load address for imxtract command with compressed image",
        ));
    }
    Ok(found)
}

fn in_legacy(bytes: &[u8], address: u64, part: u64, verify: bool) -> Result<Found, CmdError> {
    let image = Legacy::parse(bytes).map_err(|error| complain(&error))?;
    if !image.has_parts() {
        return Err(complain("Wrong Image Type for imxtract command"));
    }
    if verify {
        print!("   Verifying Checksum ... ");
        if !image.is_intact() {
            return Err(complain("Bad Data CRC"));
        }
        println!("OK");
    }
    let parts = image.parts()?;
    let part = usize::try_from(part).ok().and_then(|part| parts.get(part));
    let part = part.ok_or_else(|| complain("Bad Image Part"))?;
    let data = address + include::uimage::HEADER_LEN as u64;
    Ok(Found {
        place: data + part.start as u64..data + part.end as u64,
        compression: image.compression,
    })
}

fn in_fit(bytes: &[u8], address: u64, name: &str, verify: bool) -> Result<Found, CmdError> {
    let fit = Fit::parse(bytes, address)
        .map_err(|error| complain(&format_args!("Bad FIT image format\n{error}")))?;
    let image = fit.image(name);
    let image = image.ok_or_else(|| complain(&format_args!("Can't find '{name}' FIT subimage")))?;
    if verify {
        fit_hash::verify(image).map_err(|error| match error {
            Error::Interrupted => error.into(),
            _ => complain("Bad Data Hash"),
        })?;
    }
    let place = image.place().map_err(|error| {
        complain(&format_args!(
            "Could not find script subimage data\n{error}"
        ))
    })?;
    Ok(Found {
        place,
        compression: image.compression(),
    })
}

fn extract(ctx: &mut Context, found: &Found, part: &str, target: u64) -> Result<u64, CmdError> {
    match found.compression {
        COMP_NONE => print!("   Loading part {part} ... "),
        _ => print!("   Uncompressing part {part} ... "),
    }
    let (place, limit) = (&found.place, CONFIG_SYS_XIMG_LEN);
    let loaded = load(&mut ctx.ram, found.compression, place, target, limit, &[]);
    let size = loaded.map_err(|error| match error {
        LoadError::Failed(Error::Interrupted) => Error::Interrupted.into(),
        LoadError::TooLarge => complain("Image too large: increase CONFIG_SYS_XIMG_LEN"),
        error => complain(&format_args!("ERROR - image not loaded: {error}")),
    })?;
    println!("OK");
    Ok(size)
}

fn complain(what: &(impl core::fmt::Display + ?Sized)) -> CmdError {
    println!("{what}");
    CmdError::Failure
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn what_is_no_image_is_refused() {
        for (command, expected) in [
            ("imxtract 40000000 0", "Invalid image type for imxtract\n"),
            ("imxtract x", "## Error: 'x' is not a hexadecimal number"),
            (
                "mw.l 40000000 edfe0dd0; imxtract 40000000",
                "No FIT subimage unit name\n",
            ),
        ] {
            let (status, text) = run(command);
            assert_eq!(status, 1, "{command}");
            assert!(text.starts_with(expected), "{command}: {text}");
        }
        assert_eq!(run("imxtract 1000 0").0, 1);
    }
}

command! {
    name: "imxtract",
    max_args: 4,
    repeatable: true,
    usage: "extract a part of a multi-image",
    help: "addr part [dest]\n\
        \x20   - find file 'part', counted from 0, of the legacy image at 'addr', and\n\
        \x20     copy or unpack it to 'dest'\n\
        imxtract addr uname [dest]\n\
        \x20   - the same with the image 'uname' of the FIT image at 'addr';\n\
        \x20     fileaddr and filesize are set",
    run: do_imxtract,
}
