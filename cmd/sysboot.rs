// SPDX-License-Identifier: GPL-2.0-or-later
//! `sysboot`: boots what an `extlinux.conf` says, given where that is.
//!
//! Behaviour: U-Boot, `doc/usage/pxe.rst`. Unlike there, the command fails if
//! nothing could be booted.
#![cfg(CONFIG_CMD_SYSBOOT)]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context, complete, fs_common};
use alloc::string::String;
use alloc::vec::Vec;
use boot::bootm::{self, Failed};
use boot::extlinux::MAX_LEN;
use boot::label::{self, Options, Outcome};
use boot::loader::Loader;
use common::{Error, println};
use fs::FileSystem;

fn do_sysboot(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (prompt, words) = match args {
        [_, "-p", words @ ..] => (true, words),
        [_, words @ ..] => (false, words),
        [] => return Err(CmdError::Usage),
    };
    let &[interface, place, kind, ref rest @ ..] = words else {
        return Err(CmdError::Usage);
    };
    let address = match rest.first() {
        Some(address) => {
            hex(address).inspect_err(|_| println!("Invalid pxefile address: {address}"))?
        }
        None if ctx.env.get("pxefile_addr_r").is_none() => {
            println!("missing environment variable: pxefile_addr_r");
            return Err(CmdError::Failure);
        }
        None => ctx.env.get_hex("pxefile_addr_r", 0),
    };
    let file = match rest.get(1) {
        Some(file) => {
            ctx.env.set("bootfile", file)?;
            String::from(*file)
        }
        None => boot_file(ctx)?,
    };
    let only = match kind {
        "ext2" | "ext4" => Some("ext4"),
        "fat" => Some("fat"),
        "any" => None,
        _ => {
            println!("Invalid filesystem: {kind}");
            return Err(CmdError::Failure);
        }
    };
    let files = fs_common::mount(ctx, interface, Some(place), only);
    let files = files.inspect_err(|_| println!("Error reading config file"))?;
    boot(ctx, files.as_ref(), address, &file, prompt)
}

fn boot_file(ctx: &Context) -> Result<String, CmdError> {
    ctx.env.get("bootfile").map(String::from).ok_or_else(|| {
        println!("Specify a filename or set the ${{bootfile}} environment variable");
        CmdError::Failure
    })
}

fn boot(
    ctx: &mut Context,
    files: &dyn FileSystem,
    address: u64,
    file: &str,
    prompt: bool,
) -> CmdResult {
    let model = ctx.dm.clone();
    let folder = file.rfind('/').map_or("", |slash| &file[..=slash]);
    let mut loader = Loader::new(&mut ctx.ram, &mut ctx.env, files, folder);
    let text = load(&mut loader, address, file).map_err(|_| {
        println!("Error reading config file");
        CmdError::Failure
    })?;
    let options = Options {
        prompt,
        ..Options::default()
    };
    let outcome = label::boot(&mut loader, &text, options, &mut |loader, handover| {
        bootm::start(loader.ram, &model, handover)
    });
    if loader.is_interrupted() {
        return Err(Error::Interrupted.into());
    }
    match outcome.map_err(|_| CmdError::Failure)? {
        Outcome::LocalCommand => ctx.run_variable("localcmd"),
        Outcome::Started | Outcome::Nothing => Ok(()),
    }
}

/// Reads the configuration, which is left in memory too.
fn load(loader: &mut Loader<'_>, address: u64, file: &str) -> Result<Vec<u8>, Failed> {
    let mut text = loader.read(file, MAX_LEN)?;
    text.push(0);
    let place = loader.ram.load_region(address, text.len());
    let place = place.map_err(|error| {
        println!("{error}");
        Failed
    })?;
    place.copy_from_slice(&text);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn what_is_missing_is_named() {
        for line in [
            "sysboot",
            "sysboot -p",
            "sysboot host 0:1",
            "sysboot -p host 0:1",
        ] {
            let (status, text) = run(line);
            assert!(status == 1 && text.contains("Usage:\nsysboot "), "{line}");
        }
        assert_eq!(
            output("setenv pxefile_addr_r; sysboot host 0:1 any"),
            "missing environment variable: pxefile_addr_r\n"
        );
        assert_eq!(
            output("sysboot host 0:1 any"),
            "Specify a filename or set the ${bootfile} environment variable\n"
        );
        assert!(output("sysboot host 0:1 any x /a").ends_with("\nInvalid pxefile address: x\n"));
        assert_eq!(
            output("sysboot host 0:1 ntfs 40000000 /a; printenv bootfile"),
            "Invalid filesystem: ntfs\nbootfile=/a\n"
        );
        assert_eq!(run("sysboot none 0:1 any 40000000 /a").0, 1);
    }
}

command! {
    name: "sysboot",
    max_args: 7,
    repeatable: true,
    usage: "boot what an extlinux.conf says",
    help: "[-p] <interface> <dev[:part]> <ext2|fat|any> [addr] [filename]\n    \
        - read 'filename' from a partition with a file system of this kind to\n      \
        'addr', and boot what is chosen there, or its default\n      \
        without them, ${pxefile_addr_r} and ${bootfile} are meant\n    \
        -p: ask, even if the file does not want that",
    complete: complete::file_at::<5>,
    run: do_sysboot,
}
