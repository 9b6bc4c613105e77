// SPDX-License-Identifier: GPL-2.0-or-later
//! Many disks that connect side by side: what one of them has to wait for, all wait for.

use crate::xen::blkconnect::Attempts;
use crate::xen::blkfront::BlkFront;
use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::{Config, Script};
use crate::xen::fake::terminal::press_ctrl_c;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::{Error, Result};
use core::sync::atomic::{AtomicUsize, Ordering};
use dm::blk::BlockDevice;
use include::xen::io::xenbus::State;

/// How soon the prompt must answer again, in milliseconds.
const LIMIT_MS: u64 = 10_000;
/// What a disk may cost in messages of XenStore until the first wait for its
/// back-end, and until it is connected.
const FIRST_REQUESTS: usize = 20;
const ALL_REQUESTS: usize = 36;

/// A guest with many disks, and the attempts to connect to them.
struct Many {
    fixture: Fixture,
    attempts: Attempts,
    count: u64,
}

impl Many {
    fn new(count: u64) -> Many {
        let fixture = Fixture::new();
        fixture.world(|world| world.xen.max_ports = 3 + count as usize);
        for i in 0..count {
            fixture.attach(Config {
                number: number(i),
                ..Config::like_linux()
            });
        }
        let attempts = Attempts::default();
        Many {
            fixture,
            attempts,
            count,
        }
    }

    /// Has the back-ends of some disks show a state, always or from a front-end's state on.
    fn stuck(&self, disks: core::ops::Range<usize>, from: u32, state: u32) {
        self.fixture.world(|world| {
            for disk in &mut world.disks[disks] {
                let script: Script = Box::new(move |front, own| match front >= from {
                    true => state.to_string(),
                    false => own.to_string(),
                });
                disk.script = Some(script);
            }
        });
    }

    fn begin(&self) {
        for i in 0..self.count {
            let node = format!("device/vbd/{}", number(i));
            let name = format!("disk{i}");
            self.attempts
                .begin(&self.fixture.services, &node, &name, number(i));
        }
    }

    fn finish(&self, i: u64) -> Result<BlkFront> {
        let node = format!("device/vbd/{}", number(i));
        self.attempts
            .finish(&self.fixture.services, &node, "disk", number(i))
    }

    /// Counts what the store is asked from now on.
    fn count_requests(&self) -> Arc<AtomicUsize> {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        self.fixture.world(|world| {
            world.store.hook = Some(Box::new(move |_, reply| {
                counted.fetch_add(1, Ordering::Relaxed);
                [reply].into()
            }));
        });
        count
    }

    /// The states of both ends of a disk.
    fn states(&self, i: usize) -> [u32; 2] {
        self.fixture.world(|world| {
            let disk = &world.disks[i];
            [disk.front_key("state"), disk.key("state")].map(|path| {
                let text = world.store.tree.get(&path).unwrap_or("0");
                text.parse().unwrap()
            })
        })
    }

    /// Nothing is left with anybody; the disks in `ready` can be used by the next driver.
    fn end(self, ready: core::ops::Range<usize>) {
        for i in ready {
            assert_eq!(self.states(i), [State::INITIALISING.0, State::INIT_WAIT.0]);
        }
        let open = self.fixture.world(|world| world.store.tree.open());
        assert_eq!(open, 0, "watches and transactions");
        drop(self.attempts);
        self.fixture.finish(0);
    }
}

/// The virtual device number of a disk.
fn number(i: u64) -> u64 {
    1 << 28 | i << 8
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn many_disks_cost_little_more_than_one() {
    for count in [1, 64] {
        let many = Many::new(count);
        let requests = many.count_requests();
        let before = arch::time::ms();
        many.begin();
        let fronts: Vec<_> = (0..count).map(|i| many.finish(i).unwrap()).collect();
        let took = arch::time::ms() - before;
        // No wait at all, since these are ready; only the messages take time.
        assert!(took <= 10 * count, "{count} disks: {took} ms");
        let requests = requests.load(Ordering::Relaxed);
        let most = ALL_REQUESTS * count as usize;
        assert!(requests <= most, "{requests} requests for {count} disks");
        let mut sector = [0; 512];
        for front in &fronts {
            front.read(7, &mut sector).unwrap();
            front.close().unwrap();
        }
        drop(fronts);
        many.end(0..count as usize);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn disks_with_dead_back_ends_cost_one_time_limit() {
    // Never ready, and never connected; and what they say while they should let go.
    for (from, state) in [(0, 1), (3, 2), (3, 3), (3, 8)] {
        let many = Many::new(11);
        many.stuck(0..10, from, state);
        let requests = many.count_requests();
        let before = arch::time::ms();
        many.begin();
        // The one that works is not kept waiting by those before it.
        let front = many.finish(10).unwrap();
        assert!(arch::time::ms() - before < 1000);
        let asked = requests.load(Ordering::Relaxed);
        let most = 10 * FIRST_REQUESTS + ALL_REQUESTS;
        assert!(asked <= most, "{asked} requests before the first wait");
        let offered = if from == 0 { 1 } else { 3 };
        for i in 0..10 {
            assert_eq!(many.states(i)[0], offered);
        }
        for i in 0..10 {
            assert_eq!(many.finish(i).err(), Some(Error::Timeout));
        }
        let took = arch::time::ms() - before;
        assert!(took < LIMIT_MS, "{took} ms");
        let mut sector = [0; 512];
        front.read(7, &mut sector).unwrap();
        front.close().unwrap();
        drop(front);
        many.end(10..11);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn one_disk_is_connected_alone() {
    let many = Many::new(4);
    let front = many.finish(2).unwrap();
    assert_eq!(many.states(2), [State::CONNECTED.0; 2]);
    for i in [0, 1, 3] {
        assert_eq!(many.states(i)[0], State::INITIALISING.0);
    }
    front.close().unwrap();
    drop(front);
    many.end(0..4);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn what_was_begun_and_is_not_wanted_is_given_back() {
    let many = Many::new(12);
    // Six are ready, three never are, and three do not take the ring.
    many.stuck(6..9, 0, 1);
    many.stuck(9..12, 3, 2);
    let before = arch::time::ms();
    many.begin();
    let front = many.finish(0).unwrap();
    assert_eq!(many.states(5)[0], State::CONNECTED.0);
    many.attempts.give_up();
    assert!(arch::time::ms() - before < LIMIT_MS);
    assert_eq!(many.states(0), [State::CONNECTED.0; 2]);
    for i in 1..6 {
        assert_eq!(many.states(i), [State::INITIALISING.0, State::INIT_WAIT.0]);
    }
    // Again, and then one that was given up.
    many.attempts.give_up();
    let again = many.finish(3).unwrap();
    for front in [front, again] {
        front.close().unwrap();
    }
    many.end(0..6);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn ctrl_c_ends_all_waits_at_once() {
    let many = Many::new(8);
    many.stuck(0..8, 3, 2);
    many.begin();
    let before = arch::time::ms();
    press_ctrl_c();
    for i in 0..8 {
        assert_eq!(many.finish(i).err(), Some(Error::Interrupted));
    }
    let took = arch::time::ms() - before;
    assert!(took < LIMIT_MS, "{took} ms");
    many.end(0..0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn too_few_watches_make_it_slower_but_not_wrong() {
    let many = Many::new(6);
    many.fixture
        .world(|world| world.store.tree.max_watches = Some(2));
    // They take the ring after a while, of which four of them cannot be told.
    many.fixture.world(|world| {
        for disk in &mut world.disks {
            let mut looks = 0;
            disk.script = Some(Box::new(move |front, own| {
                looks += u32::from(front == 3);
                match own {
                    4 if looks < 30 => "2".to_string(),
                    own => own.to_string(),
                }
            }));
        }
    });
    let before = arch::time::ms();
    many.begin();
    let fronts: Vec<_> = (0..6).map(|i| many.finish(i).unwrap()).collect();
    assert!(arch::time::ms() - before < LIMIT_MS);
    fronts.iter().for_each(|front| front.close().unwrap());
    drop(fronts);
    many.end(0..6);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_slow_store_is_not_held_against_the_others() {
    // The first one, and the last one.
    for good in [0, 10] {
        let many = Many::new(11);
        let dead = if good == 0 { 1..11 } else { 0..10 };
        many.stuck(dead.clone(), 3, 2);
        // All that is asked for the dead disks takes longer than the time limit of one.
        many.fixture.world(|world| {
            world.store.hook = Some(Box::new(|_, reply| {
                arch::time::advance(50_000);
                [reply].into()
            }));
            // This one takes the ring when it is looked at for the second time.
            let mut looks = 0;
            world.disks[good].script = Some(Box::new(move |front, own| {
                looks += u32::from(front == 3);
                match own {
                    4 if looks < 4 => "2".to_string(),
                    own => own.to_string(),
                }
            }));
        });
        let before = arch::time::ms();
        many.begin();
        let front = many.finish(good as u64).unwrap();
        let took = arch::time::ms() - before;
        assert!(took > 8_000, "{took} ms");
        front.close().unwrap();
        drop(front);
        for i in dead {
            assert_eq!(many.finish(i as u64).err(), Some(Error::Timeout));
        }
        many.end(good..good + 1);
    }
}
