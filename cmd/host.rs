// SPDX-License-Identifier: GPL-2.0-or-later
//! `host`: makes files of the host block devices, `host 0` and so on.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/host.rst` and `cmd/host.c`.
#![cfg(CONFIG_CMD_HOST)]

use crate::{CmdError, CmdResult, Context, fs_change, fs_common};
use alloc::sync::Arc;
use common::println;
use disk::number::{dectoul, hextoul};
use dm::host::{self, HostPlat};
use dm::{Device, UclassId, blk};

/// The smallest and usual block size.
const BLOCK_SIZE: u64 = 512;
/// The largest: what a page holds would be enough for any disk.
const BLOCK_SIZE_MAX: u64 = 1 << 16;

/// The file system of the host's own files.
const FILES: Option<&str> = Some("sandbox");

/// The device that `host dev` selected, by its number.
#[derive(Default)]
struct Current(Option<i32>);

fn do_host(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args[1..] {
        ["bind", "-r", ref rest @ ..] => bind(ctx, rest, true),
        ["bind", ref rest @ ..] => bind(ctx, rest, false),
        ["unbind", label] => unbind(ctx, label),
        ["info"] => info(ctx, &ctx.dm.uclass_devices(UclassId::Host)),
        ["info", label] => info(ctx, &[find(ctx, label)?]),
        ["dev"] => show_current(ctx),
        ["dev", label] => select(ctx, label),
        ["load", ..] => fs_common::load(ctx, &args[1..], FILES),
        ["save", ..] => fs_change::save(ctx, &args[1..], FILES),
        ["ls", ..] => fs_common::ls(ctx, &args[1..], FILES),
        ["size", ..] => fs_common::size(ctx, &args[1..], FILES),
        _ => Err(CmdError::Usage),
    }
}

fn bind(ctx: &mut Context, args: &[&str], removable: bool) -> CmdResult {
    let (label, path, block_size) = match *args {
        [label, path] => (label, path, BLOCK_SIZE),
        [label, path, size] => (label, path, dectoul(size).0),
        _ => return Err(CmdError::Usage),
    };
    if !block_size.is_power_of_two() || !(BLOCK_SIZE..=BLOCK_SIZE_MAX).contains(&block_size) {
        println!("blksz must be >= 512 and power of 2");
        return Err(CmdError::Failure);
    }
    forget(ctx, label);
    let plat = HostPlat {
        label: label.into(),
        path: path.into(),
        removable,
        block_size: block_size as u32,
    };
    host::create(&ctx.dm, plat).map_err(|error| {
        println!("Cannot create device / bind file '{path}': {error}");
        CmdError::Failure
    })?;
    Ok(())
}

fn unbind(ctx: &mut Context, label: &str) -> CmdResult {
    let device = find(ctx, label)?;
    if ctx.state::<Current>().0 == Some(device.seq()) {
        ctx.state::<Current>().0 = None;
    }
    ctx.dm.unbind(&device).map_err(|error| {
        println!("Cannot unbind device '{}': {error}", device.name());
        CmdError::Failure
    })
}

/// A device of this label that is about to be replaced is no longer the selected one.
fn forget(ctx: &mut Context, label: &str) {
    let earlier = host::find(&ctx.dm, label).map(|device| device.seq());
    if earlier.is_some() && ctx.state::<Current>().0 == earlier {
        ctx.state::<Current>().0 = None;
    }
}

fn info(ctx: &Context, devices: &[Arc<Device>]) -> CmdResult {
    println!("dev       blocks  blksz label           path");
    for device in devices {
        let (number, plat) = (device.seq(), device.plat::<HostPlat>());
        match (plat, blk::get(&ctx.dm, "host", number)) {
            (Ok(plat), Ok(disk)) => {
                let info = disk.ops.info();
                println!(
                    "{number:3} {:12} {:6} {:<15} {}",
                    info.blocks, info.block_size, plat.label, plat.path
                );
            }
            (_, Err(error)) => println!("{number:3} not available ({error})"),
            _ => println!("{number:3} Not bound to a backing file"),
        }
    }
    Ok(())
}

fn show_current(ctx: &mut Context) -> CmdResult {
    let current = ctx.state::<Current>().0;
    let devices = ctx.dm.uclass_devices(UclassId::Host);
    let device = devices.iter().find(|device| Some(device.seq()) == current);
    let Some(device) = device else {
        println!("No current host device");
        return Err(CmdError::Failure);
    };
    let label = device.plat::<HostPlat>()?.label.clone();
    println!("Current host device: {}: {label}", device.seq());
    Ok(())
}

fn select(ctx: &mut Context, label: &str) -> CmdResult {
    let number = find(ctx, label)?.seq();
    ctx.state::<Current>().0 = Some(number);
    Ok(())
}

/// The device of a label, or of a hexadecimal number.
fn find(ctx: &Context, label: &str) -> Result<Arc<Device>, CmdError> {
    let numbered = || {
        let (number, rest) = hextoul(label);
        let mut devices = ctx.dm.uclass_devices(UclassId::Host).into_iter();
        devices.find(|device| rest.is_empty() && u64::try_from(device.seq()) == Ok(number))
    };
    host::find(&ctx.dm, label).or_else(numbered).ok_or_else(|| {
        println!("No such device '{label}'");
        CmdError::Failure
    })
}

command! {
    name: "host",
    max_args: 8,
    repeatable: true,
    usage: "files of the host as disks",
    help: "bind [-r] <label> <filename> [<blksz>] - make a file the device of a label, with its\n\
        \x20    block size; -r: its medium can be taken out\n\
        host unbind <label>     - give up a device\n\
        host info [<label>]     - show one or all devices\n\
        host dev [<label>]      - set or show the current device\n\
        host load hostfs - <addr> <filename> [<bytes> <offset>] - load a file of the host\n\
        host save hostfs - <addr> <filename> <bytes> - save memory to a file of the host\n\
        host ls hostfs - <directory> - list files of the host\n\
        host size hostfs - <filename> - set 'filesize' to the size of a file of the host",
    subcommands: &["bind", "dev", "info", "load", "ls", "save", "size", "unbind"],
    run: do_host,
}
