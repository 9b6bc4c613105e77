// SPDX-License-Identifier: GPL-2.0-or-later
//! `iminfo`: shows what an image is, and whether it is intact.
#![cfg(CONFIG_CMD_IMI)]

use crate::image_common::load_address;
use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use boot::fit::Fit;
use boot::spec::Format;
use boot::uimage::Legacy;
use boot::{fit_hash, fit_print};
use common::{Error, print, println};
use include::config::CONFIG_SYS_MAXARGS;

fn do_iminfo(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.len() < 2 {
        return show(ctx, load_address(ctx));
    }
    let mut result = Ok(());
    for arg in &args[1..] {
        match show(ctx, hex(arg)?) {
            Err(CmdError::Error(Error::Interrupted)) => return Err(Error::Interrupted.into()),
            Err(error) => result = Err(error),
            Ok(()) => {}
        }
    }
    result
}

fn show(ctx: &Context, address: u64) -> CmdResult {
    println!("\n## Checking Image at {address:08x} ...");
    let bytes = ctx.ram.slice_from(address)?;
    match Format::of(bytes) {
        Format::Legacy => legacy(bytes),
        Format::Tree => fit(bytes, address),
        Format::Unknown => {
            println!("Unknown image format!");
            Err(CmdError::Failure)
        }
    }
}

fn legacy(bytes: &[u8]) -> CmdResult {
    println!("   Legacy image found");
    let image = Legacy::parse(bytes).map_err(|error| {
        println!("   {error}");
        CmdError::Failure
    })?;
    image.print();
    print!("   Verifying Checksum ... ");
    if !image.is_intact() {
        println!("   Bad Data CRC");
        return Err(CmdError::Failure);
    }
    println!("OK");
    Ok(())
}

fn fit(bytes: &[u8], address: u64) -> CmdResult {
    println!("   FIT image found");
    let fit = Fit::parse(bytes, address).map_err(|error| {
        println!("Bad FIT image format!\n{error}");
        CmdError::Failure
    })?;
    fit_print::print(fit);
    fit_hash::verify_all(fit).map_err(|error| match error {
        Error::Interrupted => error.into(),
        _ => {
            println!("Bad hash in FIT image!");
            CmdError::Failure
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn what_is_no_image_is_said() {
        let unknown = "\n## Checking Image at 40000000 ...\nUnknown image format!\n";
        assert_eq!(run("iminfo 40000000"), (1, unknown.into()));
        let (status, text) = run("mw.l 40000000 edfe0dd0; iminfo 40000000");
        assert_eq!(status, 1);
        assert!(
            text.contains("   FIT image found\nBad FIT image format!\n"),
            "{text}"
        );
        let (status, text) = run("mw.l 40000000 56190527; iminfo 40000000");
        assert_eq!(status, 1);
        assert!(text.ends_with("   Legacy image found\n   Bad Header Checksum\n"));
    }
}

command! {
    name: "iminfo",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "print header information for application image",
    help: "addr [addr ...]\n\
        \x20   - show what the image at each address says of itself, and compare\n\
        \x20     its checksums or hashes with its contents",
    run: do_iminfo,
}
