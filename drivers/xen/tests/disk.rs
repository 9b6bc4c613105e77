// SPDX-License-Identifier: GPL-2.0-or-later
//! Disks whose back-end keeps to the rules.

use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::{Blkback, Config};
use crate::xen::fake::blkring::Order;
use crate::xen::fake::random::Random;
use alloc::boxed::Box;
use alloc::format;
use common::Error;
use dm::blk::BlockDevice;
use include::xen::io::blkif::{OP_FLUSH_DISKCACHE, OP_WRITE_BARRIER};

/// A transfer of many requests.
const LARGE: usize = 4 << 20;

#[test]
fn data_goes_both_ways_from_any_address() {
    for config in [Config::default(), Config::like_linux()] {
        check_both_ways(config);
    }
}

fn check_both_ways(config: Config) {
    let fixture = Fixture::with_disk(config);
    let disk = fixture.connect().unwrap();
    let offsets = [0, 511, 512, 3584, 1, 8, 1024, 4095];
    let counts = [1, 9, 89, 2, 7, 8, 16, 87, 88, 200];
    // An interpreter of the code gets a few.
    let (fewer, few) = if cfg!(miri) { (4, 2) } else { (8, 10) };
    for offset in offsets.into_iter().take(fewer) {
        for blocks in counts.into_iter().take(few) {
            let mut buffer = fixture.buffer(blocks * 512, offset);
            disk.read(5, &mut buffer).unwrap();
            let wanted = fixture.disk(|back| back.disk.bytes(5, buffer.len()));
            assert_eq!(buffer[..], wanted, "{blocks} blocks at {offset}");

            buffer.fill(offset as u8 ^ blocks as u8);
            disk.write(9, &buffer).unwrap();
            let written = fixture.disk(|back| back.disk.bytes(9, buffer.len()));
            assert_eq!(buffer[..], written, "{blocks} blocks at {offset}");
        }
    }
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}

#[test]
fn nothing_around_the_buffer_is_touched() {
    let fixture = Fixture::with_disk(Config::default());
    let disk = fixture.connect().unwrap();
    let mut around = fixture.buffer(5 * 4096, 0);
    for (start, end) in [(512, 4096), (4096, 8192), (1, 4097), (100, 100 + 9 * 512)] {
        around.fill(0x77);
        disk.read(0, &mut around[start..end]).unwrap();
        assert!(around[..start].iter().all(|&byte| byte == 0x77));
        assert!(around[end..].iter().all(|&byte| byte == 0x77));
    }
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_large_transfer_keeps_the_ring_full_in_any_order() {
    // Segments of a request, and requests in the ring.
    let large_ring = || Config::with("max-ring-page-order", 1);
    let cases = [
        (Config::default(), 11, 32, Order::Same),
        (Config::default(), 11, 32, Order::Reverse),
        (large_ring(), 11, 64, Order::Shuffled(Random::new(1))),
        (Config::like_linux(), 64, 64, Order::Reverse),
        (
            Config::like_linux(),
            64,
            64,
            Order::Shuffled(Random::new(2)),
        ),
    ];
    for (config, segments, slots, order) in cases {
        let fixture = Fixture::with_disk(config);
        let disk = fixture.connect().unwrap();
        fixture.disk(|back| {
            back.behaviour.order = order;
            back.behaviour.batch = 5;
        });
        for offset in [0, 512, 100] {
            let mut buffer = fixture.buffer(LARGE, offset);
            disk.read(77, &mut buffer).unwrap();
            let wanted = fixture.disk(|back| back.disk.bytes(77, buffer.len()));
            assert!(buffer[..] == wanted[..]);
            disk.write(1000, &buffer).unwrap();
            let written = fixture.disk(|back| back.disk.bytes(1000, buffer.len()));
            assert!(buffer[..] == written[..]);
        }
        fixture.disk(|back| {
            let pages = LARGE / 4096;
            let requests = pages.div_ceil(segments);
            assert_eq!(back.behaviour.seen, requests.min(slots));
            // All requests but the last of a transfer are as large as they may be.
            assert!(back.behaviour.segments <= 6 * pages);
            assert!(back.behaviour.answered <= 6 * requests);
        });
        disk.close().unwrap();
        drop(disk);
        fixture.finish(0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn large_blocks_are_counted_in_their_own_size() {
    for size in [512, 1024, 2048, 4096] {
        let fixture = Fixture::with_disk(Config::with("sector-size", size));
        let disk = fixture.connect().unwrap();
        let info = disk.info();
        assert_eq!(u64::from(info.block_size), size);
        assert_eq!(info.blocks, (1 << 20) * 512 / size);
        for offset in [0, 100, 512, 2048] {
            let mut buffer = fixture.buffer(13 * size as usize, offset);
            disk.read(3, &mut buffer).unwrap();
            let first = 3 * size / 512;
            let wanted = fixture.disk(|back| back.disk.bytes(first, buffer.len()));
            assert!(buffer[..] == wanted[..], "blocks of {size} at {offset}");
            disk.write(info.blocks - 13, &buffer).unwrap();
        }
        let half = fixture.buffer(size as usize / 2, 0);
        assert!(matches!(disk.write(0, &half), Err(Error::Invalid(_))));
        disk.close().unwrap();
        drop(disk);
        fixture.finish(0);
    }
}

#[test]
fn disks_may_be_larger_than_32_bits_can_count() {
    let sectors = (5 << 40) / 512;
    let config = Config {
        sectors,
        ..Config::default()
    };
    let fixture = Fixture::with_disk(config);
    let disk = fixture.connect().unwrap();
    assert_eq!(disk.info().blocks, sectors);
    let mut buffer = fixture.buffer(8 * 512, 0);
    disk.read(sectors - 8, &mut buffer).unwrap();
    let wanted = fixture.disk(|back| back.disk.bytes(sectors - 8, buffer.len()));
    assert_eq!(buffer[..], wanted);
    for start in [sectors - 7, sectors, u64::MAX, u64::MAX - 7] {
        assert_eq!(disk.read(start, &mut buffer), Err(Error::OutOfRange));
        assert_eq!(disk.write(start, &buffer), Err(Error::OutOfRange));
    }
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn what_is_read_only_is_not_written() {
    let configs = [
        (Config::with("info", 4), false),
        (Config::with("mode", "r"), false),
        (Config::with("info", 1 | 2 | 4), true),
    ];
    for (config, removable) in configs {
        let fixture = Fixture::with_disk(config);
        let disk = fixture.connect().unwrap();
        let info = disk.info();
        assert_eq!((info.read_only, info.removable), (true, removable));
        let mut buffer = fixture.buffer(512, 0);
        assert_eq!(disk.write(0, &buffer), Err(Error::ReadOnly));
        disk.read(0, &mut buffer).unwrap();
        assert_eq!(fixture.disk(|back| back.behaviour.answered), 1);
        disk.close().unwrap();
        drop(disk);
        fixture.finish(0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn an_error_names_the_first_block_and_ends_the_transfer() {
    for size in [512, 4096] {
        for order in [Order::Same, Order::Reverse] {
            let fixture = Fixture::with_disk(Config::with("sector-size", size));
            let disk = fixture.connect().unwrap();
            // The third and the fifth request of a transfer of whole pages.
            let request = 11 * 8;
            fixture.disk(|back| {
                back.behaviour.order = order;
                back.behaviour.bad = [2 * request + 3, 4 * request].into();
            });
            let mut buffer = fixture.buffer(LARGE, 0);
            let first = Err(Error::Io((2 * request + 3) * 512 / size));
            assert_eq!(disk.read(0, &mut buffer), first);
            assert_eq!(disk.write(0, &buffer), first);
            // The disk goes on working.
            disk.read(8 * request * 512 / size, &mut buffer[..8192])
                .unwrap();
            disk.close().unwrap();
            drop(disk);
            fixture.finish(0);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_flush_goes_the_way_that_the_back_end_offers() {
    let offer = |flush: u32, barrier: u32| {
        Config::with("feature-flush-cache", flush).and("feature-barrier", barrier)
    };
    const FLUSH: u8 = OP_FLUSH_DISKCACHE;
    const BARRIER: u8 = OP_WRITE_BARRIER;
    // What is offered, what it turns out not to know, and the flushes and
    // barriers that each flush makes.
    let cases: [(Config, &[u8], [u32; 2]); 9] = [
        (Config::default(), &[], [0, 0]),
        (offer(0, 0), &[], [0, 0]),
        (offer(1, 0), &[], [1, 0]),
        (offer(0, 1), &[], [0, 1]),
        (offer(1, 1), &[], [1, 0]),
        (offer(1, 1), &[FLUSH], [0, 1]),
        (offer(1, 1), &[FLUSH, BARRIER], [0, 0]),
        (offer(1, 0), &[FLUSH, BARRIER], [0, 0]),
        (offer(0, 1), &[FLUSH, BARRIER], [0, 0]),
    ];
    for (config, unknown, wanted) in cases {
        let fixture = Fixture::with_disk(config);
        let disk = fixture.connect().unwrap();
        fixture.disk(|back| back.behaviour.unknown = unknown.into());
        let buffer = fixture.buffer(512, 0);
        disk.write(0, &buffer).unwrap();
        disk.flush().unwrap();
        let done = |back: &mut Blkback| [back.disk.flushes, back.disk.barriers];
        assert_eq!(fixture.disk(done), wanted);
        let asked = fixture.disk(|back| back.behaviour.answered);
        disk.flush().unwrap();
        let again = fixture.disk(|back| back.behaviour.answered) - asked;
        let works = wanted.iter().sum::<u32>();
        assert_eq!(again as u32, works, "what is not supported is asked once");
        disk.close().unwrap();
        drop(disk);
        fixture.finish(0);
    }
}

#[test]
fn a_flush_is_tried_if_the_store_does_not_say_whether_there_is_one() {
    for (key, wanted) in [("feature-flush-cache", [1, 0]), ("feature-barrier", [0, 1])] {
        let fixture = Fixture::with_disk(Config::with(key, 1));
        fixture.world(|world| {
            world.store.hook = Some(Box::new(move |request, reply| {
                let answered = !request.payload.ends_with(format!("{key}\0").as_bytes());
                answered.then_some(reply).into_iter().collect()
            }));
        });
        let disk = fixture.connect().unwrap();
        fixture.world(|world| world.store.hook = None);
        disk.write(0, &fixture.buffer(512, 0)).unwrap();
        disk.flush().unwrap();
        let done = |back: &mut Blkback| [back.disk.flushes, back.disk.barriers];
        assert_eq!(fixture.disk(done), wanted);
        disk.close().unwrap();
        drop(disk);
        fixture.finish(0);
    }
}

#[test]
fn closing_flushes_what_was_written() {
    let fixture = Fixture::with_disk(Config::with("feature-flush-cache", 1));
    let disk = fixture.connect().unwrap();
    let mut buffer = fixture.buffer(512, 0);
    disk.read(0, &mut buffer).unwrap();
    disk.close().unwrap();
    assert_eq!(fixture.disk(|back| back.disk.flushes), 0);
    drop(disk);

    let disk = fixture.connect().unwrap();
    disk.write(0, &buffer).unwrap();
    disk.close().unwrap();
    assert_eq!(fixture.disk(|back| back.disk.flushes), 1);
    drop(disk);
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn few_grants_make_transfers_slow_but_not_wrong() {
    let fixture = Fixture::with_disk(Config::default());
    // One frame of the upper half.
    fixture.world(|world| world.xen.max_frames = world.xen.max_frames / 2 + 1);
    let disk = fixture.connect().unwrap();
    let table = &fixture.services.grants;
    let page = crate::xen::shared::Pages::new(1).unwrap();
    let access = crate::xen::gnttab::Access::ReadOnly;
    let taken: std::vec::Vec<_> =
        core::iter::from_fn(|| table.grant(3, page.frame(0), access).ok()).collect();

    let mut buffer = fixture.buffer(1 << 20, 0);
    disk.read(0, &mut buffer).unwrap();
    assert_eq!(fixture.disk(|back| back.behaviour.seen), 1);
    let wanted = fixture.disk(|back| back.disk.bytes(0, buffer.len()));
    assert!(buffer[..] == wanted[..]);

    drop(taken);
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}

#[test]
fn a_closed_disk_looks_as_if_nobody_had_used_it() {
    let fixture = Fixture::with_disk(Config::default());
    let before = fixture.world(|world| world.store.tree.dump());
    for _ in 0..3 {
        let disk = fixture.connect().unwrap();
        let mut buffer = fixture.buffer(4096, 0);
        disk.read(0, &mut buffer).unwrap();
        disk.close().unwrap();
        assert!(disk.read(0, &mut buffer).is_err());
        drop(disk);
        let tree = |world: &mut crate::xen::fake::World| {
            assert_eq!(world.store.tree.open(), 0, "watches and transactions");
            for key in ["sectors", "sector-size", "info"] {
                let path = world.disks[0].key(key);
                world.store.tree.delete(&path);
            }
            world.store.tree.dump()
        };
        assert_eq!(fixture.world(tree), before);
        assert_eq!(fixture.services.grants.in_use(), 0);
    }
    fixture.finish(0);
}
