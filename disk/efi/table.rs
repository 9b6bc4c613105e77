// SPDX-License-Identifier: GPL-2.0-or-later
//! A whole table: read from either copy, changed, and written to both.
//!
//! A table is written copy by copy, each of them made durable before the next
//! is begun, the one that readers do not use first. So one copy is valid at any
//! time, if one was before; and a new table counts only when the master boot
//! record in block 0, written last, announces it.

use super::{CRC, ENTRY, MAX_ARRAY, parse, partition};
use crate::{BlockRange, Partition};
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result, println};
use dm::blk::Disk;
use gpt_disk_types::{Crc32, GptHeader, GptPartitionEntry, LbaLe, U32Le};
use uguid::Guid;

/// Bytes of code in a master boot record, before anything that says what is on the disk.
const BOOT_CODE: usize = 440;

/// What becomes of the master boot record when a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mbr {
    /// It stays; it announces a GPT already.
    Keep,
    /// It is made one that protects the GPT; its code stays.
    Protect,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    pub(super) header: GptHeader,
    /// The entries, of the size that the header says.
    pub(super) array: Vec<u8>,
}

impl Table {
    /// The table of a disk; says so if only its backup can be used.
    ///
    /// # Errors
    /// What is wrong with the primary table if neither can be used.
    pub fn read(disk: &Disk) -> Result<Table> {
        let range = BlockRange::whole(disk)?;
        let last = last_block(&range);
        read_copy(&range, 1, last).or_else(|primary| {
            let backup = read_copy(&range, last, last).map_err(|_| primary)?;
            println!("** GPT: the primary table is unusable ({primary}), using the backup **");
            Ok(backup)
        })
    }

    /// The table of a disk, if both of its copies are valid and say the same.
    ///
    /// # Errors
    /// What is wrong.
    pub fn verify(disk: &Disk) -> Result<Table> {
        let range = BlockRange::whole(disk)?;
        let last = last_block(&range);
        let primary = read_copy(&range, 1, last)?;
        if primary.header.alternate_lba.to_u64() != last {
            return Err(Error::Corrupt(
                "GPT: the backup is not in the disk's last block",
            ));
        }
        let backup = read_copy(&range, last, last)?;
        let guids = [&primary, &backup].map(|table| table.header.disk_guid);
        if primary.array != backup.array || guids[0] != guids[1] {
            return Err(Error::Corrupt("GPT: the table and its backup differ"));
        }
        Ok(primary)
    }

    /// Makes both copies of a disk's table valid by the one that is, the primary if both are.
    ///
    /// # Errors
    /// What is wrong with the primary if none is valid, or what the device says.
    pub fn repair(disk: &Disk) -> Result<()> {
        if Table::verify(disk).is_ok() {
            return Ok(());
        }
        let range = BlockRange::whole(disk)?;
        let last = last_block(&range);
        let valid = read_copy(&range, 1, last)
            .or_else(|primary| read_copy(&range, last, last).map_err(|_| primary))?;
        valid.write(disk, Mbr::Keep)
    }

    /// The identity of the disk.
    pub fn disk_guid(&self) -> Guid {
        self.header.disk_guid
    }

    /// The partitions of entries that are in use.
    pub fn partitions(&self, block_size: u32) -> Vec<Partition> {
        let entries = (1..).zip(self.array.chunks_exact(self.entry_size()));
        entries
            .filter_map(|(number, bytes)| partition(block_size, number, &parse(bytes).ok()?))
            .collect()
    }

    /// Gives a partition another name.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such partition, [`Error::Invalid`] if
    /// the name does not fit.
    pub fn rename(&mut self, number: u32, name: &str) -> Result<()> {
        let name = name
            .parse()
            .map_err(|_| Error::Invalid("a name of more than 35 characters, or strange ones"))?;
        self.change(number, |entry| entry.name = name)
    }

    /// Marks a partition to be booted from, or not to be.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such partition.
    pub fn set_bootable(&mut self, number: u32, bootable: bool) -> Result<()> {
        self.change(number, |entry| {
            let mut attributes = entry.attributes;
            attributes.update_legacy_bios_bootable(bootable);
            entry.attributes = attributes;
        })
    }

    /// Exchanges the numbers of two partitions.
    ///
    /// # Errors
    /// [`Error::NotFound`] if one does not exist.
    pub fn transpose(&mut self, a: u32, b: u32) -> Result<()> {
        let one = self.entry_mut(a)?.to_vec();
        let two = self.entry_mut(b)?;
        let other = two.to_vec();
        two.copy_from_slice(&one);
        self.entry_mut(a)?.copy_from_slice(&other);
        Ok(())
    }

    /// Writes both copies, and makes them durable.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] or [`Error::Corrupt`] before anything is written, or
    /// what the device says.
    pub fn write(&self, disk: &Disk, mbr: Mbr) -> Result<()> {
        let range = BlockRange::whole(disk)?;
        if range.is_read_only() {
            return Err(Error::ReadOnly);
        }
        let last = last_block(&range);
        let (primary, backup) = self.copies(&range, last)?;
        // The copy that is of no use now goes first.
        let order = match read_copy(&range, 1, last) {
            Ok(_) => [backup, primary],
            Err(_) => [primary, backup],
        };
        for header in order {
            let block = range.block_size() as u64;
            let at = |lba: LbaLe| lba.to_u64().saturating_mul(block);
            range.write_at(at(header.partition_entry_lba), &self.array)?;
            let mut bytes = bytemuck::bytes_of(&header).to_vec();
            bytes.resize(range.block_size(), 0);
            range.write_at(at(header.my_lba), &bytes)?;
            range.flush()?;
        }
        if mbr == Mbr::Protect {
            protect(&range, last)?;
        }
        Ok(())
    }

    /// The headers of both copies.
    fn copies(&self, range: &BlockRange, last: u64) -> Result<(GptHeader, GptHeader)> {
        let blocks = (self.array.len() as u64).div_ceil(range.block_size() as u64);
        let usable = (
            self.header.first_usable_lba.to_u64(),
            self.header.last_usable_lba.to_u64(),
        );
        // That of a backup is elsewhere.
        let primary = match self.header.my_lba.to_u64() {
            0 | 1 => self.header.partition_entry_lba.to_u64(),
            _ => 2,
        };
        let backup = last.saturating_sub(blocks);
        if primary < 2 || primary.saturating_add(blocks) > usable.0 || backup <= usable.1 {
            return Err(Error::Corrupt(
                "GPT: no room for the entries before and behind the partitions",
            ));
        }
        let header = |here, there, entries| {
            let mut header = GptHeader {
                header_size: U32Le::from_u32(size_of::<GptHeader>() as u32),
                my_lba: LbaLe::from_u64(here),
                alternate_lba: LbaLe::from_u64(there),
                partition_entry_lba: LbaLe::from_u64(entries),
                partition_entry_array_crc32: Crc32(U32Le::from_u32(CRC.checksum(&self.array))),
                header_crc32: Crc32::default(),
                ..self.header
            };
            let crc = CRC.checksum(bytemuck::bytes_of(&header));
            header.header_crc32 = Crc32(U32Le::from_u32(crc));
            header
        };
        Ok((header(1, last, primary), header(last, 1, backup)))
    }

    fn change(&mut self, number: u32, change: impl FnOnce(&mut GptPartitionEntry)) -> Result<()> {
        let bytes = self.entry_mut(number)?;
        let mut entry: GptPartitionEntry = parse(bytes)?;
        change(&mut entry);
        if let Some(place) = bytes.get_mut(..ENTRY) {
            place.copy_from_slice(bytemuck::bytes_of(&entry));
        }
        Ok(())
    }

    fn entry_size(&self) -> usize {
        // Never less, as it was checked; 0 would not do.
        (self.header.size_of_partition_entry.to_u32() as usize).max(ENTRY)
    }

    fn entry_mut(&mut self, number: u32) -> Result<&mut [u8]> {
        let size = self.entry_size();
        let index = number.checked_sub(1).ok_or(Error::NotFound)?;
        let bytes = self.array.chunks_exact_mut(size).nth(index as usize);
        let bytes = bytes.ok_or(Error::NotFound)?;
        match parse::<GptPartitionEntry>(bytes)?.is_used() {
            true => Ok(bytes),
            false => Err(Error::NotFound),
        }
    }
}

fn last_block(range: &BlockRange) -> u64 {
    range.block_of(range.len()).saturating_sub(1)
}

/// Reads the table whose header is in block `lba` of a disk with the last block `last`.
fn read_copy(range: &BlockRange, lba: u64, last: u64) -> Result<Table> {
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
    Ok(Table { header, array })
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

/// Writes a master boot record with one partition over all of the disk, of the type that
/// keeps others away.
fn protect(range: &BlockRange, last: u64) -> Result<()> {
    let mut block = vec![0; 512];
    range.read_at(0, &mut block)?;
    block.truncate(BOOT_CODE);
    block.resize(446, 0);
    // Not bootable, from head 0 track 0 sector 2 to where such addresses end.
    block.extend([0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff]);
    block.extend(1u32.to_le_bytes());
    block.extend(u32::try_from(last).unwrap_or(u32::MAX).to_le_bytes());
    block.resize(510, 0);
    block.extend([0x55, 0xaa]);
    range.write_at(0, &block)?;
    range.flush()
}
