// SPDX-License-Identifier: GPL-2.0-or-later
//! The subcommands that the commands of each kind of disk share.
//!
//! Behaviour: U-Boot, `cmd/blk_common.c`.
#![cfg(any(CONFIG_CMD_BLKMAP, CONFIG_CMD_PVBLOCK))]

use crate::blk_common::{Direction, Transfer, print_info};
use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use alloc::collections::BTreeMap;
use common::{Error, print, println};
use disk::PartType;
use disk::number::dectoul;
use dm::blk::{self, Disk};

/// The disk that `read`, `write` and `erase` use, of each interface.
#[derive(Default)]
struct Current(BTreeMap<&'static str, i32>);

/// `info`, `device`, `part`, `read`, `write` and `erase`, for the disks of an interface.
///
/// # Errors
/// If it is none of them, or what went wrong.
pub fn run(ctx: &mut Context, interface: &'static str, args: &[&str]) -> CmdResult {
    match args[1..] {
        [what] if what.starts_with("inf") => info(ctx, interface),
        [what] if what.starts_with("dev") => show_current(ctx, interface),
        [what] if what.starts_with("part") => print_tables(ctx, interface),
        [what, number] if what.starts_with("dev") => select(ctx, interface, number),
        [what, number] if what.starts_with("part") => print_table(ctx, interface, number),
        ["read", address, block, count] => {
            transfer(ctx, interface, Direction::Read, [address, block, count])
        }
        ["write", address, block, count] => {
            transfer(ctx, interface, Direction::Write, [address, block, count])
        }
        ["erase", block, count] => erase(ctx, interface, block, count),
        _ => Err(CmdError::Usage),
    }
}

/// The number of the selected disk.
fn current(ctx: &mut Context, interface: &str) -> i32 {
    let numbers = &ctx.state::<Current>().0;
    numbers.get(interface).copied().unwrap_or_default()
}

fn info(ctx: &Context, interface: &str) -> CmdResult {
    for (_, number, disk) in blk::all(&ctx.dm, |name, _| name == interface) {
        print!("Device {number}: ");
        match disk {
            Ok(disk) => print_info(&disk.ops.info()),
            Err(error) => println!("not available ({error})"),
        }
    }
    Ok(())
}

fn show_current(ctx: &mut Context, interface: &'static str) -> CmdResult {
    let number = current(ctx, interface);
    let Ok(disk) = blk::get(&ctx.dm, interface, number) else {
        println!("\nno {interface} devices available");
        return Err(CmdError::Failure);
    };
    // U-Boot calls them IDE, whatever they are.
    print!("\nIDE device {number}: ");
    print_info(&disk.ops.info());
    Ok(())
}

fn select(ctx: &mut Context, interface: &'static str, number: &str) -> CmdResult {
    print!("\nDevice {number}: ");
    let disk = match find(ctx, interface, number) {
        Ok(disk) => disk,
        Err(Error::NoDevice) => {
            println!("unknown device");
            return Err(CmdError::Failure);
        }
        Err(error) => {
            println!("not available ({error})");
            return Err(CmdError::Failure);
        }
    };
    print_info(&disk.ops.info());
    ctx.state::<Current>().0.insert(interface, disk.number);
    println!("... is now current device");
    Ok(())
}

/// Shows the tables of all disks that have one.
fn print_tables(ctx: &Context, interface: &str) -> CmdResult {
    let mut tables = 0;
    for (_, number, disk) in blk::all(&ctx.dm, |name, _| name == interface) {
        let table = disk.and_then(|disk| {
            let (kind, _) = disk::list(&disk)?;
            if kind != PartType::Unknown {
                tables += 1;
                // U-Boot puts a line between two tables.
                if number > 0 {
                    println!();
                }
                disk::print(&disk)?;
            }
            Ok(())
        });
        if let Err(error) = table {
            println!("** Can't use device {interface} {number}: {error} **");
        }
    }
    if tables == 0 {
        println!("\nno {interface} partition table available");
    }
    Ok(())
}

fn print_table(ctx: &Context, interface: &str, number: &str) -> CmdResult {
    match find(ctx, interface, number).and_then(|disk| disk::print(&disk)) {
        Ok(()) => Ok(()),
        Err(Error::NoDevice) => {
            println!("\n{interface} device {number} not available");
            Err(CmdError::Failure)
        }
        Err(error) => {
            println!("** Can't use device {interface} {number}: {error} **");
            Err(CmdError::Failure)
        }
    }
}

fn transfer(
    ctx: &mut Context,
    interface: &'static str,
    direction: Direction,
    args: [&str; 3],
) -> CmdResult {
    let [address, block, count] = [hex(args[0])?, hex(args[1])?, hex(args[2])?];
    let number = current(ctx, interface);
    let (verb, done) = match direction {
        Direction::Read => ("read", "read"),
        Direction::Write => ("write", "written"),
    };
    let Ok(disk) = blk::get(&ctx.dm, interface, number) else {
        println!("{interface} device {number} not available");
        return Err(CmdError::Failure);
    };
    let transfer = Transfer::new(ctx, &disk, direction, address, block, count)?;
    let result = transfer.run();
    // After the transfer, as the line of its progress would wipe it.
    print!("\n{interface} {verb}: device {number} block # {block}, count {count} ... ");
    report(result, count, done)
}

/// What is erased is the device's to use for others, durably so.
fn erase(ctx: &mut Context, interface: &'static str, block: &str, count: &str) -> CmdResult {
    let [block, count] = [hex(block)?, hex(count)?];
    let number = current(ctx, interface);
    let Ok(disk) = blk::get(&ctx.dm, interface, number) else {
        println!("{interface} device {number} not available");
        return Err(CmdError::Failure);
    };
    let result = disk.ops.discard(block, count);
    let result = result.and_then(|()| disk.ops.flush());
    print!("\n{interface} erase: device {number} block # {block}, count {count} ... ");
    report(result, count, "erased")
}

/// Ends the line of a command that was to do something with `count` blocks.
fn report(result: common::Result<()>, count: u64, done: &str) -> CmdResult {
    match result {
        Ok(()) => {
            println!("{count} blocks {done}: OK");
            Ok(())
        }
        Err(error) => {
            println!("0 blocks {done}: ERROR ({error})");
            if error == Error::Interrupted {
                return Err(error.into());
            }
            Err(CmdError::Failure)
        }
    }
}

/// The disk of a decimal number.
fn find(ctx: &Context, interface: &str, number: &str) -> common::Result<Disk> {
    let (value, rest) = dectoul(number);
    let value = i32::try_from(value)
        .ok()
        .filter(|_| rest.is_empty() && !number.is_empty());
    blk::get(&ctx.dm, interface, value.ok_or(Error::NoDevice)?)
}
