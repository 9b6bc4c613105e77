// SPDX-License-Identifier: GPL-2.0-or-later
//! `lsblk`: the drivers of disks, and what is on the disks.
//!
//! Behaviour: U-Boot, `cmd/lsblk.c`, for the first table; the second one shows
//! what Linux's command of this name does with `-f`.
#![cfg(CONFIG_CMD_LSBLK)]

use crate::{CmdError, CmdResult, Context};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use common::size::Size;
use common::{Error, console, println};
use disk::Partition;
use dm::UclassId;
use dm::blk::{self, Disk};

fn do_lsblk(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.len() > 1 {
        return Err(CmdError::Usage);
    }
    print_drivers(ctx);
    println!();
    print_disks(ctx)
}

/// The drivers, with the addresses of their disks.
fn print_drivers(ctx: &Context) {
    println!("Block Driver          Devices");
    println!("-----------------------------");
    let devices = ctx.dm.uclass_devices(UclassId::Blk);
    let drivers = ctx.dm.drivers().into_iter();
    for driver in drivers.filter(|driver| driver.id == UclassId::Blk) {
        let disks = devices.iter().filter(|d| d.driver().name == driver.name);
        let names: Vec<String> = disks
            .filter_map(|disk| {
                let interface = ctx.dm.uclass_name(disk.parent()?.uclass());
                Some(format!("{interface} {}", disk.seq()))
            })
            .collect();
        let names = match names.is_empty() {
            true => "<none>".into(),
            false => names.join(", "),
        };
        println!("{:<20.20}: {names}", driver.name);
    }
}

fn print_disks(ctx: &Context) -> CmdResult {
    print_row(["Device", "Size", "Type", "File system", "Label", "UUID"]);
    for (interface, number, disk) in blk::all(&ctx.dm, |_, _| true) {
        match disk {
            Ok(disk) => print_disk(&disk)?,
            Err(error) => print_error(&format!("{interface} {number}"), error),
        }
    }
    Ok(())
}

/// A disk with its partitions; a disk without any may be a file system itself.
fn print_disk(disk: &Disk) -> CmdResult {
    let name = format!("{} {}", disk.interface, disk.number);
    let whole = Partition::whole_disk(disk);
    let listed = disk::list(disk);
    match &listed {
        Ok((_, partitions)) if !partitions.is_empty() => {
            print_row([&name, &size(&whole), "disk", "", "", ""]);
        }
        _ => print_one(disk, &whole, &name, "disk"),
    }
    match listed {
        Ok((_, partitions)) => {
            for partition in &partitions {
                if console::ctrlc() {
                    return Err(Error::Interrupted.into());
                }
                print_one(
                    disk,
                    partition,
                    &format!("{name}:{:x}", partition.number),
                    "part",
                );
            }
        }
        Err(error) => print_error(&name, error),
    }
    Ok(())
}

/// A disk or partition, with the file system on it.
fn print_one(disk: &Disk, partition: &Partition, name: &str, kind: &str) {
    let size = size(partition);
    match fs::open(disk, partition) {
        Ok(fs) => print_row([name, &size, kind, fs.name(), &fs.label(), &fs.uuid()]),
        Err(_) => print_row([name, &size, kind, "", "", ""]),
    }
}

fn print_row(columns: [&str; 6]) {
    // Text from a disk must not drive the terminal.
    let [name, size, kind, fs, label, uuid] =
        columns.map(|text| text.replace(|c: char| c.is_control(), "?"));
    let row = format!("{name:<15} {size:<11} {kind:<5} {fs:<12} {label:<17} {uuid}");
    println!("{}", row.trim_end());
}

fn print_error(name: &str, error: Error) {
    println!("{name:<15} not available ({error})");
}

fn size(partition: &Partition) -> String {
    let bytes = partition.blocks.saturating_mul(partition.block_size.into());
    format!("{}", Size(bytes))
}

command! {
    name: "lsblk",
    usage: "list disks with their drivers, partitions and file systems",
    help: "\n    - show all disks",
    run: do_lsblk,
}
