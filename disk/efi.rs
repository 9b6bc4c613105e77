// SPDX-License-Identifier: GPL-2.0-or-later
//! The GUID partition table.
//!
//! A header in block 1 and an array of entries, both with checksums, and a copy
//! of them at the end of the disk that is used when the first is damaged. The
//! DOS table in block 0 has an entry that protects them. Implements the UEFI
//! specification, chapter 5.3; behaviour: U-Boot, `disk/part_efi.c`.
//!
//! [`Table`] is a whole table, to be changed and written; [`NewPartition`] is what
//! a new one is made of.

mod layout;
mod table;
pub mod types;

use crate::part::TableDriver;
use crate::{BlockRange, PartType, Partition, PartitionKind, le};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{Error, Result, println};
use crc::{CRC_32_ISO_HDLC, Crc};
use dm::blk::Disk;
use gpt_disk_types::{GptPartitionEntry, GptPartitionName, GptPartitionType};

pub use layout::{LayoutError, NewPartition};
pub use table::{Mbr, Table};
pub use uguid::Guid;

/// Registers this kind of table; see the list in `part.rs`.
pub(crate) const DRIVER: TableDriver = TableDriver {
    kind: PartType::Efi,
    name: "EFI",
    test: is_protective_mbr,
    read,
    print,
};

/// Bytes of the array of entries that are accepted; the standard size is 16 KiB.
const MAX_ARRAY: u64 = 1024 * 1024;
/// Bytes of an entry as defined today; tables may use larger ones.
const ENTRY: usize = size_of::<GptPartitionEntry>();

static CRC: Crc<u32, crc::Table<16>> = Crc::<u32, crc::Table<16>>::new(&CRC_32_ISO_HDLC);

/// Whether a disk's first block has a DOS entry that protects a GPT.
fn is_protective_mbr(block: &[u8]) -> bool {
    let protects = |offset: usize| {
        le::slice(block, offset, 16)
            .is_ok_and(|entry| le::u8(entry, 4) == Ok(0xee) && le::u32(entry, 8) == Ok(1))
    };
    le::u16(block, 0x1fe) == Ok(0xaa55) && [0x1be, 0x1ce, 0x1de, 0x1ee].into_iter().any(protects)
}

fn read(disk: &Disk, _range: &BlockRange) -> Result<Vec<Partition>> {
    let table = Table::read(disk)?;
    Ok(table.partitions(disk.ops.info().block_size))
}

/// The partition of an entry, unless the entry is free.
fn partition(block_size: u32, number: u32, entry: &GptPartitionEntry) -> Option<Partition> {
    if !entry.is_used() {
        return None;
    }
    let start = entry.starting_lba.to_u64();
    let system = { entry.partition_type_guid } == GptPartitionType::EFI_SYSTEM;
    Some(Partition {
        number,
        start,
        blocks: entry
            .ending_lba
            .to_u64()
            .saturating_add(1)
            .saturating_sub(start),
        block_size,
        name: name(&entry.name),
        kind: PartitionKind::Efi {
            type_guid: entry.partition_type_guid.0,
            attributes: entry.attributes.0.to_u64(),
        },
        uuid: { entry.unique_partition_guid }.to_string(),
        bootable: system || { entry.attributes }.legacy_bios_bootable(),
    })
}

/// A name as U-Boot prints it: what is not printable ASCII becomes a dot.
fn name(name: &GptPartitionName) -> String {
    let printable = |c: char| if matches!(c, ' '..='~') { c } else { '.' };
    name.chars()
        .take_while(|&c| c != '\0')
        .map(printable)
        .collect()
}

/// The structure at the start of some bytes.
fn parse<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> Result<T> {
    let bytes = le::slice(bytes, 0, size_of::<T>())?;
    bytemuck::try_pod_read_unaligned(bytes).map_err(|_| Error::Corrupt("GPT: structure"))
}

fn print(partitions: &[Partition]) {
    println!("Part\tStart LBA\tEnd LBA\t\tName");
    println!("\tAttributes");
    println!("\tType GUID");
    println!("\tPartition GUID");
    for partition in partitions {
        let PartitionKind::Efi {
            type_guid,
            attributes,
        } = partition.kind
        else {
            continue;
        };
        let end = partition
            .start
            .saturating_add(partition.blocks)
            .saturating_sub(1);
        println!(
            "{:3}\t0x{:08x}\t0x{end:08x}\t\"{}\"",
            partition.number, partition.start, partition.name
        );
        println!("\tattrs:\t0x{attributes:016x}");
        println!("\ttype:\t{type_guid}");
        #[cfg(CONFIG_PARTITION_TYPE_GUID)]
        match types::name(type_guid) {
            Some(name) => println!("\t\t({name})"),
            None => println!("\t\t({type_guid})"),
        }
        println!("\tguid:\t{}", partition.uuid);
    }
}

#[cfg(test)]
mod tests;
