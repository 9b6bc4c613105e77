// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of GUID partition tables.

use super::*;
use crate::list;
use crate::testing::{RamDisk, disk};
use alloc::vec;

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
