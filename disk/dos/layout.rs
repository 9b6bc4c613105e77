// SPDX-License-Identifier: GPL-2.0-or-later
//! New DOS tables: where partitions go, and the blocks that say so.
//!
//! Behaviour: U-Boot, `layout_mbr_partitions` and `write_mbr_partitions` of
//! `disk/part_dos.c`.

use super::is_extended;
use crate::{BlockRange, le};
use alloc::vec;
use alloc::vec::Vec;
use common::Error;
use core::fmt;
use dm::blk::{BlkInfo, Disk};

/// Blocks before the first partition, and before each logical one.
const GAP: u64 = 2048;
/// Partitions in the master boot record.
const PRIMARY: usize = 4;
/// Partitions that a table may have.
const MAX: usize = 128;

/// A partition that is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPartition {
    /// Its first block; `None` is behind the one before it.
    pub start: Option<u64>,
    /// How many blocks; `None` is all that the others leave.
    pub blocks: Option<u64>,
    /// What it is for, its system indicator.
    pub system: u8,
    /// Marked to be booted from.
    pub bootable: bool,
}

/// Why there can be no such table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// There are so many partitions.
    TooMany(usize),
    /// More than four partitions need one extended partition among the first four.
    Extended,
    /// A partition has the type of an unused entry.
    NoType(usize),
    /// There is no block left for a partition.
    NoRoom(usize),
    /// A partition is not where it can be.
    Outside {
        /// Its number.
        number: usize,
        /// Its first block and the first one after it.
        blocks: (u64, u64),
        /// Those that it can have.
        room: (u64, u64),
    },
    /// Two partitions have blocks in common.
    Overlap(usize, usize),
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayoutError::TooMany(count) => write!(f, "{count} partitions are more than {MAX}"),
            LayoutError::Extended => f.write_str(
                "one extended partition (id=0x05) is needed among the first four for more than four",
            ),
            LayoutError::NoType(number) => {
                write!(f, "partition {number} has the type of an unused entry")
            }
            LayoutError::NoRoom(number) => write!(f, "no room is left for partition {number}"),
            LayoutError::Outside {
                number,
                blocks: (start, end),
                room: (from, until),
            } => write!(
                f,
                "partition {number} would have blocks {start:#x} to {:#x}, \
                 but those that it can have are {from:#x} to {:#x}",
                end.saturating_sub(1),
                until.saturating_sub(1)
            ),
            LayoutError::Overlap(a, b) => write!(f, "partitions {a} and {b} would overlap"),
        }
    }
}

/// A partition with its place.
#[derive(Clone, Copy, Debug)]
struct Placed {
    start: u64,
    end: u64,
    system: u8,
    bootable: bool,
}

/// A table that can be.
#[derive(Debug)]
pub struct Layout {
    primary: Vec<Placed>,
    logical: Vec<Placed>,
    /// The first block of the extended partition.
    extended: u64,
}

impl Layout {
    /// Finds the places of partitions on a disk.
    ///
    /// # Errors
    /// Why they cannot be; see [`LayoutError`].
    pub fn new(info: &BlkInfo, partitions: &[NewPartition]) -> Result<Layout, LayoutError> {
        if partitions.len() > MAX {
            return Err(LayoutError::TooMany(partitions.len()));
        }
        if let Some(at) = partitions.iter().position(|p| p.system == 0) {
            return Err(LayoutError::NoType(at.saturating_add(1)));
        }
        let (primary, logical) = partitions
            .split_at_checked(PRIMARY)
            .unwrap_or((partitions, &[]));
        // Addresses in a table have 32 bits.
        let disk = (1, info.blocks.min(1 << 32));
        let primary = place(primary, 1, disk, GAP, 0)?;
        check(&primary, 1, disk, 0)?;
        let mut extended = primary.iter().filter(|p| is_extended(p.system));
        let (one, more) = (extended.next(), extended.next());
        let logical = match one {
            Some(room) if more.is_none() && logical.iter().all(|p| !is_extended(p.system)) => {
                let room = (room.start, room.end);
                let placed = place(logical, 5, room, room.0, GAP)?;
                // Each has the block of its table before it.
                check(&placed, 5, room, 1)?;
                placed
            }
            None if logical.is_empty() => Vec::new(),
            _ => return Err(LayoutError::Extended),
        };
        Ok(Layout {
            extended: one.map_or(0, |extended| extended.start),
            primary,
            logical,
        })
    }

    /// Writes the table and makes it durable, the master boot record last. Without
    /// a signature, that of a table before stays, or is a random one.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] or what the device says.
    pub fn write(&self, disk: &Disk, signature: Option<u32>) -> common::Result<()> {
        let range = BlockRange::whole(disk)?;
        if range.is_read_only() {
            return Err(Error::ReadOnly);
        }
        let block = |number: u64| number.saturating_mul(range.block_size() as u64);
        let signature = match signature {
            Some(signature) => signature,
            None => old_signature(&range)?.unwrap_or_else(random),
        };
        if self.extended != 0 && self.logical.is_empty() {
            // An old table there would bring its partitions back.
            range.write_at(block(self.extended), &sector(&[], 0))?;
        }
        let mut table = self.extended;
        for (at, partition) in self.logical.iter().enumerate() {
            let next = self.logical.get(at.saturating_add(1));
            let link = next.map(|next| {
                let link = Placed {
                    start: partition.end,
                    end: next.end,
                    system: 5,
                    bootable: false,
                };
                entry(&link, self.extended)
            });
            let entries: Vec<_> = [entry(partition, table)].into_iter().chain(link).collect();
            range.write_at(block(table), &sector(&entries, 0))?;
            table = partition.end;
        }
        range.flush()?;
        let entries: Vec<_> = self.primary.iter().map(|p| entry(p, 0)).collect();
        range.write_at(0, &sector(&entries, signature))?;
        range.flush()
    }
}

/// Finds the places of partitions from number `first` on: the first one of them at `next`
/// unless it says otherwise, each `gap` blocks behind the one before.
fn place(
    partitions: &[NewPartition],
    first: usize,
    room: (u64, u64),
    mut next: u64,
    gap: u64,
) -> Result<Vec<Placed>, LayoutError> {
    let mut placed = Vec::with_capacity(partitions.len());
    for (at, partition) in partitions.iter().enumerate() {
        let start = partition.start.unwrap_or(next.saturating_add(gap));
        let later = partitions.get(at.saturating_add(1)..).unwrap_or_default();
        let end = match partition.blocks {
            Some(blocks) => start.saturating_add(blocks),
            None => rest(later, room.1, gap),
        };
        if end <= start {
            return Err(LayoutError::NoRoom(first.saturating_add(at)));
        }
        placed.push(Placed {
            start,
            end,
            system: partition.system,
            bootable: partition.bootable,
        });
        next = end;
    }
    Ok(placed)
}

/// Where a partition ends that takes what those behind it leave.
fn rest(later: &[NewPartition], end: u64, gap: u64) -> u64 {
    let mut needed = 0u64;
    for partition in later {
        needed = needed.saturating_add(gap);
        if let Some(start) = partition.start {
            return start.saturating_sub(needed);
        }
        needed = needed.saturating_add(partition.blocks.unwrap_or(0));
    }
    end.saturating_sub(needed)
}

/// Checks that all partitions, with `before` blocks in front of each, are in their room and apart.
fn check(
    placed: &[Placed],
    first: usize,
    room: (u64, u64),
    before: u64,
) -> Result<(), LayoutError> {
    let mut sorted: Vec<_> = placed.iter().zip(first..).collect();
    for (partition, number) in &sorted {
        if partition.start < room.0.saturating_add(before) || partition.end > room.1 {
            return Err(LayoutError::Outside {
                number: *number,
                blocks: (partition.start, partition.end),
                room: (room.0.saturating_add(before), room.1),
            });
        }
    }
    sorted.sort_unstable_by_key(|(partition, _)| partition.start);
    for ((one, a), (two, b)) in sorted.iter().zip(sorted.iter().skip(1)) {
        if two.start < one.end.saturating_add(before) {
            return Err(LayoutError::Overlap(*a.min(b), *a.max(b)));
        }
    }
    // A chain of logical partitions goes forward.
    let out_of_order = placed.iter().zip(placed.iter().skip(1)).zip(first..);
    match out_of_order
        .filter(|((one, two), _)| before > 0 && two.start < one.end)
        .map(|(_, number)| number)
        .next()
    {
        Some(number) => Err(LayoutError::Overlap(number, number.saturating_add(1))),
        None => Ok(()),
    }
}

/// An entry of a table; its start is counted from block `base`.
fn entry(partition: &Placed, base: u64) -> [u8; 16] {
    let last = partition.end.saturating_sub(1);
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = [0; 16];
    let parts: [&[u8]; 6] = [
        &[if partition.bootable { 0x80 } else { 0 }],
        &chs(partition.start),
        &[partition.system],
        &chs(last),
        &number(partition.start.saturating_sub(base)),
        &number(partition.end.saturating_sub(partition.start)),
    ];
    let all = parts.into_iter().flatten();
    bytes.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
    bytes
}

/// A block as head, sector and cylinder of a disk with 255 heads and 63 sectors.
fn chs(block: u64) -> [u8; 3] {
    let (track, sector) = (block / 63, block % 63);
    let (cylinder, head) = (track / 255, track % 255);
    if cylinder > 1023 {
        return [254, 63 | 0xc0, 0xff];
    }
    let sector = sector.saturating_add(1) | (cylinder >> 8) << 6;
    [head as u8, sector as u8, cylinder as u8]
}

/// A block with a table.
fn sector(entries: &[[u8; 16]], signature: u32) -> Vec<u8> {
    let mut bytes = vec![0; 0x1b8];
    bytes.extend(signature.to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(entries.iter().flatten());
    bytes.resize(0x1fe, 0);
    bytes.extend([0x55, 0xaa]);
    bytes
}

fn old_signature(range: &BlockRange) -> common::Result<Option<u32>> {
    let mut bytes = [0; 512];
    range.read_at(0, &mut bytes)?;
    let signature = le::u32(&bytes, 0x1b8)?;
    Ok((super::is_mbr(&bytes) && signature != 0).then_some(signature))
}

fn random() -> u32 {
    let mut bytes = [0; 4];
    arch::random::fill(&mut bytes);
    u32::from_le_bytes(bytes)
}
