// SPDX-License-Identifier: GPL-2.0-or-later
//! What all commands for files share: `load`, `ls` and `size`, for any file
//! system or for a certain one; `fs_change.rs` has what changes something.
//!
//! Behaviour: U-Boot, `fs/fs.c` and `doc/usage/cmd/load.rst`.
#![cfg(any(
    CONFIG_CMD_CAT,
    CONFIG_CMD_EXT2,
    CONFIG_CMD_EXT4,
    CONFIG_CMD_FAT,
    CONFIG_CMD_FSINFO,
    CONFIG_CMD_FS_GENERIC,
    CONFIG_CMD_FS_UUID,
    CONFIG_CMD_XXD
))]
// An image with few of these commands does not need all of it.
#![allow(dead_code)]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use arch::mem::MemError;
use common::progress::in_steps;
use common::{Error, console, println};
use disk::{Location, Whole};
use fs::{DirEntry, FileSystem, FileType};
use include::config::CONFIG_SYS_LOAD_ADDR;

/// Bytes of a file that are read together to be shown.
const PIECE: usize = 64 << 10;

/// `load`: reads a file to memory; sets `fileaddr` and `filesize`.
///
/// `only` is the name of the one file system that will do.
pub fn load(ctx: &mut Context, args: &[&str], only: Option<&str>) -> CmdResult {
    let &[_, interface, ref rest @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let fs = mount(ctx, interface, rest.first().copied(), only)?;
    let address = match rest.get(1) {
        Some(address) => hex(address)?,
        None => ctx.env.get_hex("loadaddr", CONFIG_SYS_LOAD_ADDR),
    };
    let boot_file = ctx.env.get("bootfile").map(String::from);
    let Some(file) = rest.get(2).copied().or(boot_file.as_deref()) else {
        println!("** No boot file defined **");
        return Err(CmdError::Failure);
    };
    let limit = rest.get(3).map_or(Ok(0), |limit| hex(limit))?;
    let position = rest.get(4).map_or(Ok(0), |position| hex(position))?;

    let failed = |error: Error| fail(&format!("Failed to load '{file}'"), error);
    let metadata = fs.metadata(file).map_err(failed)?;
    let left = metadata.size.saturating_sub(position);
    let wanted = if limit == 0 { left } else { limit.min(left) };
    let room = usize::try_from(wanted).map_err(|_| failed(Error::NoMemory))?;
    let silent = ctx.is_silent();
    // The whole place is checked before the first byte is read.
    let memory = ctx.ram.load_region(address, room).map_err(|error| {
        if matches!(error, MemError::Reserved { .. }) {
            println!("** Reading file would overwrite reserved memory **");
        }
        println!("Failed to load '{file}': {error}");
        CmdError::Failure
    })?;
    let start = arch::time::ms();
    let len = in_steps(wanted, silent, |step| {
        let memory = &mut memory[step.start as usize..step.end as usize];
        Ok(fs.read(file, position.saturating_add(step.start), memory)? as u64)
    });
    let len = len.map_err(failed)?;
    println!("{}", report(len, "read", arch::time::ms() - start));
    ctx.env.set_hex("fileaddr", address)?;
    ctx.env.set_hex("filesize", len)?;
    Ok(())
}

/// `ls`: shows the names in a directory. As in U-Boot, one that is not there
/// is a failure without a word.
pub fn ls(ctx: &mut Context, args: &[&str], only: Option<&str>) -> CmdResult {
    let &[_, interface, ref rest @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let fs = mount(ctx, interface, rest.first().copied(), only)?;
    let folder = rest.get(1).copied().unwrap_or("/");
    let (mut files, mut folders) = (0, 0);
    let result = fs.list(folder, &mut |entry| {
        match entry.kind {
            FileType::Directory => folders += 1,
            _ => files += 1,
        }
        show(&entry);
        match console::ctrlc() {
            true => Err(Error::Interrupted),
            false => Ok(()),
        }
    });
    result.map_err(|error| match error {
        Error::NotFound | Error::NotADirectory => CmdError::Failure,
        error => fail(&format!("Failed to list '{folder}'"), error),
    })?;
    println!("\n{files} file(s), {folders} dir(s)\n");
    Ok(())
}

/// `size`: sets `filesize` to the size of a file.
pub fn size(ctx: &mut Context, args: &[&str], only: Option<&str>) -> CmdResult {
    let &[_, interface, spec, file] = args else {
        return Err(CmdError::Usage);
    };
    let fs = mount(ctx, interface, Some(spec), only)?;
    let size = fs.size(file);
    let size = size.map_err(|error| fail(&format!("Failed to get the size of '{file}'"), error))?;
    ctx.env.set_hex("filesize", size)?;
    Ok(())
}

/// Gives all bytes of a file to `show`, with the offset of each piece, until
/// that says `false`. A piece is a multiple of 16 bytes, but for the last one.
pub fn show_file(
    ctx: &Context,
    args: &[&str],
    failure: &str,
    show: impl FnMut(u64, &[u8]) -> common::Result<bool>,
) -> CmdResult {
    let &[_, interface, spec, file] = args else {
        return Err(CmdError::Usage);
    };
    let fs = mount(ctx, interface, Some(spec), None)?;
    let which = format!("ifname={interface} dev={spec} file={file}");
    read_pieces(fs.as_ref(), file, show).map_err(|error| match error {
        Error::NotFound | Error::NotADirectory => {
            println!("File does not exist: {which}");
            CmdError::Failure
        }
        error => fail(&format!("{failure}: {which}"), error),
    })
}

fn read_pieces(
    fs: &dyn FileSystem,
    file: &str,
    mut show: impl FnMut(u64, &[u8]) -> common::Result<bool>,
) -> common::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    loop {
        let len = fs.read(file, offset, &mut piece)?;
        let goes_on = show(offset, piece.get(..len).unwrap_or_default())?;
        if !goes_on || len < PIECE {
            return Ok(());
        }
        if console::ctrlc() {
            return Err(Error::Interrupted);
        }
        offset += PIECE as u64;
    }
}

/// The file system that a command's first words name; says so if there is none.
pub fn mount(
    ctx: &Context,
    interface: &str,
    spec: Option<&str>,
    only: Option<&str>,
) -> Result<Box<dyn FileSystem>, CmdError> {
    if let Some(fs) = fs::on_interface(interface) {
        return Ok(fs);
    }
    let location = locate(ctx, interface, spec)?;
    fs::open_as(&location.disk, &location.partition, only).map_err(|error| {
        let wanted = only.map_or(
            "file system",
            |name| if name == "fat" { "FAT" } else { name },
        );
        let place = format!(
            "{interface} {}:{:x}",
            location.disk.number, location.partition.number
        );
        fail(&format!("** Can't use the {wanted} on {place}"), error)
    })
}

/// The partition that a command's first words name; says so if there is none.
pub fn locate(ctx: &Context, interface: &str, spec: Option<&str>) -> Result<Location, CmdError> {
    let boot_device = ctx.env.get("bootdevice");
    disk::locate_by_name(&ctx.dm, interface, spec, boot_device, Whole::Allowed).map_err(|error| {
        println!("{error}");
        CmdError::Failure
    })
}

/// Text from a disk, without what would drive the terminal.
pub fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

/// Says why a file cannot be used; Ctrl-C is no failure of the file.
pub fn fail(what: &str, error: Error) -> CmdError {
    match error {
        Error::Interrupted => error.into(),
        _ => {
            println!("{what}: {error}");
            CmdError::Failure
        }
    }
}

fn show(entry: &DirEntry) {
    let name = printable(&entry.name);
    match entry.kind {
        FileType::Directory => println!("            {name}/"),
        FileType::Symlink => println!("    <SYM>   {name}"),
        _ => println!(" {:8}   {name}", entry.size),
    }
}

/// U-Boot's line about a transfer.
pub fn report(len: u64, done: &str, ms: u64) -> String {
    match len.checked_div(ms) {
        Some(rate) => {
            let rate = in_units(rate * 1000);
            format!("{len} bytes {done} in {ms} ms ({rate}/s)")
        }
        None => format!("{len} bytes {done} in {ms} ms"),
    }
}

/// A number of bytes in the largest unit that fits, with one decimal unless it is 0.
fn in_units(size: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let Some(mut unit) = (size.checked_ilog2().unwrap_or(0) as usize / 10).checked_sub(1) else {
        return format!("{size} Bytes");
    };
    let shift = 10 * (unit + 1);
    let fraction = u128::from(size) & ((1 << shift) - 1);
    let mut tenths = (10 * fraction + (1 << (shift - 1))) >> shift;
    let mut whole = size >> shift;
    if tenths == 10 {
        (whole, tenths) = (whole + 1, 0);
    }
    if whole == 1024 && unit + 1 < units.len() {
        (whole, unit) = (1, unit + 1);
    }
    match tenths {
        0 => format!("{whole} {}", units[unit]),
        _ => format!("{whole}.{tenths} {}", units[unit]),
    }
}

/// Registers `load`, `ls` or `size` for one file system; `kind` is how its help calls it.
macro_rules! file_command {
    ($name:literal, load, $only:literal, $kind:literal) => {
        command! {
            name: $name,
            max_args: 7,
            usage: concat!("load binary file from a ", $kind, " filesystem"),
            help: concat!(
                "<interface> [<dev[:part]> [<addr> [<filename> [bytes [pos]]]]]\n",
                "    - as 'load', from file systems of this kind only",
            ),
            complete: $crate::complete::file_at::<4>,
            run: |ctx, args| $crate::fs_common::load(ctx, args, Some($only)),
        }
    };
    ($name:literal, ls, $only:literal, $kind:literal) => {
        command! {
            name: $name,
            max_args: 4,
            repeatable: true,
            usage: "list files in a directory (default /)",
            help: concat!(
                "<interface> [<dev[:part]>] [directory]\n    - as 'ls', of a ",
                $kind,
                " filesystem only",
            ),
            complete: $crate::complete::file_at::<3>,
            run: |ctx, args| $crate::fs_common::ls(ctx, args, Some($only)),
        }
    };
    ($name:literal, size, $only:literal, $kind:literal) => {
        command! {
            name: $name,
            max_args: 4,
            usage: "determine a file's size",
            help: concat!(
                "<interface> <dev[:part]> <filename>\n    - as 'size', of a ",
                $kind,
                " filesystem only",
            ),
            complete: $crate::complete::file_at::<3>,
            run: |ctx, args| $crate::fs_common::size(ctx, args, Some($only)),
        }
    };
}
#[allow(unused_imports)]
pub(crate) use file_command;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_in_u_boots_units() {
        assert_eq!(in_units(0), "0 Bytes");
        assert_eq!(in_units(1023), "1023 Bytes");
        assert_eq!(in_units(1024), "1 KiB");
        assert_eq!(in_units(1536), "1.5 KiB");
        assert_eq!(in_units(1_048_575), "1 MiB");
        assert_eq!(in_units(1_101_005), "1.1 MiB");
        assert_eq!(in_units(u64::MAX), "16 EiB");
        assert_eq!(report(0, "written", 0), "0 bytes written in 0 ms");
        assert_eq!(
            report(1_048_576, "read", 10),
            "1048576 bytes read in 10 ms (100 MiB/s)"
        );
        assert_eq!(report(21, "read", 1), "21 bytes read in 1 ms (20.5 KiB/s)");
    }

    #[test]
    fn names_cannot_drive_the_terminal() {
        assert_eq!(printable(b"a\x1b[2J\xff\x7f"), "a?[2J\u{fffd}?");
    }
}
