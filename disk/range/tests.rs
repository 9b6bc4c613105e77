// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of byte ranges.

use super::*;
use crate::testing::RamDisk;
use alloc::vec::Vec;

fn pattern(i: u64) -> u8 {
    (i ^ (i >> 8) ^ (i >> 16)) as u8
}

fn patterned(block_size: u32, len: u64) -> Arc<RamDisk> {
    RamDisk::new((0..len).map(pattern).collect(), block_size)
}

#[test]
fn bytes_are_right_at_every_alignment() {
    for block_size in [512, 4096] {
        let disk = patterned(block_size, 256 * 1024);
        let range = BlockRange::of_device(disk, 2, 60).unwrap();
        assert_eq!(range.len(), 60 * u64::from(block_size));
        let base = 2 * u64::from(block_size);
        for (offset, len) in [
            (0, 1),
            (511, 2),
            (1, 20_000),
            (4095, 16_385),
            (16_383, 2),
            (8192, 16_384),
            (30_719, 1),
        ] {
            let mut buf = vec![0; len];
            range.read_at(offset, &mut buf).unwrap();
            assert!(
                buf.iter()
                    .zip(base + offset..)
                    .all(|(&b, i)| b == pattern(i)),
                "{offset} {len}"
            );
        }
        assert_eq!(
            range.read_at(range.len() - 1, &mut [0; 2]),
            Err(Error::OutOfRange)
        );
        assert_eq!(range.read_at(u64::MAX, &mut [0; 2]), Err(Error::OutOfRange));
    }
}

#[test]
fn a_large_read_is_one_request_and_small_ones_share_one() {
    let disk = patterned(512, 1 << 20);
    let device = dm::blkcache::Cache::default().attach(disk.clone());
    let range = BlockRange::of_device(device, 0, u64::MAX).unwrap();
    range.read_at(512, &mut vec![0; 512 * 1024]).unwrap();
    assert_eq!(disk.reads(), 1);
    for i in 0..100 {
        range
            .read_at(600_000 - 600_000 % 16384 + i * 16, &mut [0; 16])
            .unwrap();
    }
    assert_eq!(disk.reads(), 2);
}

#[test]
fn a_bad_block_spoils_only_itself() {
    let disk = patterned(512, 1 << 20);
    disk.break_block(10);
    let range = BlockRange::of_device(disk, 0, u64::MAX).unwrap();
    let mut buf = [0; 4];
    range.read_at(9 * 512, &mut buf).unwrap();
    assert_eq!(buf[1], pattern(9 * 512 + 1));
    assert_eq!(range.read_at(10 * 512, &mut buf), Err(Error::Io(10)));
    assert_eq!(range.read_at(0, &mut vec![0; 65536]), Err(Error::Io(10)));
}

#[test]
fn what_is_written_is_read_and_nothing_else_changes() {
    for block_size in [512, 4096] {
        let disk = patterned(block_size, 256 * 1024);
        let range = BlockRange::of_device(disk.clone(), 2, 40).unwrap();
        let base = 2 * block_size as usize;
        let mut expected = disk.bytes();
        for (offset, len) in [(0, 1), (511, 2), (1, 20_000), (4095, 8193), (8192, 4096)] {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 7 + offset) as u8).collect();
            range.write_at(offset as u64, &bytes).unwrap();
            expected[base + offset..][..len].copy_from_slice(&bytes);
            assert!(disk.bytes() == expected, "{offset} {len}");
            let mut read = vec![0; len + 1];
            range.read_at(offset as u64, &mut read).unwrap();
            assert!(
                read == expected[base + offset..][..len + 1],
                "{offset} {len}"
            );
        }
        let end = range.len();
        assert_eq!(range.write_at(end - 1, &[0; 2]), Err(Error::OutOfRange));
        assert_eq!(range.write_at(u64::MAX, &[0; 2]), Err(Error::OutOfRange));
        assert_eq!(range.write_at(end, &[]), Ok(()));
        assert!(disk.bytes() == expected);
    }
}

#[test]
fn after_a_failed_write_the_disk_is_read() {
    let disk = patterned(512, 64 * 1024);
    let range = BlockRange::of_device(disk.clone(), 0, u64::MAX).unwrap();
    range.read_at(0, &mut [0; 4]).unwrap();
    disk.break_block(3);
    assert_eq!(range.write_at(512, &[0; 2048]), Err(Error::Io(3)));
    let mut read = [0; 512];
    range.read_at(512, &mut read).unwrap();
    assert!(read == disk.bytes()[512..1024]);
}

#[test]
fn partitions_end_with_the_disk() {
    let disk = patterned(512, 10 * 512);
    assert_eq!(
        BlockRange::of_device(disk.clone(), 8, 100).unwrap().len(),
        1024
    );
    assert!(
        BlockRange::of_device(disk.clone(), 10, 1)
            .unwrap()
            .is_empty()
    );
    assert!(matches!(
        BlockRange::of_device(disk, 11, 1),
        Err(Error::Corrupt(_))
    ));
}
