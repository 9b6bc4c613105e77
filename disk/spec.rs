// SPDX-License-Identifier: GPL-2.0-or-later
//! How users name disks and partitions: `pvblock 0:1`, `0:auto`, `0#name`.
//!
//! Numbers are hexadecimal. Behaviour and messages: U-Boot,
//! `doc/usage/partitions.rst` and `disk/part.c`.

use crate::number::hextoul;
use crate::{PartType, Partition, list};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::Error;
use core::fmt;
use dm::Model;
use dm::blk::Disk;

/// Partition numbers up to this one are candidates for `auto`.
const MAX_SEARCH: u32 = 128;

/// Whether a command can also use a disk without partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// It can.
    Allowed,
    /// It needs a partition.
    Refused,
}

/// A partition, or a whole disk with the partition number 0.
#[derive(Clone)]
pub struct Location {
    /// The disk.
    pub disk: Disk,
    /// What of it.
    pub partition: Partition,
}

/// Why a specification names nothing; displays as U-Boot's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// Neither the command nor the variable `bootdevice` names a device.
    NoDevice,
    /// There is no such device, or its number is not one.
    BadDevice(String),
    /// The part after the dot is not a number.
    BadHwPartition(String),
    /// The part after the colon is not a number, or 0 where that is not allowed.
    BadPartition(String),
    /// The disk is empty.
    BadSize(String),
    /// A partition is asked for, but the disk has no table.
    NoTable(String),
    /// The table has no partition of this number.
    InvalidPartition(u32),
    /// The table has no partition at all.
    NoValidPartitions,
    /// The table has no partition of this name.
    NoSuchName(String),
    /// The disk or its table could not be read.
    Failed(String, Error),
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpecError::NoDevice => f.write_str("** No device specified **"),
            SpecError::BadDevice(spec) => write!(f, "** Bad device specification {spec} **"),
            SpecError::BadHwPartition(spec) => {
                write!(f, "** Bad HW partition specification {spec} **")
            }
            SpecError::BadPartition(spec) => write!(f, "** Bad partition specification {spec} **"),
            SpecError::BadSize(spec) => write!(f, "** Bad device size - {spec} **"),
            SpecError::NoTable(spec) => write!(f, "** No partition table - {spec} **"),
            SpecError::InvalidPartition(number) => write!(f, "** Invalid partition {number} **"),
            SpecError::NoValidPartitions => f.write_str("** No valid partitions found **"),
            SpecError::NoSuchName(name) => write!(f, "Could not find \"{name}\" partition"),
            SpecError::Failed(spec, error) => write!(f, "** Can't use device {spec}: {error} **"),
        }
    }
}

impl core::error::Error for SpecError {}

/// The disk that an interface and a number name.
///
/// # Errors
/// Why not; see [`SpecError`].
pub fn device(model: &Model, interface: &str, spec: &str) -> Result<Disk, SpecError> {
    let (device, hw_partition) = match spec.split_once('.') {
        Some((device, hw_partition)) => (device, Some(hw_partition)),
        None => (spec, None),
    };
    let (number, rest) = hextoul(device);
    let bad = || SpecError::BadDevice(named(interface, device));
    let number = i32::try_from(number)
        .ok()
        .filter(|_| rest.is_empty())
        .ok_or_else(bad)?;
    // No disk here has hardware partitions: a number is accepted, and means nothing.
    if let Some(hw_partition) = hw_partition.filter(|text| !hextoul(text).1.is_empty()) {
        return Err(SpecError::BadHwPartition(named(interface, hw_partition)));
    }
    dm::blk::get(model, interface, number).map_err(|error| match error {
        Error::NoDevice => bad(),
        error => SpecError::Failed(named(interface, device), error),
    })
}

/// The partition that an interface and a specification name: `0`, `0:`, `0:2`, `0:auto`.
///
/// Without a partition number it is the first partition, or the whole disk if
/// the disk has no table. Without a specification, `boot_device` counts.
///
/// # Errors
/// Why not; see [`SpecError`].
pub fn locate(
    model: &Model,
    interface: &str,
    spec: Option<&str>,
    boot_device: Option<&str>,
    whole: Whole,
) -> Result<Location, SpecError> {
    let spec = spec
        .filter(|spec| !matches!(*spec, "" | "-"))
        .or(boot_device)
        .ok_or(SpecError::NoDevice)?;
    let (dev, part) = spec.split_once(':').unwrap_or((spec, ""));
    let disk = device(model, interface, dev)?;
    let wanted = Wanted::parse(part, whole)
        .ok_or_else(|| SpecError::BadPartition(named(interface, spec)))?;
    let whole_disk = Partition::whole_disk(&disk);
    if whole_disk.blocks == 0 {
        return Err(SpecError::BadSize(named(interface, dev)));
    }
    if wanted == Wanted::Number(0) {
        return Ok(Location {
            disk,
            partition: whole_disk,
        });
    }
    let (kind, partitions) =
        list(&disk).map_err(|error| SpecError::Failed(named(interface, dev), error))?;
    let partition = match (kind, wanted) {
        (PartType::Unknown, Wanted::Number(_)) => Err(SpecError::NoTable(named(interface, dev))),
        (PartType::Unknown, _) if whole == Whole::Refused => {
            Err(SpecError::NoTable(named(interface, dev)))
        }
        (PartType::Unknown, _) => Ok(whole_disk),
        (_, Wanted::Number(number)) => numbered(partitions, number),
        (_, Wanted::Unspecified) => numbered(partitions, 1),
        (_, Wanted::Auto) => best(partitions),
    };
    partition.map(|partition| Location { disk, partition })
}

/// As [`locate`], and a partition may also be given by its name: `0#root`.
///
/// # Errors
/// Why not; see [`SpecError`].
pub fn locate_by_name(
    model: &Model,
    interface: &str,
    spec: Option<&str>,
    boot_device: Option<&str>,
    whole: Whole,
) -> Result<Location, SpecError> {
    let Some((dev, name)) = spec.and_then(|spec| spec.split_once('#')) else {
        return locate(model, interface, spec, boot_device, whole);
    };
    let disk = device(model, interface, dev)?;
    let (_, partitions) =
        list(&disk).map_err(|error| SpecError::Failed(named(interface, dev), error))?;
    let found = partitions
        .into_iter()
        .find(|partition| partition.name == name);
    let partition = found.ok_or_else(|| SpecError::NoSuchName(name.to_string()))?;
    Ok(Location { disk, partition })
}

/// Which partition a specification asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Unspecified,
    Auto,
    Number(u32),
}

impl Wanted {
    fn parse(text: &str, whole: Whole) -> Option<Wanted> {
        match text {
            "" => Some(Wanted::Unspecified),
            "auto" => Some(Wanted::Auto),
            _ => {
                let (number, rest) = hextoul(text);
                let number = u32::try_from(number).ok().filter(|_| rest.is_empty())?;
                (number != 0 || whole == Whole::Allowed).then_some(Wanted::Number(number))
            }
        }
    }
}

fn numbered(partitions: Vec<Partition>, number: u32) -> Result<Partition, SpecError> {
    partitions
        .into_iter()
        .find(|p| p.number == number)
        .ok_or(SpecError::InvalidPartition(number))
}

/// The first bootable partition, or else the first one.
fn best(partitions: Vec<Partition>) -> Result<Partition, SpecError> {
    let mut candidates = partitions.into_iter().filter(|p| p.number <= MAX_SEARCH);
    let first = candidates.next().ok_or(SpecError::NoValidPartitions)?;
    match first.bootable {
        true => Ok(first),
        false => Ok(candidates.find(|p| p.bootable).unwrap_or(first)),
    }
}

fn named(interface: &str, spec: &str) -> String {
    alloc::format!("{interface} {spec}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{RamDisk, model};

    /// Disk 0 has DOS partitions 1 and 2, the second bootable; disk 1 has none.
    fn disks() -> Model {
        let mut table = std::vec![0; 64 * 512];
        table[0x1be + 4] = 0x83;
        table[0x1be + 8] = 8;
        table[0x1be + 12] = 8;
        table[0x1ce] = 0x80;
        table[0x1ce + 4] = 0x83;
        table[0x1ce + 8] = 16;
        table[0x1ce + 12] = 8;
        table[510..512].copy_from_slice(&[0x55, 0xaa]);
        let plain = std::vec![0; 64 * 512];
        let mut empty_table = plain.clone();
        empty_table[510..512].copy_from_slice(&[0x55, 0xaa]);
        model(&[table, plain, std::vec![], empty_table].map(|bytes| RamDisk::new(bytes, 512)))
    }

    fn find(spec: &str, whole: Whole) -> Result<(i32, u32), String> {
        let location = locate_by_name(&disks(), "pvblock", Some(spec), None, whole);
        location
            .map(|l| (l.disk.number, l.partition.number))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_specification_names() {
        for (spec, number) in [
            ("0", 1),
            ("0:", 1),
            ("0:1", 1),
            ("0:0x2", 2),
            ("0:auto", 2),
            ("0:0", 0),
            (":2", 2),
            ("0.0:2", 2),
            ("0#xxa2", 2),
        ] {
            assert_eq!(find(spec, Whole::Allowed), Ok((0, number)), "{spec}");
        }
        for spec in ["1", "1:", "1:0", "1:auto", "0x1"] {
            assert_eq!(find(spec, Whole::Allowed), Ok((1, 0)), "{spec}");
        }
    }

    #[test]
    fn messages_are_those_of_u_boot() {
        for (spec, message) in [
            ("9", "** Bad device specification pvblock 9 **"),
            ("9:1", "** Bad device specification pvblock 9 **"),
            ("x", "** Bad device specification pvblock x **"),
            (
                "ffffffff",
                "** Bad device specification pvblock ffffffff **",
            ),
            ("0.x", "** Bad HW partition specification pvblock x **"),
            ("0:x", "** Bad partition specification pvblock 0:x **"),
            ("0:1x", "** Bad partition specification pvblock 0:1x **"),
            ("0:3", "** Invalid partition 3 **"),
            ("1:1", "** No partition table - pvblock 1 **"),
            ("2", "** Bad device size - pvblock 2 **"),
            ("3:auto", "** No valid partitions found **"),
            ("0#none", "Could not find \"none\" partition"),
        ] {
            assert_eq!(
                find(spec, Whole::Allowed),
                Err(message.to_string()),
                "{spec}"
            );
        }
        assert_eq!(
            find("0:0", Whole::Refused),
            Err("** Bad partition specification pvblock 0:0 **".into())
        );
        assert_eq!(
            find("1", Whole::Refused),
            Err("** No partition table - pvblock 1 **".into())
        );
    }

    #[test]
    fn the_boot_device_fills_in() {
        let model = disks();
        let number = |spec, boot| {
            locate(&model, "pvblock", spec, boot, Whole::Allowed).map(|l| l.partition.number)
        };
        assert_eq!(number(None, Some("0:2")), Ok(2));
        assert_eq!(number(Some("-"), Some("0:2")), Ok(2));
        assert_eq!(number(Some("0:1"), Some("0:2")), Ok(1));
        assert_eq!(number(None, None), Err(SpecError::NoDevice));
    }
}
