// SPDX-License-Identifier: GPL-2.0-or-later
//! The GUID partition table.
//!
//! A header in block 1 and an array of entries, both with checksums, and a copy
//! of them at the end of the disk that is used when the first is damaged. The
//! DOS table in block 0 has an entry that protects them. Implements the UEFI
//! specification, chapter 5.3; behaviour: U-Boot, `disk/part_efi.c`.

use crate::part::TableDriver;
use crate::{BlockRange, PartType, Partition, PartitionKind, le};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result, println};
use crc::{CRC_32_ISO_HDLC, Crc, Table};
use dm::blk::Disk;
use gpt_disk_types::{GptHeader, GptPartitionEntry, GptPartitionName, GptPartitionType};

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

static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// Whether a disk's first block has a DOS entry that protects a GPT.
fn is_protective_mbr(block: &[u8]) -> bool {
    let protects = |offset: usize| {
        le::slice(block, offset, 16)
            .is_ok_and(|entry| le::u8(entry, 4) == Ok(0xee) && le::u32(entry, 8) == Ok(1))
    };
    le::u16(block, 0x1fe) == Ok(0xaa55) && [0x1be, 0x1ce, 0x1de, 0x1ee].into_iter().any(protects)
}

fn read(_disk: &Disk, range: &BlockRange) -> Result<Vec<Partition>> {
    let last = range.block_of(range.len()).saturating_sub(1);
    let table = read_copy(range, 1, last).or_else(|primary| {
        let backup = read_copy(range, last, last).map_err(|_| primary)?;
        println!("** GPT: the primary table is unusable ({primary}), using the backup **");
        Ok(backup)
    })?;
    let entries = table.array.chunks_exact(table.entry_size);
    let partitions = (1..)
        .zip(entries)
        .filter_map(|(number, bytes)| partition(range, number, bytes));
    Ok(partitions.collect())
}

/// The array of entries, checked.
struct Entries {
    array: Vec<u8>,
    entry_size: usize,
}

/// Reads the table whose header is in block `lba` of a disk with the last block `last`.
fn read_copy(range: &BlockRange, lba: u64, last: u64) -> Result<Entries> {
    let header = read_header(range, lba, last)?;
    let entry_size = header.size_of_partition_entry.to_u32();
    let count = header.number_of_partition_entries.to_u32();
    let len = u64::from(entry_size).saturating_mul(u64::from(count));
    if (entry_size as usize) < ENTRY || !entry_size.is_multiple_of(8) || len > MAX_ARRAY {
        return Err(Error::Corrupt("GPT: size of the partition entries"));
    }
    let offset = header
        .partition_entry_lba
        .to_u64()
        .saturating_mul(range.block_size() as u64);
    let mut array = vec![0; len as usize];
    range.read_at(offset, &mut array)?;
    if CRC.checksum(&array) != header.partition_entry_array_crc32.0.to_u32() {
        return Err(Error::Corrupt("GPT: checksum of the partition entries"));
    }
    Ok(Entries {
        array,
        entry_size: entry_size as usize,
    })
}

fn read_header(range: &BlockRange, lba: u64, last: u64) -> Result<GptHeader> {
    let mut block = vec![0; range.block_size()];
    range.read_at(lba.saturating_mul(range.block_size() as u64), &mut block)?;
    let header: GptHeader = parse(&block)?;
    if !header.is_signature_valid() {
        return Err(Error::Corrupt("GPT: no header signature"));
    }
    let size = header.header_size.to_u32() as usize;
    let checked = block
        .get_mut(..size)
        .filter(|bytes| bytes.len() >= size_of::<GptHeader>());
    let checked = checked.ok_or(Error::Corrupt("GPT: size of the header"))?;
    // The checksum counts as zero in its own calculation.
    checked
        .iter_mut()
        .skip(16)
        .take(4)
        .for_each(|byte| *byte = 0);
    if CRC.checksum(checked) != header.header_crc32.0.to_u32() {
        return Err(Error::Corrupt("GPT: checksum of the header"));
    }
    if header.my_lba.to_u64() != lba {
        return Err(Error::Corrupt("GPT: the header belongs to another block"));
    }
    if header.first_usable_lba.to_u64() > last || header.last_usable_lba.to_u64() > last {
        return Err(Error::Corrupt("GPT: the table is for a larger disk"));
    }
    Ok(header)
}

/// The partition of an entry, unless the entry is free.
fn partition(range: &BlockRange, number: u32, bytes: &[u8]) -> Option<Partition> {
    let entry: GptPartitionEntry = parse(bytes).ok()?;
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
        block_size: range.block_size() as u32,
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
        println!("\tguid:\t{}", partition.uuid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list;
    use crate::testing::{RamDisk, disk};

    const LAST: usize = 99;
    const DATA: &str = "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7";

    /// A disk of 100 blocks with one partition, by hand.
    fn image() -> Vec<u8> {
        let mut bytes = vec![0; (LAST + 1) * 512];
        bytes[0x1be + 4] = 0xee;
        bytes[0x1be + 8] = 1;
        bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
        let mut array = vec![0; 128 * 128];
        array[..16].copy_from_slice(&DATA.parse::<uguid::Guid>().unwrap().to_bytes());
        array[16] = 0x77;
        array[32] = 40;
        array[40] = 49;
        array[48] = 4;
        array[56..64].copy_from_slice(b"r\0o\0\xe9\0t\0");
        for (lba, entries) in [(1, 2), (LAST, LAST - 32)] {
            bytes[entries * 512..][..array.len()].copy_from_slice(&array);
            seal(&mut bytes, lba, entries as u64, CRC.checksum(&array));
        }
        bytes
    }

    fn seal(bytes: &mut [u8], lba: usize, entries: u64, crc: u32) {
        let header = &mut bytes[lba * 512..][..92];
        header.fill(0);
        header[..8].copy_from_slice(b"EFI PART");
        header[12] = 92;
        header[24..32].copy_from_slice(&(lba as u64).to_le_bytes());
        header[40] = 34;
        header[48] = 66;
        header[72..80].copy_from_slice(&entries.to_le_bytes());
        header[80] = 128;
        header[84] = 128;
        header[88..92].copy_from_slice(&crc.to_le_bytes());
        let crc = CRC.checksum(header);
        header[16..20].copy_from_slice(&crc.to_le_bytes());
    }

    fn read(bytes: Vec<u8>) -> Result<Vec<Partition>> {
        list(&disk(RamDisk::new(bytes, 512))).map(|(kind, partitions)| {
            assert_eq!(kind, PartType::Efi);
            partitions
        })
    }

    #[test]
    fn a_partition_has_what_its_entry_says() {
        let partitions = read(image()).unwrap();
        let [partition] = &partitions[..] else {
            panic!("{partitions:?}")
        };
        assert_eq!(
            (partition.number, partition.start, partition.blocks),
            (1, 40, 10)
        );
        assert_eq!(partition.name, "ro.t");
        assert!(partition.bootable);
        assert_eq!(
            partition.kind,
            PartitionKind::Efi {
                type_guid: DATA.parse().unwrap(),
                attributes: 4
            }
        );
        assert_eq!(partition.uuid, "00000077-0000-0000-0000-000000000000");
    }

    #[test]
    fn damage_to_one_copy_does_no_harm() {
        let good = read(image()).unwrap();
        for damaged in [512, 512 + 12, 512 + 24, 1024, LAST * 512, LAST * 512 - 512] {
            let mut bytes = image();
            bytes[damaged] ^= 1;
            assert_eq!(read(bytes), Ok(good.clone()), "byte {damaged}");
        }
        let ram = RamDisk::new(image(), 512);
        ram.break_block(1);
        assert_eq!(list(&disk(ram)).unwrap().1, good);
    }

    #[test]
    fn damage_to_both_copies_is_an_error() {
        let mut bytes = image();
        bytes[512 + 60] ^= 1;
        bytes[LAST * 512 + 60] ^= 1;
        assert_eq!(
            read(bytes),
            Err(Error::Corrupt("GPT: checksum of the header"))
        );
    }

    #[test]
    fn impossible_sizes_are_refused_before_memory_is_taken() {
        for (offset, value) in [
            (80, u32::MAX),
            (84, u32::MAX),
            (84, 64),
            (84, 0),
            (12, 91),
            (12, 513),
        ] {
            let mut bytes = image();
            bytes[LAST * 512] = 0;
            bytes[512 + offset..][..4].copy_from_slice(&value.to_le_bytes());
            let size = u32::from_le_bytes(bytes[524..528].try_into().unwrap()).min(512) as usize;
            bytes[528..532].fill(0);
            let crc = CRC.checksum(&bytes[512..][..size]);
            bytes[528..532].copy_from_slice(&crc.to_le_bytes());
            assert!(
                matches!(read(bytes), Err(Error::Corrupt(_))),
                "{offset} {value}"
            );
        }
    }
}
