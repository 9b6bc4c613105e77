// SPDX-License-Identifier: GPL-2.0-or-later
//! `blkmap`: disks that are made of memory and of parts of other disks.
//!
//! Behaviour: U-Boot, `doc/usage/blkmap.rst` and `cmd/blkmap.c`.
#![cfg(CONFIG_CMD_BLKMAP)]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context, blk_interface};
use alloc::format;
use alloc::sync::Arc;
use common::{Error, println};
use core::fmt::Display;
use disk::number::dectoul;
use dm::blkmap::{self, BlkMap};
use dm::{Device, blk};

fn do_blkmap(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args[1..] {
        ["create", label] => create(ctx, label),
        ["destroy", label] => destroy(ctx, label),
        ["get", label, "dev"] => get(ctx, label, None),
        ["get", label, "dev", variable] => get(ctx, label, Some(variable)),
        ["map", label, block, count, kind, ref target @ ..] => {
            map(ctx, label, [block, count], kind, target)
        }
        _ => blk_interface::run(ctx, "blkmap", args),
    }
}

fn create(ctx: &Context, label: &str) -> CmdResult {
    blkmap::create(&ctx.dm, label).map_err(|error| {
        println!("Unable to create \"{label}\": {error}");
        CmdError::Failure
    })?;
    println!("Created \"{label}\"");
    Ok(())
}

fn destroy(ctx: &Context, label: &str) -> CmdResult {
    let device = find(ctx, label)?;
    blkmap::destroy(&ctx.dm, &device).map_err(|error| {
        println!("Unable to destroy \"{label}\": {error}");
        CmdError::Failure
    })?;
    println!("Destroyed \"{label}\"");
    Ok(())
}

fn get(ctx: &mut Context, label: &str, variable: Option<&str>) -> CmdResult {
    let number = find(ctx, label)?.seq();
    match variable {
        Some(variable) => ctx.env.set(variable, &format!("{number:x}"))?,
        None => println!("{number}"),
    }
    Ok(())
}

/// Blocks to map, by their first and their number.
type Blocks = (u64, u64);

fn map(
    ctx: &mut Context,
    label: &str,
    [block, count]: [&str; 2],
    kind: &str,
    target: &[&str],
) -> CmdResult {
    let device = find(ctx, label)?;
    let blocks = (hex(block)?, hex(count)?);
    match (kind, target) {
        ("linear", &[interface, number, from]) => {
            let (number, from) = (decimal(number)?, decimal(from)?);
            map_linear(ctx, &device, blocks, (interface, number), from)
        }
        // Memory of a map is reserved in any case.
        ("mem", &[address] | &[address, "preserve"]) => {
            map_memory(ctx, &device, blocks, hex(address)?)
        }
        ("linear" | "mem", _) => Err(CmdError::Usage),
        _ => {
            println!("Unknown map type \"{kind}\"");
            Err(CmdError::Usage)
        }
    }
}

fn map_linear(
    ctx: &Context,
    device: &Arc<Device>,
    blocks: Blocks,
    (interface, number): (&str, u64),
    from: u64,
) -> CmdResult {
    let disk = i32::try_from(number).map_err(|_| Error::NoDevice);
    let disk = disk.and_then(|number| blk::get(&ctx.dm, interface, number));
    let disk = disk.map_err(|error| {
        match error {
            Error::NoDevice => println!("Found no device matching \"{interface} {number}\""),
            error => println!("Can't use device \"{interface} {number}\": {error}"),
        }
        CmdError::Failure
    })?;
    blkmap::map_linear(&ctx.dm, device, blocks, &disk, from)
        .map_err(|error| unable(format_args!("\"{interface} {number}\""), blocks, error))?;
    let (block, count) = blocks;
    println!("Block {block:#x}+{count:#x} mapped to block {from:#x} of \"{interface} {number}\"");
    Ok(())
}

fn map_memory(ctx: &mut Context, device: &Device, blocks: Blocks, address: u64) -> CmdResult {
    let map = device.plat::<BlkMap>()?;
    let (block, count) = blocks;
    let target = format_args!("{address:#x}");
    let len = count.checked_mul(map.block_size().into());
    let len = len
        .and_then(|len| usize::try_from(len).ok())
        .ok_or_else(|| unable(target, blocks, Error::OutOfRange))?;
    let memory = ctx.ram.lend(address, len, "memory of a block map");
    let memory = memory.map_err(|error| unable(target, blocks, error))?;
    map.map_memory(block, count, memory)
        .map_err(|error| unable(target, blocks, error))?;
    println!("Block {block:#x}+{count:#x} mapped to {address:#x}");
    Ok(())
}

/// Says what cannot be mapped, and why.
fn unable(target: impl Display, (block, _): Blocks, error: impl Display) -> CmdError {
    println!("Unable to map {target} at block {block:#x}: {error}");
    CmdError::Failure
}

/// A decimal argument, or a hexadecimal one with `0x`, and nothing else.
fn decimal(arg: &str) -> Result<u64, CmdError> {
    match dectoul(arg) {
        (number, "") if !arg.is_empty() => Ok(number),
        _ => {
            println!("## Error: '{arg}' is not a decimal number, or a hexadecimal one with 0x");
            Err(CmdError::Failure)
        }
    }
}

fn find(ctx: &Context, label: &str) -> Result<Arc<Device>, CmdError> {
    blkmap::find(&ctx.dm, label).ok_or_else(|| {
        println!("\"{label}\" is not the name of any known blkmap");
        CmdError::Failure
    })
}

command! {
    name: "blkmap",
    max_args: 9,
    repeatable: true,
    usage: "Composeable virtual block devices",
    help: "info - show the block maps\n\
        blkmap part [<dev>] - print partition table of one or all block maps\n\
        blkmap dev [<dev>] - show or set current blkmap device\n\
        blkmap read <addr> <blk#> <cnt>\n\
        blkmap write <addr> <blk#> <cnt> - read/write blocks of the current device\n\
        blkmap get <label> dev [<var>] - print the device's number, or set a variable to it\n\
        blkmap create <label> - make a device without blocks\n\
        blkmap destroy <label> - remove a device\n\
        blkmap map <label> <blk#> <cnt> linear <interface> <dev> <blk#> - map blocks to those\n\
        \x20   of another device; its number and block are decimal, or have 0x\n\
        blkmap map <label> <blk#> <cnt> mem <addr> [preserve] - map blocks to memory, which\n\
        \x20   nothing else can change until the device is destroyed",
    subcommands: &["create", "destroy", "dev", "get", "info", "map", "part", "read", "write"],
    run: do_blkmap,
}
