// SPDX-License-Identifier: GPL-2.0-or-later
//! What `gpt` tells of a table, on the console and in variables.

use super::{Outcome, table, words};
use crate::Context;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::println;
use disk::{Partition, PartitionKind};
use dm::blk::Disk;

/// `gpt read` without a variable.
pub fn print(disk: &Disk) -> Outcome {
    for partition in partitions(disk)? {
        print_one(&partition);
    }
    Ok(())
}

/// Shows one partition.
pub fn print_one(partition: &Partition) {
    let block_size = u64::from(partition.block_size);
    let mib = |blocks: u64| blocks.saturating_mul(block_size) >> 20;
    println!("Partition {}:", partition.number);
    println!(
        "Start {}MiB, size {}MiB",
        mib(partition.start),
        mib(partition.blocks)
    );
    println!("Block size {block_size}, name {}", partition.name);
    println!("Type U-Boot, bootable {}", u8::from(is_marked(partition)));
    println!("UUID {}", partition.uuid);
    println!("Type GUID {}\n", type_guid(partition));
}

/// `gpt read` with a variable: sets it to a list that `gpt write` takes.
pub fn read(ctx: &mut Context, disk: &Disk, variable: &str) -> Outcome {
    let guid = table(disk)?.disk_guid();
    let mut list = format!("uuid_disk={guid};");
    for partition in partitions(disk)? {
        let block_size = u64::from(partition.block_size);
        let bytes = |blocks: u64| blocks.saturating_mul(block_size);
        if partition.name.contains([',', ';']) {
            return Err(format!(
                "The name of partition {} cannot be in a list: '{}'",
                partition.number, partition.name
            ));
        }
        list += &format!(
            "name={},start={:#x},size={:#x},type={},uuid={}",
            partition.name,
            bytes(partition.start),
            bytes(partition.blocks),
            type_guid(&partition),
            partition.uuid
        );
        list += if is_marked(&partition) {
            ",bootable;"
        } else {
            ";"
        };
    }
    set(ctx, variable, &list)
}

/// `gpt guid`.
pub fn guid(ctx: &mut Context, disk: &Disk, variable: &[&str]) -> Outcome {
    let guid = table(disk)?.disk_guid().to_string();
    match variable.first() {
        Some(variable) => set(ctx, variable, &guid),
        None => {
            println!("{guid}");
            Ok(())
        }
    }
}

/// `gpt enumerate`.
pub fn enumerate(ctx: &mut Context, disk: &Disk) -> Outcome {
    let partitions = disk::list(disk).map_err(words)?.1;
    let names: Vec<_> = partitions.into_iter().map(|p| p.name).collect();
    set(ctx, "gpt_partition_list", &names.join(" "))
}

/// `gpt setenv`.
pub fn setenv(ctx: &mut Context, disk: &Disk, name: &str) -> Outcome {
    let partitions = partitions(disk)?;
    let found = partitions.iter().find(|partition| partition.name == name);
    let found = found.ok_or_else(|| format!("There is no partition '{name}'"))?;
    let marked = u8::from(is_marked(found)).to_string();
    for (variable, value) in [
        ("gpt_partition_addr", format!("{:x}", found.start)),
        ("gpt_partition_size", format!("{:x}", found.blocks)),
        ("gpt_partition_entry", format!("{:x}", found.number)),
        ("gpt_partition_name", found.name.clone()),
        ("gpt_partition_bootable", marked),
    ] {
        set(ctx, variable, &value)?;
    }
    Ok(())
}

fn partitions(disk: &Disk) -> Result<Vec<Partition>, String> {
    let partitions = disk::list(disk).map_err(words)?.1;
    match partitions.is_empty() {
        true => Err("** No valid partitions found **".into()),
        false => Ok(partitions),
    }
}

fn set(ctx: &mut Context, variable: &str, value: &str) -> Outcome {
    let set = ctx.env.set(variable, value);
    set.map_err(|error| format!("Cannot set '{variable}': {error}"))
}

/// Whether it has the mark of its table; an EFI system partition needs none to be booted from.
fn is_marked(partition: &Partition) -> bool {
    match partition.kind {
        PartitionKind::Efi { attributes, .. } => attributes & 4 != 0,
        PartitionKind::Dos(system) => partition.bootable && system != 0xef,
        PartitionKind::WholeDisk => false,
    }
}

fn type_guid(partition: &Partition) -> String {
    match partition.kind {
        PartitionKind::Efi { type_guid, .. } => type_guid.to_string(),
        _ => String::new(),
    }
}
