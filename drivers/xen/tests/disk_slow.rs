// SPDX-License-Identifier: GPL-2.0-or-later
//! Disks that take their time: slow ones are waited for, those that only
//! answer often enough not to be silent are given up.

use crate::xen::blkfront::BlkFront;
use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::Config;
use crate::xen::fake::terminal::take_output;
use common::{Error, Result};
use dm::blk::BlockDevice;

/// How soon the prompt must answer again, in milliseconds.
const LIMIT_MS: u64 = 10_000;
/// The longest that nobody complains of by itself, in microseconds.
const LONG_US: u64 = 7_000_000;
/// A transfer of many requests.
const LARGE: usize = 8 << 20;

/// A disk that answers `batch` requests after each pause.
fn slow(config: Config, batch: usize, pause_us: u64) -> (Fixture, BlkFront) {
    let fixture = Fixture::with_disk(config);
    let disk = fixture.connect().unwrap();
    fixture.disk(|back| {
        back.behaviour.batch = batch;
        back.behaviour.pause_us = pause_us;
    });
    take_output();
    (fixture, disk)
}

/// Fails the test unless `work` ends in time, and the disk with it.
fn assert_given_up(fixture: Fixture, disk: BlkFront, work: impl FnOnce(&BlkFront) -> Result<()>) {
    let before = arch::time::ms();
    assert_eq!(work(&disk), Err(Error::Timeout));
    assert!(arch::time::ms() - before < LIMIT_MS);
    let message = take_output();
    let wanted = "pvblock xvda: timed out; the disk is no longer used";
    assert_eq!(message.trim_end(), wanted);
    assert_eq!(disk.write(0, &[0; 512]), Err(Error::Timeout));
    assert_eq!(take_output(), "");
    fixture.disk(|back| back.behaviour.pause_us = 0);
    _ = disk.close();
    drop(disk);
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn an_answer_now_and_then_is_not_enough() {
    for config in [Config::default(), Config::like_linux()] {
        let (fixture, disk) = slow(config, 1, LONG_US);
        let mut buffer = fixture.buffer(LARGE, 0);
        assert_given_up(fixture, disk, |disk| disk.read(0, &mut buffer));
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn many_small_transfers_have_no_more_time_than_a_large_one() {
    let config = || Config::with("feature-flush-cache", 1);
    let (fixture, disk) = slow(config(), 1, LONG_US);
    let mut sector = fixture.buffer(512, 0);
    assert_given_up(fixture, disk, |disk| {
        (0..100).try_for_each(|block| disk.read(block, &mut sector))
    });

    let (fixture, disk) = slow(config(), 1, LONG_US);
    assert_given_up(fixture, disk, |disk| {
        (0..100).try_for_each(|_| {
            disk.write(0, &[0; 512])?;
            disk.flush()
        })
    });

    // Nor has the search for the block that failed.
    let (fixture, disk) = slow(config(), usize::MAX, LONG_US);
    fixture.disk(|back| back.behaviour.bad = [77].into());
    let mut buffer = fixture.buffer(44 << 10, 0);
    assert_given_up(fixture, disk, |disk| disk.read(0, &mut buffer));
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_slow_disk_is_waited_for_to_the_end() {
    // Half as fast as the slowest disks; bytes of a request.
    let speed = 512 << 10;
    let cases = [
        (Config::default(), 44 << 10),
        (Config::like_linux(), 256 << 10),
    ];
    for (config, len) in cases {
        let (fixture, disk) = slow(config, 1, len * 1_000_000 / speed);
        let mut buffer = fixture.buffer(LARGE, 0);
        let before = arch::time::us();
        disk.read(0, &mut buffer).unwrap();
        assert!(arch::time::us() - before > LARGE as u64 * 1_000_000 / speed);
        let wanted = fixture.disk(|back| back.disk.bytes(0, LARGE));
        assert!(buffer[..] == wanted[..]);
        disk.close().unwrap();
        drop(disk);
        fixture.finish(0);
    }
    // One that is slow to find a place, and has to find one for each block.
    let (fixture, disk) = slow(Config::default(), 1, 200_000);
    let mut sector = fixture.buffer(512, 0);
    for block in 0..200 {
        disk.read(block * 97, &mut sector).unwrap();
    }
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_busy_host_may_stall_again_after_some_work_or_a_pause() {
    let (fixture, disk) = slow(Config::like_linux(), usize::MAX, 0);
    let mut buffer = fixture.buffer(LARGE, 0);
    let stall = |len: usize, buffer: &mut [u8]| {
        fixture.disk(|back| back.behaviour.pause_us = LONG_US);
        let before = arch::time::us();
        disk.read(0, &mut buffer[..len]).unwrap();
        assert!(arch::time::us() - before >= LONG_US);
        fixture.disk(|back| back.behaviour.pause_us = 0);
    };
    for _ in 0..3 {
        stall(4096, &mut buffer);
        disk.read(0, &mut buffer).unwrap();
    }
    for _ in 0..3 {
        stall(4096, &mut buffer);
        arch::time::advance(LONG_US);
    }
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}
