// SPDX-License-Identifier: GPL-2.0-or-later
//! Many pieces at a time, bad blocks among them, and what disks share.

use crate::xen::blkconnect::Attempts;
use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::Config;
use crate::xen::fake::blkring::Order;
use crate::xen::fake::random::Random;
use alloc::vec::Vec;
use common::Error;
use dm::blk::{BlockDevice, ReadPiece};
use include::xen::io::blkif::{OP_INDIRECT, OP_READ};

/// A transfer of many requests.
const LARGE: usize = 4 << 20;

/// Reads pieces, each a start and a number of blocks; checks what they hold and how many requests that took.
fn check_pieces(
    fixture: &Fixture,
    disk: &dyn BlockDevice,
    places: &[(u64, usize)],
    requests: usize,
) {
    let size = disk.info().block_size as usize;
    let mut buffers: Vec<_> = places
        .iter()
        .map(|(_, blocks)| fixture.buffer(blocks * size, 512))
        .collect();
    let starts = places.iter().map(|(start, _)| *start);
    let mut pieces: Vec<_> = starts
        .zip(&mut buffers)
        .map(|(start, bytes)| ReadPiece { start, bytes })
        .collect();
    let before = fixture.disk(|back| back.behaviour.answered);
    disk.read_pieces(&mut pieces).unwrap();
    let answered = fixture.disk(|back| back.behaviour.answered) - before;
    assert_eq!(answered, requests, "{places:?}");
    for ((start, _), buffer) in places.iter().zip(&buffers) {
        let first = start * size as u64 / 512;
        let wanted = fixture.disk(|back| back.disk.bytes(first, buffer.len()));
        assert!(buffer[..] == wanted[..], "{places:?}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn pieces_share_requests_where_they_are_close() {
    for config in [Config::default(), Config::like_linux()] {
        let fixture = Fixture::with_disk(config);
        let disk = fixture.connect().unwrap();
        let check = |places: &[_], requests| check_pieces(&fixture, &disk, places, requests);
        check(&[], 0);
        check(&[(5, 0), (7, 3)], 1);
        // Next to each other, with small gaps, and with the largest one.
        check(&[(0, 1), (1, 2), (3, 30)], 1);
        check(&[(0, 1), (3, 1), (12, 9)], 1);
        check(&[(0, 1), (17, 1)], 1);
        // Too far away, backwards, the same again, and a part of it.
        check(&[(0, 1), (18, 1)], 2);
        check(&[(10, 5), (0, 3), (3, 1)], 2);
        check(&[(4, 8), (4, 8), (6, 2)], 3);
        disk.close().unwrap();
        drop(disk);
        fixture.finish(0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn pieces_of_any_size_at_any_place() {
    let mut random = Random::new(7);
    for round in 0..9 {
        let config = match round % 3 {
            0 => Config::default(),
            1 => Config::like_linux(),
            _ => Config::like_linux().and("sector-size", 4096),
        };
        let fixture = Fixture::with_disk(config);
        let disk = fixture.connect().unwrap();
        let mut start = 0;
        let places: Vec<_> = (0..100)
            .map(|_| {
                start += random.below(40) as u64;
                let blocks = match random.below(8) {
                    0 => random.below(600),
                    _ => random.below(20),
                };
                let place = (start, blocks);
                start = if random.one_in(10) {
                    0
                } else {
                    start + blocks as u64
                };
                place
            })
            .collect();
        let size = disk.info().block_size as usize;
        let mut buffers: Vec<_> = places.iter().map(|p| std::vec![0x5a; p.1 * size]).collect();
        let starts = places.iter().map(|(start, _)| *start);
        let mut pieces: Vec<_> = starts
            .zip(&mut buffers)
            .map(|(start, bytes)| ReadPiece { start, bytes })
            .collect();
        disk.read_pieces(&mut pieces).unwrap();
        for ((start, _), buffer) in places.iter().zip(&buffers) {
            let first = start * size as u64 / 512;
            let wanted = fixture.disk(|back| back.disk.bytes(first, buffer.len()));
            assert!(buffer[..] == wanted[..], "round {round}: {start}");
        }
        disk.close().unwrap();
        drop(disk);
        fixture.finish(0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn each_bad_block_is_found_and_spoils_only_itself() {
    for bad in [0, 1, 511, 512, 700, 2047, 8191] {
        let fixture = Fixture::with_disk(Config::like_linux());
        let disk = fixture.connect().unwrap();
        fixture.disk(|back| back.behaviour.bad = [bad].into());
        let mut buffer = fixture.buffer(LARGE, 0);
        assert_eq!(disk.read(0, &mut buffer), Err(Error::Io(bad)));
        assert_eq!(disk.write(0, &buffer), Err(Error::Io(bad)));
        // Between pieces, where nobody wants it, and in one of them.
        let start = bad.saturating_sub(3);
        let (mut before, mut after) = ([0; 512], [0; 1024]);
        let mut read = |first: u64, second: u64| {
            let (a, b) = (&mut before[..], &mut after[..]);
            let pieces = [(first, a), (second, b)];
            disk.read_pieces(&mut pieces.map(|(start, bytes)| ReadPiece { start, bytes }))
        };
        if bad > 3 {
            assert_eq!(read(start, bad + 1), Ok(()));
            assert_eq!(read(start, bad - 1), Err(Error::Io(bad)));
        }
        disk.close().unwrap();
        drop(disk);
        fixture.finish(0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn disks_of_a_domain_share_pages_and_a_dead_one_leaves_enough() {
    let fixture = Fixture::with_disk(Config::like_linux());
    fixture.attach(Config {
        number: 51728,
        ..Config::like_linux()
    });
    let first = fixture.connect().unwrap();
    let node = "device/vbd/51728";
    let second = Attempts::default().finish(&fixture.services, node, "xvdb", 51728);
    let second = second.unwrap();
    let mut buffer = fixture.buffer(LARGE, 0);
    first.read(0, &mut buffer).unwrap();
    let in_use = fixture.services.grants.in_use();
    second.read(0, &mut buffer).unwrap();
    assert_eq!(fixture.services.grants.in_use(), in_use);

    // All of the pages are with a disk that never answers again.
    fixture.disk(|back| back.behaviour.batch = 0);
    assert_eq!(first.read(0, &mut buffer), Err(Error::Timeout));
    buffer.fill(0);
    fixture.world(|world| world.disks[1].behaviour.seen = 0);
    second.read(9, &mut buffer).unwrap();
    fixture.world(|world| {
        assert!(buffer[..] == world.disks[1].disk.bytes(9, buffer.len())[..]);
        assert!(
            world.disks[1].behaviour.seen > 8,
            "its requests go side by side"
        );
    });
    second.close().unwrap();
    first.close().unwrap();
    drop((first, second));
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn requests_that_turn_out_too_large_are_made_again_as_ordinary_ones() {
    // As one that never heard of them, and as one that looked into them.
    for unknown in [OP_INDIRECT, OP_READ] {
        for order in [Order::Same, Order::Reverse, Order::Shuffled(Random::new(3))] {
            let fixture = Fixture::with_disk(Config::like_linux());
            let disk = fixture.connect().unwrap();
            fixture.disk(|back| {
                back.behaviour.unknown = [unknown].into();
                back.behaviour.order = order;
                back.behaviour.batch = 3;
            });
            let mut buffer = fixture.buffer(LARGE, 512);
            let read = disk.read(77, &mut buffer);
            if unknown == OP_READ {
                // Ordinary ones are not known either: then it is an error, and the end of it.
                assert!(matches!(read, Err(Error::Unsupported(_))));
                disk.close().unwrap();
                drop(disk);
                fixture.finish(0);
                continue;
            }
            read.unwrap();
            let wanted = fixture.disk(|back| back.disk.bytes(77, buffer.len()));
            assert!(buffer[..] == wanted[..]);
            // No more of them from now on.
            let refused = (LARGE / 4096).div_ceil(64);
            let ordinary = fixture.disk(|back| back.behaviour.answered) - refused;
            assert!(ordinary >= (LARGE / 4096).div_ceil(11), "{ordinary}");
            disk.write(1001, &buffer).unwrap();
            let written = fixture.disk(|back| back.disk.bytes(1001, buffer.len()));
            assert!(buffer[..] == written[..]);
            let all = fixture.disk(|back| back.behaviour.answered);
            assert_eq!(all - ordinary - refused, (LARGE / 4096).div_ceil(11));
            disk.close().unwrap();
            drop(disk);
            fixture.finish(0);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn written_pieces_and_read_pieces_survive_a_refusal() {
    let fixture = Fixture::with_disk(Config::like_linux());
    let disk = fixture.connect().unwrap();
    fixture.disk(|back| back.behaviour.unknown = [OP_INDIRECT].into());
    let mut buffer = fixture.buffer(LARGE, 100);
    buffer
        .iter_mut()
        .enumerate()
        .for_each(|(i, b)| *b = (i ^ i >> 9) as u8);
    disk.write(5, &buffer).unwrap();
    let written = fixture.disk(|back| back.disk.bytes(5, buffer.len()));
    assert!(buffer[..] == written[..]);
    disk.close().unwrap();
    drop(disk);

    // Pieces with gaps, some of which share a request that is refused.
    let disk = fixture.connect().unwrap();
    let places: Vec<_> = (0..300)
        .map(|i| (10 + i * 40, 24 + (i % 3) as usize * 8))
        .collect();
    let mut buffers: Vec<_> = places
        .iter()
        .map(|(_, blocks)| fixture.buffer(blocks * 512, 512))
        .collect();
    let mut pieces: Vec<_> = places
        .iter()
        .zip(&mut buffers)
        .map(|((start, _), bytes)| ReadPiece {
            start: *start,
            bytes,
        })
        .collect();
    disk.read_pieces(&mut pieces).unwrap();
    for ((start, _), buffer) in places.iter().zip(&buffers) {
        let wanted = fixture.disk(|back| back.disk.bytes(*start, buffer.len()));
        assert!(buffer[..] == wanted[..], "{start}");
    }
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}
