// SPDX-License-Identifier: GPL-2.0-or-later
//! `pvblock`: Xen's para-virtual disks.
//!
//! Behaviour: U-Boot, `cmd/pvblock.c` and `cmd/blk_common.c`.
#![cfg(CONFIG_CMD_PVBLOCK)]

use crate::blk_common::{Direction, Transfer, print_info};
use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use common::{Error, print, println};
use disk::PartType;
use disk::number::dectoul;
use dm::blk::{self, Disk};

const INTERFACE: &str = "pvblock";

/// The disk that `read` and `write` use.
#[derive(Default)]
struct Current(i32);

fn do_pvblock(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args[1..] {
        [what] if what.starts_with("inf") => info(ctx),
        [what] if what.starts_with("dev") => show_current(ctx),
        [what] if what.starts_with("part") => print_tables(ctx),
        [what, number] if what.starts_with("dev") => select(ctx, number),
        [what, number] if what.starts_with("part") => print_table(ctx, number),
        ["read", address, block, count] => transfer(ctx, Direction::Read, [address, block, count]),
        ["write", address, block, count] => {
            transfer(ctx, Direction::Write, [address, block, count])
        }
        _ => Err(CmdError::Usage),
    }
}

fn info(ctx: &Context) -> CmdResult {
    for number in blk::numbers(&ctx.dm, INTERFACE) {
        print!("Device {number}: ");
        match blk::get(&ctx.dm, INTERFACE, number) {
            Ok(disk) => print_info(&disk.ops.info()),
            Err(error) => println!("not available ({error})"),
        }
    }
    Ok(())
}

fn show_current(ctx: &mut Context) -> CmdResult {
    let number = ctx.state::<Current>().0;
    let Ok(disk) = blk::get(&ctx.dm, INTERFACE, number) else {
        println!("\nno {INTERFACE} devices available");
        return Err(CmdError::Failure);
    };
    // U-Boot calls them IDE, whatever they are.
    print!("\nIDE device {number}: ");
    print_info(&disk.ops.info());
    Ok(())
}

fn select(ctx: &mut Context, number: &str) -> CmdResult {
    print!("\nDevice {number}: ");
    let disk = match find(ctx, number) {
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
    ctx.state::<Current>().0 = disk.number;
    println!("... is now current device");
    Ok(())
}

/// Shows the tables of all disks that have one.
fn print_tables(ctx: &Context) -> CmdResult {
    let mut tables = 0;
    for number in blk::numbers(&ctx.dm, INTERFACE) {
        let table = blk::get(&ctx.dm, INTERFACE, number).and_then(|disk| {
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
            println!("** Can't use device {INTERFACE} {number}: {error} **");
        }
    }
    if tables == 0 {
        println!("\nno {INTERFACE} partition table available");
    }
    Ok(())
}

fn print_table(ctx: &Context, number: &str) -> CmdResult {
    match find(ctx, number).and_then(|disk| disk::print(&disk)) {
        Ok(()) => Ok(()),
        Err(Error::NoDevice) => {
            println!("\n{INTERFACE} device {number} not available");
            Err(CmdError::Failure)
        }
        Err(error) => {
            println!("** Can't use device {INTERFACE} {number}: {error} **");
            Err(CmdError::Failure)
        }
    }
}

fn transfer(ctx: &mut Context, direction: Direction, args: [&str; 3]) -> CmdResult {
    let [address, block, count] = [hex(args[0])?, hex(args[1])?, hex(args[2])?];
    let number = ctx.state::<Current>().0;
    let (verb, done) = match direction {
        Direction::Read => ("read", "read"),
        Direction::Write => ("write", "written"),
    };
    let Ok(disk) = blk::get(&ctx.dm, INTERFACE, number) else {
        println!("{INTERFACE} device {number} not available");
        return Err(CmdError::Failure);
    };
    let transfer = Transfer::new(ctx, &disk, direction, address, block, count)?;
    let result = transfer.run();
    // After the transfer, as the line of its progress would wipe it.
    print!("\n{INTERFACE} {verb}: device {number} block # {block}, count {count} ... ");
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
fn find(ctx: &Context, number: &str) -> common::Result<Disk> {
    let (value, rest) = dectoul(number);
    let value = i32::try_from(value)
        .ok()
        .filter(|_| rest.is_empty() && !number.is_empty());
    blk::get(&ctx.dm, INTERFACE, value.ok_or(Error::NoDevice)?)
}

command! {
    name: "pvblock",
    max_args: 5,
    repeatable: true,
    usage: "Xen para-virtualized block device",
    help: "info  - show available block devices\n\
        pvblock device [dev] - show or set current device\n\
        pvblock part [dev] - print partition table of one or all devices\n\
        pvblock read  addr blk# cnt\n\
        pvblock write addr blk# cnt - read/write `cnt' blocks from block `blk#' on,\n    \
        to/from the memory at `addr'; all numbers are hexadecimal",
    subcommands: &["device", "info", "part", "read", "write"],
    run: do_pvblock,
}
