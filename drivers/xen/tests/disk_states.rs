// SPDX-License-Identifier: GPL-2.0-or-later
//! Disks whose keys or states make no sense: they are refused, and given back
//! as far as the other end lets that happen.

use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::{Config, Script};
use crate::xen::fake::terminal::press_ctrl_c;
use crate::xen::fake::xenstored::Message;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use common::Error;
use dm::blk::BlockDevice;
use include::xen::io::xenbus::State;

/// The front-end's keys that another driver must not find.
const OURS: [&str; 3] = ["ring-ref", "event-channel", "protocol"];

/// How soon the prompt must answer again, in milliseconds.
const LIMIT_MS: u64 = 10_000;

/// Fails the test unless connecting fails and leaves nothing behind.
fn assert_refused(fixture: Fixture, what: &str) -> Error {
    let before = arch::time::ms();
    let error = fixture.connect().map(drop).expect_err(what);
    assert!(
        arch::time::ms() - before < LIMIT_MS,
        "{what} takes {} ms",
        arch::time::ms() - before
    );
    fixture.world(|world| {
        assert_eq!(world.store.tree.open(), 0, "{what}");
        for key in OURS {
            let path = world.disks[0].front_key(key);
            assert_eq!(world.store.tree.get(&path), None, "{what}: {key}");
        }
    });
    fixture.finish(0);
    error
}

/// As [`assert_refused`], and the back-end is ready for the next driver.
fn assert_given_back(config: Config, what: &str) -> Error {
    let fixture = Fixture::with_disk(config);
    let fake = fixture.fake.clone();
    let error = assert_refused(fixture, what);
    let world = fake.world.lock();
    let state = |path: &str| world.store.tree.get(path).unwrap().to_string();
    let states = (
        state(&world.disks[0].front_key("state")),
        state(&world.disks[0].key("state")),
    );
    assert_eq!(states, ("1".to_string(), "2".to_string()), "{what}");
    error
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn numbers_of_a_disk_are_checked() {
    let huge = "9".repeat(4000);
    for text in [
        "",
        "-1",
        "0x200",
        "512 ",
        "x",
        "18446744073709551616",
        &huge,
    ] {
        for key in ["sectors", "sector-size", "info", "feature-flush-cache"] {
            let what = alloc::format!("{key} = {text:.9}");
            let config = Config::with(key, text);
            if key == "feature-flush-cache" {
                // It is no worse than no such feature.
                let fixture = Fixture::with_disk(config);
                let disk = fixture.connect().unwrap();
                disk.flush().unwrap();
                disk.close().unwrap();
            } else {
                let error = assert_given_back(config, &what);
                assert!(matches!(error, Error::Protocol(_)), "{what}: {error}");
            }
        }
    }
    for size in [
        "0",
        "1",
        "3",
        "256",
        "513",
        "131072",
        "1048576",
        "4294967296",
    ] {
        let error = assert_given_back(Config::with("sector-size", size), size);
        assert!(matches!(error, Error::Protocol(_)), "{size}: {error}");
    }
    let error = assert_given_back(Config::with("sector-size", 65536), "64 KiB");
    assert!(matches!(error, Error::Unsupported(_)));
    let error = assert_given_back(Config::with("sectors", u64::MAX), "too many");
    assert!(matches!(error, Error::Protocol(_)));
}

#[test]
fn absent_keys_have_their_defaults() {
    let config = Config::default().without("sector-size").without("info");
    let fixture = Fixture::with_disk(config);
    let disk = fixture.connect().unwrap();
    let info = disk.info();
    assert_eq!((info.block_size, info.read_only), (512, false));
    disk.close().unwrap();
    drop(disk);
    fixture.finish(0);
    let error = assert_given_back(Config::default().without("sectors"), "no size");
    assert!(matches!(error, Error::Protocol(_)));
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn the_toolstacks_keys_are_checked() {
    for (key, value) in [
        ("backend-id", Some("x")),
        ("backend-id", Some("65536")),
        ("backend-id", Some("-1")),
        ("backend-id", None),
        ("backend", None),
        ("backend", Some("")),
        ("backend", Some("/nowhere")),
    ] {
        let fixture = Fixture::with_disk(Config::default());
        fixture.world(|world| {
            let path = world.disks[0].front_key(key);
            match value {
                Some(value) => world.store.tree.set(&path, value),
                None => world.store.tree.delete(&path),
            }
        });
        assert_refused(fixture, &alloc::format!("{key} = {value:?}"));
    }
    let fixture = Fixture::with_disk(Config::default());
    fixture.world(|world| {
        let path = world.disks[0].front_key("backend");
        world.store.tree.set(&path, "x".repeat(4090));
    });
    assert_refused(fixture, "a path that is too long");
}

fn scripted(script: impl FnMut(u32, u32) -> String + Send + 'static) -> Fixture {
    let fixture = Fixture::with_disk(Config::default());
    let script: Script = Box::new(script);
    fixture.disk(|back| back.script = Some(script));
    fixture
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn states_that_are_none_or_come_in_the_wrong_order() {
    for text in ["", "9", "4294967296", "-1", "four", "44"] {
        let error = assert_refused(scripted(|_, _| text.to_string()), text);
        assert!(matches!(error, Error::Protocol(_)), "{text}: {error}");
    }
    // Stuck in each of the states.
    for state in 0..=8 {
        let fixture = scripted(move |_, _| state.to_string());
        let error = assert_refused(fixture, &alloc::format!("always {state}"));
        let refused = matches!(error, Error::Timeout | Error::Protocol(_));
        assert!(refused, "always {state}: {error}");
    }
    // It goes away as soon as we come.
    for gone in [State::CLOSING, State::CLOSED] {
        let fixture = scripted(move |front, _| match State(front) {
            State::INITIALISING => "2".to_string(),
            _ => gone.0.to_string(),
        });
        let error = assert_refused(fixture, "refused");
        assert!(matches!(error, Error::Protocol(_)), "{error}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_state_that_never_settles_costs_a_time_limit() {
    let mut count = 0;
    let fixture = scripted(move |_, _| {
        count += 1;
        // At most as often as a guest can hear of it.
        ["5", "7", "8", "3"][count / 4 % 4].to_string()
    });
    assert_eq!(assert_refused(fixture, "restless"), Error::Timeout);
}

/// Connects to a disk and closes it, both in time, whatever comes from XenStore's daemon.
fn assert_in_time(fixture: Fixture, what: &str) {
    let timed = |work: &mut dyn FnMut()| {
        let before = arch::time::ms();
        work();
        let took = arch::time::ms() - before;
        assert!(took < LIMIT_MS, "{what}: {took} ms");
    };
    let mut disk = None;
    timed(&mut || disk = fixture.connect().ok());
    timed(&mut || _ = disk.take().map(|disk| disk.close()));
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn what_xenstore_sends_besides_takes_no_more_time() {
    let scripts: [fn(u32, u32) -> String; 3] = [
        |_, own| own.to_string(),
        |_, _| "1".to_string(),
        |front, _| if front == 1 { "2" } else { "3" }.to_string(),
    ];
    for script in scripts {
        // Events that nobody has asked for, and those of the state that is waited for.
        for token in ["another", "state device/vbd/51712"] {
            let fixture = scripted(script);
            fixture.world(|world| world.store.flood = Some(Message::event("/x", token)));
            assert_in_time(fixture, token);
        }
        // Late answers to other requests, ever more of them.
        for more in [100, 5000] {
            let fixture = scripted(script);
            fixture.world(|world| {
                world.store.hook = Some(Box::new(move |_, reply| {
                    let id = reply.id - 1;
                    let late = Message {
                        id,
                        ..reply.clone()
                    };
                    core::iter::repeat_n(late, more).chain([reply]).collect()
                }));
            });
            assert_in_time(fixture, "late answers");
        }
        // Each answer just in time.
        for seconds in 1..=5 {
            let fixture = scripted(script);
            fixture.world(|world| world.store.pause_us = seconds * 1_000_000 - 1000);
            assert_in_time(fixture, "slow answers");
        }
        // None at all, from some request on.
        for answered in (0..40).step_by(3) {
            let fixture = scripted(script);
            let mut left = answered;
            fixture.world(|world| {
                world.store.hook = Some(Box::new(move |_, reply| {
                    let silent = left == 0;
                    left = usize::saturating_sub(left, 1);
                    (!silent).then_some(reply).into_iter().collect()
                }));
            });
            assert_in_time(fixture, "no answers");
        }
    }
}

#[test]
fn ctrl_c_ends_the_wait_for_a_state() {
    let fixture = scripted(|_, _| "1".to_string());
    press_ctrl_c();
    assert_eq!(assert_refused(fixture, "Ctrl-C"), Error::Interrupted);
}

#[test]
fn a_back_end_that_disappears() {
    let fixture = Fixture::with_disk(Config::default());
    let disk = fixture.connect().unwrap();
    fixture.world(|world| {
        let mut gone = world.disks.remove(0);
        gone.vanish(&mut world.xen, &mut world.store.tree);
    });
    let mut buffer = fixture.buffer(4096, 0);
    assert_eq!(disk.read(0, &mut buffer), Err(Error::Timeout));
    assert_eq!(disk.close(), Err(Error::Timeout));
    drop(disk);
    fixture.finish(0);
}

#[test]
fn a_disk_that_the_toolstack_takes_away_stays_closed() {
    let fixture = Fixture::with_disk(Config::default());
    let disk = fixture.connect().unwrap();
    fixture.world(|world| {
        let online = world.disks[0].key("online");
        world.store.tree.set(&online, "0");
    });
    let before = arch::time::ms();
    disk.close().unwrap();
    drop(disk);
    assert_eq!(fixture.connect().err(), Some(Error::NoDevice));
    assert!(arch::time::ms() - before < 1000);
    fixture.world(|world| {
        let state = world.disks[0].front_key("state");
        assert_eq!(world.store.tree.get(&state), Some("6"));
    });
    fixture.finish(0);
}

#[test]
fn without_grants_or_ports_there_is_no_disk() {
    let fixture = Fixture::with_disk(Config::default());
    fixture.world(|world| world.xen.max_frames = 0);
    assert_eq!(assert_refused(fixture, "no grants"), Error::NoMemory);

    let fixture = Fixture::with_disk(Config::default());
    fixture.world(|world| world.xen.max_ports = 2);
    assert_eq!(assert_refused(fixture, "no ports"), Error::NoMemory);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_store_that_breaks_off_leaves_no_grant() {
    for broken_after in 0..20 {
        let fixture = Fixture::with_disk(Config::default());
        let mut left = broken_after;
        fixture.world(|world| {
            world.store.hook = Some(Box::new(move |_, mut reply| {
                reply.id += u32::from(left == 0);
                left = usize::saturating_sub(left, 1);
                [reply].into()
            }));
        });
        if let Ok(disk) = fixture.connect() {
            assert!(disk.close().is_err());
        }
        // The back-end may keep the ring, since it was never told to let go.
        let kept = fixture.services.grants.leaked();
        assert!(kept <= 1);
        fixture.finish(kept);
    }
}
