// SPDX-License-Identifier: GPL-2.0-or-later
//! New tables: where partitions go, and what makes that impossible.
//!
//! Behaviour: U-Boot, `gpt_fill_pte` of `disk/part_efi.c`.

use super::ENTRY;
use super::table::Table;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use dm::blk::BlkInfo;
use gpt_disk_types::{GptHeader, GptPartitionEntry, GptPartitionType, LbaLe, U32Le};
use uguid::Guid;

/// Entries of a new table.
const ENTRIES: u32 = 128;
/// The first block that partitions of a new table may have.
const FIRST_USABLE: u64 = 34;

/// A partition that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPartition {
    /// Its name.
    pub name: String,
    /// Its first block; `None` is right behind the one before it.
    pub start: Option<u64>,
    /// How many blocks; `None`, for the last one, is all that is left.
    pub blocks: Option<u64>,
    /// What it is for.
    pub type_guid: Guid,
    /// Its identity.
    pub guid: Guid,
    /// Marked to be booted from.
    pub bootable: bool,
}

/// Why there can be no such table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// There are so many partitions.
    TooMany(usize),
    /// The disk has too few blocks for any table.
    TooSmall(u64),
    /// A partition has no size, and is not the last one.
    NoSize(u32),
    /// A partition is not between the first and the last block that may be used.
    Outside {
        /// Its number.
        number: u32,
        /// Its blocks.
        blocks: (u64, u64),
        /// Those that may be used.
        usable: (u64, u64),
    },
    /// Two partitions have blocks in common.
    Overlap(u32, u32),
    /// Two partitions have the same identity.
    SameGuid(u32, u32),
    /// The name of a partition is too long, or has characters that a table cannot have.
    Name(u32),
    /// The type of a partition is that of none.
    NoType(u32),
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayoutError::TooMany(count) => {
                write!(f, "{count} partitions, but a table has {ENTRIES}")
            }
            LayoutError::TooSmall(blocks) => {
                write!(f, "a disk of {blocks} blocks is too small for a table")
            }
            LayoutError::NoSize(number) => write!(
                f,
                "partition {number} has no size, which only the last one may take as what is left"
            ),
            LayoutError::Outside {
                number,
                blocks: (first, last),
                usable: (from, until),
            } => write!(
                f,
                "partition {number} would have blocks {first:#x} to {last:#x}, \
                 but those that can be used are {from:#x} to {until:#x}"
            ),
            LayoutError::Overlap(a, b) => write!(f, "partitions {a} and {b} would overlap"),
            LayoutError::SameGuid(a, b) => write!(f, "partitions {a} and {b} have the same UUID"),
            LayoutError::Name(number) => write!(
                f,
                "the name of partition {number} has more than 35 characters, or strange ones"
            ),
            LayoutError::NoType(number) => {
                write!(f, "partition {number} has the type of an unused entry")
            }
        }
    }
}

impl Table {
    /// A table with these partitions, numbered from 1, for a disk.
    ///
    /// # Errors
    /// Why they cannot be; see [`LayoutError`].
    pub fn new(
        info: &BlkInfo,
        guid: Guid,
        partitions: &[NewPartition],
    ) -> Result<Table, LayoutError> {
        if partitions.len() > ENTRIES as usize {
            return Err(LayoutError::TooMany(partitions.len()));
        }
        let last_usable = info.blocks.saturating_sub(FIRST_USABLE);
        if last_usable < FIRST_USABLE {
            return Err(LayoutError::TooSmall(info.blocks));
        }
        let places = places(partitions, (FIRST_USABLE, last_usable))?;
        let mut array = Vec::with_capacity((ENTRIES as usize).saturating_mul(ENTRY));
        for (number, (partition, place)) in (1..).zip(partitions.iter().zip(places)) {
            array.extend_from_slice(bytemuck::bytes_of(&entry(number, partition, place)?));
        }
        if let Some((a, b)) = same_guid(partitions) {
            return Err(LayoutError::SameGuid(a, b));
        }
        array.resize((ENTRIES as usize).saturating_mul(ENTRY), 0);
        let header = GptHeader {
            first_usable_lba: LbaLe::from_u64(FIRST_USABLE),
            last_usable_lba: LbaLe::from_u64(last_usable),
            disk_guid: guid,
            partition_entry_lba: LbaLe::from_u64(2),
            number_of_partition_entries: U32Le::from_u32(ENTRIES),
            size_of_partition_entry: U32Le::from_u32(ENTRY as u32),
            ..GptHeader::default()
        };
        Ok(Table { header, array })
    }
}

/// The first and the last block of each partition.
fn places(partitions: &[NewPartition], usable: (u64, u64)) -> Result<Vec<(u64, u64)>, LayoutError> {
    let mut places = Vec::with_capacity(partitions.len());
    let mut next = usable.0;
    for (number, partition) in (1..).zip(partitions) {
        let first = partition.start.unwrap_or(next);
        let last = match partition.blocks.filter(|blocks| *blocks > 0) {
            Some(blocks) => first.saturating_add(blocks.saturating_sub(1)),
            None if number as usize == partitions.len() => usable.1,
            None => return Err(LayoutError::NoSize(number)),
        };
        if first < usable.0 || last > usable.1 || first > last {
            return Err(LayoutError::Outside {
                number,
                blocks: (first, last),
                usable,
            });
        }
        places.push((first, last));
        next = last.saturating_add(1);
    }
    match overlap(&places) {
        Some((a, b)) => Err(LayoutError::Overlap(a, b)),
        None => Ok(places),
    }
}

/// The numbers of two partitions that have a block in common.
pub(super) fn overlap(places: &[(u64, u64)]) -> Option<(u32, u32)> {
    let mut sorted: Vec<_> = places.iter().zip(1u32..).collect();
    sorted.sort_unstable();
    let pairs = sorted.iter().zip(sorted.iter().skip(1));
    pairs
        .filter(|((one, _), (two, _))| two.0 <= one.1)
        .map(|((_, a), (_, b))| (*a.min(b), *a.max(b)))
        .next()
}

fn same_guid(partitions: &[NewPartition]) -> Option<(u32, u32)> {
    let mut sorted: Vec<_> = partitions
        .iter()
        .map(|p| p.guid.to_bytes())
        .zip(1u32..)
        .collect();
    sorted.sort_unstable();
    let mut pairs = sorted.iter().zip(sorted.iter().skip(1));
    pairs
        .find(|((one, _), (two, _))| one == two)
        .map(|((_, a), (_, b))| (*a, *b))
}

fn entry(
    number: u32,
    partition: &NewPartition,
    (first, last): (u64, u64),
) -> Result<GptPartitionEntry, LayoutError> {
    if partition.type_guid.is_zero() {
        return Err(LayoutError::NoType(number));
    }
    let mut entry = GptPartitionEntry {
        partition_type_guid: GptPartitionType(partition.type_guid),
        unique_partition_guid: partition.guid,
        starting_lba: LbaLe::from_u64(first),
        ending_lba: LbaLe::from_u64(last),
        ..GptPartitionEntry::default()
    };
    let mut attributes = entry.attributes;
    attributes.update_legacy_bios_bootable(partition.bootable);
    entry.attributes = attributes;
    entry.name = partition
        .name
        .parse()
        .map_err(|_| LayoutError::Name(number))?;
    Ok(entry)
}
