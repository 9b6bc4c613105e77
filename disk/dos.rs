// SPDX-License-Identifier: GPL-2.0-or-later
//! The DOS partition table: the master boot record and chains of extended ones.
//!
//! Partitions 1 to 4 are in the disk's first block. If one of them is an
//! extended partition, it starts with a table of the same form that holds a
//! logical partition and a link to the next such table; these are numbered
//! from 5. Behaviour: U-Boot, `disk/part_dos.c`.

mod layout;

use crate::part::TableDriver;
use crate::{BlockRange, PartType, Partition, PartitionKind, le};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result, println};
use dm::blk::Disk;

pub use layout::{Layout, LayoutError, NewPartition};

/// Registers this kind of table; see the list in `part.rs`.
pub(crate) const DRIVER: TableDriver = TableDriver {
    kind: PartType::Dos,
    name: "DOS",
    test: is_mbr,
    read,
    print,
};

/// Extended tables that are followed before a chain counts as endless.
const MAX_EXTENDED: usize = 256;

/// One of the four entries of a table.
#[derive(Clone, Copy)]
struct Entry {
    boot_indicator: u8,
    system: u8,
    start: u32,
    blocks: u32,
}

impl Entry {
    fn is_extended(self) -> bool {
        is_extended(self.system)
    }

    /// U-Boot also counts an EFI system partition as bootable.
    fn is_bootable(self) -> bool {
        self.boot_indicator == 0x80 || self.system == 0xef
    }

    fn is_used(self) -> bool {
        self.system != 0 && self.boot_indicator & 0x7f == 0
    }
}

/// Whether a system indicator is that of an extended partition.
fn is_extended(system: u8) -> bool {
    matches!(system, 0x05 | 0x0f | 0x85)
}

/// The partitions of a disk's DOS table, whether or not it has another one.
///
/// # Errors
/// [`Error::Corrupt`] if it has none, or what the device says.
pub fn partitions(disk: &Disk) -> Result<Vec<Partition>> {
    read(disk, &BlockRange::whole(disk)?)
}

/// Whether a block is a partition table, and not the boot sector of a FAT file
/// system, which ends in the same signature.
fn is_mbr(block: &[u8]) -> bool {
    let Ok(entries) = entries(block) else {
        return false;
    };
    if entries.iter().any(|entry| entry.boot_indicator & 0x7f != 0) {
        return false;
    }
    let is_fat =
        le::slice(block, 0x36, 3) == Ok(b"FAT") || le::slice(block, 0x52, 5) == Ok(b"FAT32");
    entries.iter().any(|entry| entry.system != 0) || !is_fat
}

fn read(disk: &Disk, range: &BlockRange) -> Result<Vec<Partition>> {
    let mut block = vec![0; range.block_size()];
    range.read_at(0, &mut block)?;
    let entries = entries(&block)?;
    let signature = le::u32(&block, 0x1b8)?;
    let new = |number, table, entry| partition(disk, range, signature, number, table, entry);

    let mut partitions: Vec<_> = (1..)
        .zip(entries)
        .filter(|(_, entry)| entry.is_used())
        .map(|(number, entry)| new(number, 0, entry))
        .collect();
    if let Some(extended) = entries.iter().find(|entry| entry.is_extended()) {
        let logical = logical(range, u64::from(extended.start))?;
        partitions.extend(
            (5..)
                .zip(logical)
                .map(|(number, (table, entry))| new(number, table, entry)),
        );
    }
    Ok(partitions)
}

/// The logical partitions of the extended partition at a block, each with the
/// block of its table, to which its start is relative.
fn logical(range: &BlockRange, extended: u64) -> Result<Vec<(u64, Entry)>> {
    let mut found = Vec::new();
    let mut seen = vec![0];
    let mut next = Some(extended);
    while let Some(table) = next {
        if seen.contains(&table) || seen.len() > MAX_EXTENDED {
            println!("** Nested DOS partitions detected, stopping **");
            break;
        }
        seen.push(table);
        let mut block = vec![0; range.block_size()];
        let offset = table.saturating_mul(range.block_size() as u64);
        match range.read_at(offset, &mut block) {
            Ok(()) => {}
            Err(Error::OutOfRange) => {
                println!(
                    "** Extended partition table at block {table} is beyond the end of the disk **"
                );
                break;
            }
            Err(error) => return Err(error),
        }
        let Ok(entries) = entries(&block) else {
            println!("** No extended partition table at block {table} **");
            break;
        };
        found.extend(
            entries
                .iter()
                .filter(|e| e.is_used() && !e.is_extended())
                .map(|&entry| (table, entry)),
        );
        let link = entries.iter().find(|entry| entry.is_extended());
        next = link.map(|entry| extended.saturating_add(u64::from(entry.start)));
    }
    Ok(found)
}

fn partition(
    disk: &Disk,
    range: &BlockRange,
    signature: u32,
    number: u32,
    table: u64,
    entry: Entry,
) -> Partition {
    // U-Boot's made-up name: xx, the disk as a letter, the number.
    let letter = u8::try_from(disk.number)
        .ok()
        .and_then(|n| n.checked_add(b'a'))
        .unwrap_or(b'?');
    Partition {
        number,
        start: table.saturating_add(u64::from(entry.start)),
        blocks: u64::from(entry.blocks),
        block_size: range.block_size() as u32,
        name: format!("xx{}{number}", char::from(letter)),
        kind: PartitionKind::Dos(entry.system),
        uuid: format!("{signature:08x}-{number:02x}"),
        bootable: entry.is_bootable(),
    }
}

/// The four entries of a table.
fn entries(block: &[u8]) -> Result<[Entry; 4]> {
    if le::u16(block, 0x1fe)? != 0xaa55 {
        return Err(Error::Corrupt("DOS partition table: no signature 55 aa"));
    }
    Ok([
        entry(block, 0x1be)?,
        entry(block, 0x1ce)?,
        entry(block, 0x1de)?,
        entry(block, 0x1ee)?,
    ])
}

fn entry(block: &[u8], offset: usize) -> Result<Entry> {
    let bytes = le::slice(block, offset, 16)?;
    Ok(Entry {
        boot_indicator: le::u8(bytes, 0)?,
        system: le::u8(bytes, 4)?,
        start: le::u32(bytes, 8)?,
        blocks: le::u32(bytes, 12)?,
    })
}

fn print(partitions: &[Partition]) {
    println!("Part\tStart Sector\tNum Sectors\tUUID\t\tType");
    for partition in partitions {
        let PartitionKind::Dos(system) = partition.kind else {
            continue;
        };
        let extended = if is_extended(system) { " Extd" } else { "" };
        let boot = if partition.bootable { " Boot" } else { "" };
        println!(
            "{:3}\t{:<10}\t{:<10}\t{}\t{system:02x}{extended}{boot}",
            partition.number, partition.start, partition.blocks, partition.uuid
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{RamDisk, disk};
    use crate::{PartType, list};

    fn put(
        bytes: &mut [u8],
        block: usize,
        slot: usize,
        boot: u8,
        system: u8,
        start: u32,
        blocks: u32,
    ) {
        let at = block * 512 + 0x1be + slot * 16;
        bytes[at] = boot;
        bytes[at + 4] = system;
        bytes[at + 8..at + 12].copy_from_slice(&start.to_le_bytes());
        bytes[at + 12..at + 16].copy_from_slice(&blocks.to_le_bytes());
        bytes[block * 512 + 510..block * 512 + 512].copy_from_slice(&[0x55, 0xaa]);
    }

    fn numbers(bytes: Vec<u8>) -> Vec<(u32, u64, u64)> {
        let (kind, partitions) = list(&disk(RamDisk::new(bytes, 512))).unwrap();
        assert_eq!(kind, PartType::Dos);
        partitions
            .iter()
            .map(|p| (p.number, p.start, p.blocks))
            .collect()
    }

    #[test]
    fn primary_and_logical_partitions() {
        let mut bytes = vec![0; 100 * 512];
        bytes[0x1b8..0x1bc].copy_from_slice(&0x1234_5678u32.to_le_bytes());
        put(&mut bytes, 0, 0, 0x80, 0x0c, 1, 9);
        put(&mut bytes, 0, 2, 0, 0x05, 20, 80);
        put(&mut bytes, 20, 0, 0, 0x83, 1, 9);
        put(&mut bytes, 20, 1, 0, 0x05, 20, 10);
        put(&mut bytes, 40, 0, 0, 0xef, 2, 8);
        let (_, partitions) = list(&disk(RamDisk::new(bytes.clone(), 512))).unwrap();
        assert_eq!(partitions[0].uuid, "12345678-01");
        assert_eq!(partitions[0].name, "xxa1");
        assert_eq!(
            partitions.iter().map(|p| p.bootable).collect::<Vec<_>>(),
            [true, false, false, true]
        );
        assert_eq!(
            numbers(bytes),
            [(1, 1, 9), (3, 20, 80), (5, 21, 9), (6, 42, 8)]
        );
    }

    #[test]
    fn endless_and_broken_chains_end() {
        let mut bytes = vec![0; 100 * 512];
        put(&mut bytes, 0, 0, 0, 0x05, 20, 80);
        put(&mut bytes, 20, 0, 0, 0x83, 1, 9);
        put(&mut bytes, 20, 1, 0, 0x05, 0, 10);
        assert_eq!(numbers(bytes.clone()), [(1, 20, 80), (5, 21, 9)]);
        put(&mut bytes, 20, 1, 0, 0x05, 5000, 10);
        assert_eq!(numbers(bytes.clone()), [(1, 20, 80), (5, 21, 9)]);
        put(&mut bytes, 20, 1, 0, 0x05, 30, 10);
        assert_eq!(numbers(bytes), [(1, 20, 80), (5, 21, 9)]);
    }

    #[test]
    fn a_fat_boot_sector_is_not_a_table() {
        let mut bytes = vec![0; 512];
        bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
        assert!(is_mbr(&bytes));
        bytes[0x52..0x57].copy_from_slice(b"FAT32");
        assert!(!is_mbr(&bytes));
        put(&mut bytes, 0, 0, 0, 0x0c, 1, 9);
        assert!(is_mbr(&bytes));
        put(&mut bytes, 0, 1, 0x33, 0x0c, 1, 9);
        assert!(!is_mbr(&bytes));
        assert!(!is_mbr(&[0; 512]));
        assert!(!is_mbr(&[]));
    }
}
