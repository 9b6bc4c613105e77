// SPDX-License-Identifier: GPL-2.0-or-later
//! Partitions and the kinds of tables that describe them.
//!
//! Behaviour: U-Boot, `part list` and `doc/usage/cmd/part.rst`.

use crate::BlockRange;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{Error, Result, println};
use dm::blk::Disk;
use uguid::Guid;

/// The kinds of partition tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartType {
    /// None that is known: the disk is used as a whole, or empty.
    Unknown,
    /// In the master boot record.
    Dos,
    /// The GUID partition table of UEFI.
    Efi,
}

/// What a partition's table says it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionKind {
    /// Not a partition: the disk itself.
    WholeDisk,
    /// The system indicator of a DOS partition.
    Dos(u8),
    /// The type and the attributes of a GPT partition.
    Efi {
        /// What it is for.
        type_guid: Guid,
        /// Its attribute bits.
        attributes: u64,
    },
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its number; 0 is the whole disk.
    pub number: u32,
    /// Its first block, in blocks of the device.
    pub start: u64,
    /// How many blocks it has. The table is foreign: they may lie beyond the end of the disk.
    pub blocks: u64,
    /// Bytes in a block.
    pub block_size: u32,
    /// Its name; DOS partitions have a made-up one.
    pub name: String,
    /// What it is for.
    pub kind: PartitionKind,
    /// Its identity: a GUID, or the DOS disk's signature and the number. Empty for a whole disk.
    pub uuid: String,
    /// Marked to be booted from, or an EFI system partition.
    pub bootable: bool,
}

impl Partition {
    /// A whole disk as if it were a partition.
    pub fn whole_disk(disk: &Disk) -> Partition {
        let info = disk.ops.info();
        Partition {
            number: 0,
            start: 0,
            blocks: info.blocks,
            block_size: info.block_size,
            name: "Whole Disk".to_string(),
            kind: PartitionKind::WholeDisk,
            uuid: String::new(),
            bootable: false,
        }
    }
}

/// A kind of partition table: how to tell it, read it and show it.
pub(crate) struct TableDriver {
    pub kind: PartType,
    pub name: &'static str,
    /// Whether the disk's first block announces this kind of table.
    pub test: fn(first_block: &[u8]) -> bool,
    /// Reads the table.
    pub read: fn(&Disk, &BlockRange) -> Result<Vec<Partition>>,
    /// Shows it, without U-Boot's common heading.
    pub print: fn(&[Partition]),
}

/// The kinds of tables, in the order they are tried. EFI is first, because a
/// disk with a GPT also has a DOS table that protects it.
static DRIVERS: &[TableDriver] = &[
    #[cfg(CONFIG_EFI_PARTITION)]
    crate::efi::DRIVER,
    #[cfg(CONFIG_DOS_PARTITION)]
    crate::dos::DRIVER,
];

/// The names of the kinds of tables that are supported, for `part types`.
pub fn table_names() -> impl Iterator<Item = &'static str> {
    DRIVERS.iter().map(|driver| driver.name)
}

/// The partitions of a disk, by number; none with [`PartType::Unknown`] if it has no table.
///
/// # Errors
/// [`common::Error::Corrupt`] if there is a table but it is damaged, or what
/// the device says.
pub fn list(disk: &Disk) -> Result<(PartType, Vec<Partition>)> {
    let range = BlockRange::whole(disk)?;
    match driver_of(disk, &range)? {
        Some(driver) => Ok((driver.kind, (driver.read)(disk, &range)?)),
        None => Ok((PartType::Unknown, Vec::new())),
    }
}

/// Shows a disk's partition table as U-Boot's `part list` does.
///
/// # Errors
/// As [`list`].
pub fn print(disk: &Disk) -> Result<()> {
    let range = BlockRange::whole(disk)?;
    let Some(driver) = driver_of(disk, &range)? else {
        println!("## Unknown partition table type 0");
        return Ok(());
    };
    let partitions = (driver.read)(disk, &range)?;
    println!(
        "\nPartition Map for {} device {}  --   Partition Type: {}\n",
        disk.interface, disk.number, driver.name
    );
    (driver.print)(&partitions);
    Ok(())
}

/// Says which kind of table a disk has, whatever is on it, until [`detect`] or
/// the disk's removal; and shows the table.
///
/// # Errors
/// [`Error::NotFound`] if there is no such kind, or as [`list`].
pub fn set_type(disk: &Disk, name: &str) -> Result<()> {
    let driver = DRIVERS
        .iter()
        .find(|driver| driver.name.eq_ignore_ascii_case(name));
    let driver = driver.ok_or(Error::NotFound)?;
    disk.device.set_uclass_private(Chosen(Some(driver.kind)));
    print(disk)
}

/// Finds out again which kind of table a disk has.
pub fn detect(disk: &Disk) {
    disk.device.set_uclass_private(Chosen(None));
}

/// The kind of table that [`set_type`] chose for a disk.
struct Chosen(Option<PartType>);

fn driver_of(disk: &Disk, range: &BlockRange) -> Result<Option<&'static TableDriver>> {
    if range.is_empty() {
        return Ok(None);
    }
    let chosen = disk.device.uclass_private::<Chosen>();
    if let Some(kind) = chosen.ok().and_then(|chosen| chosen.0) {
        return Ok(DRIVERS.iter().find(|driver| driver.kind == kind));
    }
    let mut first = alloc::vec![0; range.block_size()];
    range.read_at(0, &mut first)?;
    Ok(DRIVERS.iter().find(|driver| (driver.test)(&first)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{RamDisk, disk};

    #[test]
    fn a_disk_without_a_table_or_without_blocks_has_none() {
        for bytes in [std::vec![0; 4096], std::vec![]] {
            let disk = disk(RamDisk::new(bytes, 512));
            assert_eq!(list(&disk), Ok((PartType::Unknown, Vec::new())));
        }
    }

    #[test]
    fn an_unreadable_disk_is_not_an_empty_one() {
        let ram = RamDisk::new(std::vec![0; 4096], 512);
        ram.break_block(0);
        assert_eq!(list(&disk(ram)), Err(common::Error::Io(0)));
    }

    #[test]
    fn the_whole_disk_is_a_partition_too() {
        let whole = Partition::whole_disk(&disk(RamDisk::new(std::vec![0; 8192], 4096)));
        assert_eq!(
            (whole.number, whole.start, whole.blocks, whole.block_size),
            (0, 0, 2, 4096)
        );
    }
}
