// SPDX-License-Identifier: GPL-2.0-or-later
//! Changes of a table's entries: names, marks and numbers; all else stays as it is.

use super::show::print_one;
use super::{Outcome, table, words};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use common::{Error, println};
use disk::Partition;
use disk::efi::{Mbr, Table};
use disk::number::dectoul;
use dm::blk::Disk;

/// `gpt rename`.
pub fn rename(disk: &Disk, part: &str, name: &str) -> Outcome {
    let mut table = table(disk)?;
    let numbers: Vec<u32> = match number(part) {
        Some(number) => Vec::from([number]),
        None => partitions(disk, &table)
            .iter()
            .filter(|partition| partition.name == part)
            .map(|partition| partition.number)
            .collect(),
    };
    let illegal = || format!("Illegal partition number {part}");
    if numbers.is_empty() {
        return Err(illegal());
    }
    for number in numbers {
        table.rename(number, name).map_err(|error| match error {
            Error::NotFound => illegal(),
            error => error.to_string(),
        })?;
    }
    write_and_show(disk, &table)
}

/// `gpt swap`.
pub fn swap(disk: &Disk, one: &str, two: &str) -> Outcome {
    let mut table = table(disk)?;
    let partitions = partitions(disk, &table);
    let count = |name: &str| partitions.iter().filter(|p| p.name == name).count();
    if count(one) != count(two) || count(one) == 0 || one == two {
        return Err("Cannot swap partition names except in pairs.".into());
    }
    for partition in &partitions {
        let name = match &partition.name {
            name if name == one => two,
            name if name == two => one,
            _ => continue,
        };
        table.rename(partition.number, name).map_err(words)?;
    }
    write_and_show(disk, &table)
}

/// `gpt transpose`.
pub fn transpose(disk: &Disk, one: &str, two: &str) -> Outcome {
    let mut table = table(disk)?;
    let partitions = partitions(disk, &table);
    let find = |text: &str| {
        let number = number(text).filter(|n| partitions.iter().any(|p| p.number == *n));
        number.ok_or_else(|| format!("Illegal partition number {text}"))
    };
    let [a, b] = [find(one)?, find(two)?];
    if a == b {
        return Err("Cannot swap partition with itself".into());
    }
    table.transpose(a, b).map_err(words)?;
    write_and_show(disk, &table)
}

/// `gpt set-bootable`.
pub fn set_bootable(disk: &Disk, names: &str) -> Outcome {
    let mut table = table(disk)?;
    let names: Vec<&str> = names.split(',').filter(|name| !name.is_empty()).collect();
    let partitions = partitions(disk, &table);
    for name in &names {
        if !partitions.iter().any(|partition| partition.name == *name) {
            println!("Warning: No partition matching '{name}' found");
        }
    }
    for partition in &partitions {
        let marked = names.contains(&partition.name.as_str());
        table
            .set_bootable(partition.number, marked)
            .map_err(words)?;
    }
    table.write(disk, Mbr::Keep).map_err(words)
}

fn write_and_show(disk: &Disk, table: &Table) -> Outcome {
    table
        .write(disk, Mbr::Keep)
        .map_err(|error| format!("Writing new partition table failed: {error}"))?;
    let partitions = partitions(disk, table);
    println!(
        "new partition table with {} partitions is:",
        partitions.len()
    );
    partitions.iter().for_each(print_one);
    Ok(())
}

fn partitions(disk: &Disk, table: &Table) -> Vec<Partition> {
    table.partitions(disk.ops.info().block_size)
}

fn number(text: &str) -> Option<u32> {
    match dectoul(text) {
        (number, "") if !text.is_empty() => u32::try_from(number).ok(),
        _ => None,
    }
}
