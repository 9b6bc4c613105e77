// SPDX-License-Identifier: GPL-2.0-or-later
//! Disks whose back-end breaks the rules once it is connected: an error, one
//! message, the disk is dead, and nothing stays granted that was let go of.

use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::Config;
use crate::xen::fake::blkring::{BackRing, Tamper, Terms};
use crate::xen::fake::terminal::{press_ctrl_c, take_output};
use alloc::boxed::Box;
use alloc::format;
use common::Error;
use dm::blk::BlockDevice;
use include::xen::io::blkif::{MAX_SEGMENTS, SLOT_SIZE, response};
use include::xen::io::ring::{RSP_PROD, SLOTS};

/// Data that nearly fills a ring; an interpreter of the code gets less.
const LEN: usize = if cfg!(miri) { 64 << 10 } else { 1 << 20 };
/// How soon the prompt must answer again, in milliseconds.
const LIMIT_MS: u64 = 10_000;
/// The slot of its last request.
const LAST_SLOT: usize = (LEN / 4096).div_ceil(MAX_SEGMENTS) - 1;

/// Reads from a disk that `spoil` has spoilt; fails the test unless that kills the disk.
fn assert_dies(what: &str, kept: u32, spoil: impl FnOnce(&Fixture)) -> Error {
    let fixture = Fixture::with_disk(Config::with("feature-flush-cache", 1));
    let disk = fixture.connect().unwrap();
    take_output();
    spoil(&fixture);
    let mut buffer = fixture.buffer(LEN, 512);
    let before = arch::time::ms();
    let error = disk.read(0, &mut buffer).expect_err(what);
    assert!(arch::time::ms() - before < LIMIT_MS, "{what}");
    let message = take_output();
    assert_eq!(message.matches("no longer used").count(), 1, "{what}");

    // Never again a word to it, although it would behave now.
    let answered = fixture.disk(|back| {
        back.behaviour.tamper = None;
        back.behaviour.answered
    });
    assert_eq!(disk.read(0, &mut buffer), Err(error), "{what}");
    assert_eq!(disk.write(0, &buffer), Err(error), "{what}");
    assert_eq!(disk.flush(), Err(error), "{what}");
    assert_eq!(take_output(), "", "{what}");
    fixture.disk(|back| assert_eq!(back.behaviour.answered, answered, "{what}"));

    let before = arch::time::ms();
    _ = disk.close();
    assert!(arch::time::ms() - before < LIMIT_MS, "{what}");
    drop(disk);
    fixture.finish(kept);
    error
}

/// A response's place in the ring.
fn slot(index: usize) -> usize {
    SLOTS + index * SLOT_SIZE
}

fn tampered(tamper: impl FnMut(&mut [u8]) + Send + 'static) -> impl FnOnce(&Fixture) {
    let tamper: Tamper = Box::new(tamper);
    move |fixture| fixture.disk(|back| back.behaviour.tamper = Some(tamper))
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_producer_that_lies() {
    for lie in [33u32, 34, 100, 1 << 31, u32::MAX, u32::MAX - 32] {
        let what = format!("{lie} responses");
        let spoil = tampered(move |ring| ring[RSP_PROD..][..4].copy_from_slice(&lie.to_le_bytes()));
        let error = assert_dies(&what, 0, spoil);
        assert!(matches!(error, Error::Protocol(_)), "{what}: {error}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn responses_that_were_never_written() {
    // The zeros of a fresh ring answer request 0, again and again.
    let spoil = |fixture: &Fixture| {
        fixture.disk(|back| {
            back.behaviour.batch = 0;
            back.behaviour.tamper = Some(Box::new(|ring| {
                ring[slot(0)..slot(32)].fill(0);
                ring[RSP_PROD] = 32;
            }));
        });
    };
    let error = assert_dies("zeros", 0, spoil);
    assert!(matches!(error, Error::Protocol(_)));
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn responses_with_wrong_fields() {
    type Spoil = fn(&mut [u8]);
    let cases: [(&str, Spoil); 8] = [
        ("an id out of range", |r| r[response::ID] = 32),
        ("an id of 64 bits", |r| r[response::ID + 7] = 0x80),
        ("an id that looks like a pointer", |r| {
            r[response::ID..][..8].copy_from_slice(&0x4000_1000u64.to_le_bytes());
        }),
        ("another operation", |r| r[response::OPERATION] = 1),
        ("no such operation", |r| r[response::OPERATION] = 0xff),
        ("an unknown status", |r| r[response::STATUS] = 1),
        ("a status far off", |r| r[response::STATUS + 1] = 0x80),
        ("all ones", |r| r[..16].fill(0xff)),
    ];
    for (what, spoil) in cases {
        for index in [0, 1, LAST_SLOT] {
            let spoil = tampered(move |ring| spoil(&mut ring[slot(index)..]));
            let error = assert_dies(what, 0, spoil);
            assert!(matches!(error, Error::Protocol(_)), "{what}: {error}");
        }
    }
}

#[test]
fn a_second_response_to_a_request() {
    let spoil = tampered(|ring| {
        let first = ring[slot(0)..slot(1)].to_vec();
        ring[slot(1)..slot(2)].copy_from_slice(&first);
    });
    let error = assert_dies("a duplicate", 0, spoil);
    assert!(matches!(error, Error::Protocol(_)));
}

#[test]
fn requests_that_change_in_the_ring_are_not_read_back() {
    let fixture = Fixture::with_disk(Config::default());
    let disk = fixture.connect().unwrap();
    tampered(|ring| {
        // All but the responses, which are shorter than requests.
        for index in 0..32 {
            ring[slot(index) + response::SIZE..slot(index + 1)].fill(0xa5);
        }
    })(&fixture);
    let mut buffer = fixture.buffer(LEN, 512);
    disk.read(9, &mut buffer).unwrap();
    let wanted = fixture.disk(|back| back.disk.bytes(9, buffer.len()));
    assert!(buffer[..] == wanted[..]);
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}

#[test]
fn pages_that_stay_mapped() {
    let fixture = Fixture::with_disk(Config::with("feature-persistent", 1));
    let disk = fixture.connect().unwrap();
    fixture.disk(|back| back.keep_ring = true);
    let mut buffer = fixture.buffer(LEN, 512);
    disk.read(0, &mut buffer).unwrap();
    // It was told to let go, and has not: of the data's pages, and of the ring's.
    assert_eq!(disk.close(), Err(Error::Busy));
    let kept = fixture.services.grants.leaked();
    assert!(kept as usize > LEN / 4096, "{kept}");
    drop(disk);
    fixture.finish(kept);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn no_answer() {
    let spoil = |fixture: &Fixture| fixture.disk(|back| back.behaviour.batch = 0);
    let error = assert_dies("silence", 0, spoil);
    assert_eq!(error, Error::Timeout);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn no_answer_but_events_without_end() {
    let spoil = |fixture: &Fixture| {
        fixture.disk(|back| {
            back.behaviour.batch = 0;
            back.behaviour.storm = true;
        });
    };
    let error = assert_dies("a storm", 0, spoil);
    assert_eq!(error, Error::Timeout);
}

#[test]
fn a_storm_beside_answers_does_no_harm() {
    let fixture = Fixture::with_disk(Config::default());
    let disk = fixture.connect().unwrap();
    fixture.disk(|back| {
        back.behaviour.batch = 1;
        back.behaviour.storm = true;
    });
    let mut buffer = fixture.buffer(LEN, 0);
    disk.read(0, &mut buffer).unwrap();
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn ctrl_c_waits_for_what_is_under_way() {
    let fixture = Fixture::with_disk(Config::default());
    let disk = fixture.connect().unwrap();
    fixture.disk(|back| back.behaviour.batch = 1);
    let mut buffer = fixture.buffer(8 << 20, 0);
    press_ctrl_c();
    assert_eq!(disk.read(0, &mut buffer), Err(Error::Interrupted));
    let asked = fixture.disk(|back| back.behaviour.answered);
    assert!((32..64).contains(&asked), "{asked}");
    assert_eq!(take_output(), "");

    // The disk goes on working.
    disk.read(0, &mut buffer[..4096]).unwrap();
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}

#[test]
fn a_ring_that_stays_mapped_is_leaked() {
    let fixture = Fixture::with_disk(Config::default());
    let disk = fixture.connect().unwrap();
    fixture.disk(|back| back.keep_ring = true);
    assert_eq!(disk.close(), Err(Error::Busy));
    drop(disk);
    fixture.finish(1);
}

#[test]
fn a_flush_that_fails_is_an_error() {
    let fixture = Fixture::with_disk(Config::with("feature-flush-cache", 1));
    let disk = fixture.connect().unwrap();
    fixture.disk(|back| {
        back.behaviour.tamper = Some(Box::new(|ring| {
            ring[slot(0) + response::STATUS..][..2].copy_from_slice(&(-1i16).to_le_bytes());
        }));
    });
    assert_eq!(disk.flush(), Err(Error::Io(0)));
    fixture.disk(|back| back.behaviour.tamper = None);
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
}

#[test]
#[should_panic(expected = "grants nothing")]
fn the_fake_refuses_what_is_not_granted() {
    let fixture = Fixture::with_disk(Config::default());
    let disk = fixture.connect().unwrap();
    disk.close().unwrap();
    let terms = Terms {
        max_indirect: 0,
        persistent: false,
    };
    fixture.world(|world| drop(BackRing::map(&mut world.xen, &[8], 1, &terms)));
}
