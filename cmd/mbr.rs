// SPDX-License-Identifier: GPL-2.0-or-later
//! `mbr`: makes and checks partition tables in the master boot record.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/mbr.rst`.
#![cfg(CONFIG_CMD_MBR)]

use crate::partition_list::{Fields, PartitionList, blocks, find, parse};
use crate::{CmdError, CmdResult, Context, complete};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{print, println};
use disk::PartitionKind;
use disk::dos::{self, Layout, NewPartition};
use disk::number::autotoul;
use dm::blk::Disk;

/// What it can do, for the Tab key.
const SUBCOMMANDS: [&str; 2] = ["verify", "write"];

fn do_mbr(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[_, what, interface, number, ref list @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let disk = find(ctx, "mbr", interface, number)?;
    let run = match what {
        "write" => write,
        "verify" => verify,
        _ => return Err(CmdError::Usage),
    };
    let list = list.first().copied().or(ctx.env.get("mbr_parts"));
    print!("MBR: {what} ");
    let outcome = match list {
        Some(list) => run(&disk, list),
        None => Err("No partition list provided: the variable 'mbr_parts' is not set".into()),
    };
    match outcome {
        Ok(()) => {
            println!("success!");
            Ok(())
        }
        Err(reason) => {
            println!("{reason}");
            println!("error!");
            Err(CmdError::Failure)
        }
    }
}

fn write(disk: &Disk, list: &str) -> Result<(), String> {
    let info = disk.ops.info();
    let list = parse(list)?;
    let signature = list.disk.map(signature).transpose()?;
    let partitions = partitions(&list, info.block_size)?;
    let layout = Layout::new(&info, &partitions).map_err(|error| error.to_string())?;
    let written = layout.write(disk, signature);
    written.map_err(|error| error.to_string())?;
    disk::detect(disk);
    Ok(())
}

/// Checks types and, where they are given, sizes and starts.
fn verify(disk: &Disk, list: &str) -> Result<(), String> {
    let wanted = partitions(&parse(list)?, disk.ops.info().block_size)?;
    let found = dos::partitions(disk).map_err(|error| error.to_string())?;
    for (number, wanted) in (1u32..).zip(&wanted) {
        let Some(found) = found.iter().find(|found| found.number == number) else {
            return Err(format!("There is no partition {number}!"));
        };
        let differs = |what: &str, found: u64, wanted: u64| {
            Err(format!(
                "Partition {number} {what}: {found:#x} does not match {wanted:#x}!"
            ))
        };
        if let Some(blocks) = wanted.blocks.filter(|blocks| *blocks != found.blocks) {
            return differs("size", found.blocks, blocks);
        }
        if let Some(start) = wanted.start.filter(|start| *start != found.start) {
            return differs("start", found.start, start);
        }
        match found.kind {
            PartitionKind::Dos(system) if system != wanted.system => {
                return differs("type", system.into(), wanted.system.into());
            }
            _ => {}
        }
    }
    Ok(())
}

fn partitions(list: &PartitionList, block_size: u32) -> Result<Vec<NewPartition>, String> {
    list.partitions
        .iter()
        .map(|fields| partition(fields, block_size))
        .collect()
}

fn partition(fields: &Fields, block_size: u32) -> Result<NewPartition, String> {
    let start = match fields.get("start").map(str::trim_end) {
        Some("-") => {
            return Err(format!("partition {} cannot start at '-'", fields.number));
        }
        Some(start) => blocks(start, block_size)?,
        None => None,
    };
    let id = fields.need("id")?.trim_end();
    let system = match autotoul(id) {
        (system, "") if !id.is_empty() => u8::try_from(system).ok(),
        _ => None,
    };
    Ok(NewPartition {
        start,
        blocks: blocks(fields.need("size")?.trim_end(), block_size)?,
        system: system.ok_or_else(|| format!("'{id}' is no type of a partition"))?,
        bootable: fields.is_bootable(),
    })
}

fn signature(text: &str) -> Result<u32, String> {
    let number = match autotoul(text) {
        (number, "") if !text.is_empty() => u32::try_from(number).ok(),
        _ => None,
    };
    number.ok_or_else(|| format!("uuid_disk '{text}' is no number of 32 bits"))
}

command! {
    name: "mbr",
    max_args: 5,
    repeatable: true,
    usage: "partition tables in the master boot record",
    help: "verify <interface> <dev> [<list>]\n    \
        - check that a table is as a list says, or the variable mbr_parts\n\
        mbr write <interface> <dev> [<list>]\n    \
        - make a table: [uuid_disk=<number>;]size=<bytes>|-,id=<type>\n      \
        [,start=<bytes>][,bootable][,name=<name>][;size=...]",
    complete: |ctx, words| complete::subcommand_and_place(&SUBCOMMANDS, ctx, words),
    run: do_mbr,
}
