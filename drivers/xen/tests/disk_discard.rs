// SPDX-License-Identifier: GPL-2.0-or-later
//! Blocks that nobody needs any more.

use crate::xen::blkfront::BlkFront;
use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::Config;
use crate::xen::fake::terminal::{press_ctrl_c, take_output};
use common::Error;
use dm::blk::BlockDevice;
use include::xen::io::blkif::OP_DISCARD;

/// A disk whose back-end offers what Linux's does.
fn offering() -> Config {
    Config::like_linux()
        .and("feature-discard", 1)
        .and("discard-granularity", 4096)
        .and("discard-alignment", 0)
}

fn connected(config: Config) -> (Fixture, BlkFront) {
    let fixture = Fixture::with_disk(config);
    let disk = fixture.connect().unwrap();
    take_output();
    (fixture, disk)
}

fn end(fixture: Fixture, disk: BlkFront) {
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}

/// Fails the test if the back-end was asked for anything.
fn assert_not_asked(fixture: &Fixture) {
    fixture.disk(|back| {
        assert_eq!(back.behaviour.answered, 0);
        assert_eq!(back.disk.discarded, []);
    });
}

#[test]
fn whole_units_are_discarded_and_nothing_else() {
    let (fixture, disk) = connected(offering());
    disk.write(0, &[0x5a; 64 * 512]).unwrap();
    disk.discard(8, 16).unwrap();
    fixture.disk(|back| assert_eq!(back.disk.discarded, [(8, 24)]));
    let mut buffer = fixture.buffer(64 * 512, 0);
    disk.read(0, &mut buffer).unwrap();
    let (erased, kept) = (&buffer[8 * 512..24 * 512], 0x5a);
    assert!(erased.iter().all(|&byte| byte == 0));
    assert!(buffer[..8 * 512].iter().all(|&byte| byte == kept));
    assert!(buffer[24 * 512..].iter().all(|&byte| byte == kept));
    // What was erased is flushed like what was written.
    disk.flush().unwrap();
    disk.discard(0, 0).unwrap();
    let flushes = fixture.disk(|back| back.disk.flushes);
    assert_eq!(flushes, 1);
    disk.discard(0, 8).unwrap();
    disk.close().unwrap();
    assert_eq!(fixture.disk(|back| back.disk.flushes), 2);
    drop(disk);
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_part_of_a_unit_is_an_error_that_says_so_and_does_nothing() {
    for (alignment, start, count) in [(0, 1, 8), (0, 8, 7), (0, 3, 1), (1024, 8, 8), (1024, 2, 6)] {
        let (fixture, disk) = connected(offering().and("discard-alignment", alignment));
        // The first of two keys counts in the fake, the last one in the store.
        assert!(matches!(disk.discard(start, count), Err(Error::Invalid(_))));
        let said = take_output();
        let first = alignment / 512;
        let wanted = alloc::format!("discards units of 8 blocks, from block {first} on");
        assert!(said.contains(&wanted), "{said}");
        assert_not_asked(&fixture);
        disk.discard(8 + first, 8).unwrap();
        fixture.disk(|back| assert_eq!(back.disk.discarded, [(8 + first, 16 + first)]));
        end(fixture, disk);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_whole_disk_need_not_be_whole_units() {
    let mut config = offering().and("discard-alignment", 1024);
    config.sectors = (3 << 19) + 5;
    let sectors = config.sectors;
    let (fixture, disk) = connected(config);
    disk.discard(0, sectors).unwrap();
    fixture.disk(|back| {
        let discarded = &back.disk.discarded;
        assert_eq!(discarded.len(), 4, "{discarded:?}");
        let mut next = 0;
        for &(start, end) in discarded {
            assert_eq!(start, next);
            assert!(end - start <= 1 << 19);
            assert!(start == 0 || start % 8 == 2);
            next = end;
        }
        assert_eq!(next, sectors);
    });
    assert_eq!(disk.discard(0, sectors + 1), Err(Error::OutOfRange));
    assert_eq!(disk.discard(u64::MAX, 1), Err(Error::OutOfRange));
    end(fixture, disk);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn large_blocks_are_counted_in_their_own_size() {
    let (fixture, disk) = connected(offering().and("sector-size", 4096));
    disk.discard(3, 2).unwrap();
    fixture.disk(|back| assert_eq!(back.disk.discarded, [(24, 40)]));
    fixture.disk(|back| back.behaviour.bad = [80].into());
    assert_eq!(disk.discard(8, 16), Err(Error::Io(8)));
    end(fixture, disk);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn without_the_feature_nothing_is_asked() {
    for config in [
        Config::like_linux(),
        offering().and("feature-discard", 0),
        Config::with("feature-discard", 0),
    ] {
        let (fixture, disk) = connected(config);
        let result = disk.discard(0, 8);
        assert!(matches!(result, Err(Error::Unsupported(_))), "{result:?}");
        assert_not_asked(&fixture);
        end(fixture, disk);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn keys_that_make_no_sense_turn_it_off_and_not_the_disk() {
    let huge = "9".repeat(4000);
    for (key, value) in [
        ("feature-discard", "yes"),
        ("discard-granularity", "0"),
        ("discard-granularity", "3"),
        ("discard-granularity", "-1"),
        ("discard-granularity", &huge),
        ("discard-granularity", "18446744073709551615"),
        ("discard-alignment", "1"),
        ("discard-alignment", "0x200"),
        ("discard-alignment", "4294967295"),
        ("discard-alignment", "18446744073709551616"),
    ] {
        let (fixture, disk) = connected(offering().and(key, value));
        let result = disk.discard(0, 8);
        assert!(
            matches!(result, Err(Error::Protocol(_))),
            "{key} {result:?}"
        );
        assert_not_asked(&fixture);
        disk.write(0, &[1; 512]).unwrap();
        end(fixture, disk);
    }
    // A unit as large as can be counted is just too large for this disk.
    let (fixture, disk) = connected(offering().and("discard-granularity", u64::MAX - 511));
    assert!(matches!(disk.discard(0, 8), Err(Error::Invalid(_))));
    disk.discard(0, 1 << 20).unwrap();
    end(fixture, disk);
}

#[test]
fn a_read_only_disk_stays_as_it_is() {
    let (fixture, disk) = connected(offering().and("info", 4));
    assert_eq!(disk.discard(0, 8), Err(Error::ReadOnly));
    assert_not_asked(&fixture);
    end(fixture, disk);
}

#[test]
fn a_back_end_that_does_not_know_it_is_asked_once() {
    let (fixture, disk) = connected(offering());
    fixture.disk(|back| back.behaviour.unknown = [OP_DISCARD].into());
    for _ in 0..3 {
        let result = disk.discard(0, 8);
        assert!(matches!(result, Err(Error::Unsupported(_))), "{result:?}");
        assert_eq!(fixture.disk(|back| back.behaviour.answered), 1);
    }
    // All else works on.
    disk.write(0, &[1; 512]).unwrap();
    disk.flush().unwrap();
    assert_eq!(fixture.disk(|back| back.disk.flushes), 1);
    end(fixture, disk);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_discard_that_gets_no_answer_costs_a_time_limit() {
    let (fixture, disk) = connected(offering());
    fixture.disk(|back| back.behaviour.batch = 0);
    let before = arch::time::ms();
    assert_eq!(disk.discard(0, 8), Err(Error::Timeout));
    assert!(arch::time::ms() - before < 10_000);
    assert_eq!(disk.discard(0, 8), Err(Error::Timeout));
    assert_eq!(take_output().matches("no longer used").count(), 1);
    _ = disk.close();
    drop(disk);
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn ctrl_c_ends_it_after_what_is_under_way() {
    let mut config = offering();
    config.sectors = 1 << 30;
    let (fixture, disk) = connected(config);
    press_ctrl_c();
    assert_eq!(disk.discard(0, 1 << 30), Err(Error::Interrupted));
    fixture.disk(|back| assert_eq!(back.disk.discarded.len(), 1));
    disk.discard(0, 8).unwrap();
    end(fixture, disk);
}
