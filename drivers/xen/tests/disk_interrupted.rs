// SPDX-License-Identifier: GPL-2.0-or-later
//! Ctrl-C at each step of a disk's way to a connection and back: nothing is
//! left half done, and nothing is done without that was only interrupted.

use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::Config;
use crate::xen::fake::terminal::{forget_keys, press_ctrl_c};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use common::Error;
use dm::blk::BlockDevice;

/// More requests to the store than a connection or its end takes.
const STEPS: usize = 60;
/// How long the store takes for an answer, so that each is waited for.
const PAUSE_US: u64 = 500;

/// Presses Ctrl-C when the store gets a request, after `step` others.
fn press_at(fixture: &Fixture, step: usize) {
    let mut seen = 0;
    fixture.world(|world| {
        world.store.pause_us = PAUSE_US;
        world.store.hook = Some(Box::new(move |_, reply| {
            if seen == step {
                press_ctrl_c();
            }
            seen += 1;
            [reply].into()
        }));
    });
}

/// The states of both ends.
fn states(fixture: &Fixture) -> [String; 2] {
    fixture.world(|world| {
        let disk = &world.disks[0];
        [disk.front_key("state"), disk.key("state")]
            .map(|path| world.store.tree.get(&path).unwrap().to_string())
    })
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_disk_that_connects_lacks_nothing() {
    let mut connected = 0;
    for step in 0..STEPS {
        let fixture = Fixture::with_disk(Config::with("feature-flush-cache", 1));
        press_at(&fixture, step);
        let disk = fixture.connect();
        forget_keys();
        match disk {
            Ok(disk) => {
                connected += 1;
                disk.write(0, &fixture.buffer(512, 0)).unwrap();
                disk.flush().unwrap();
                assert_eq!(fixture.disk(|back| back.disk.flushes), 1, "step {step}");
                disk.close().unwrap();
            }
            Err(error) => assert_eq!(error, Error::Interrupted, "step {step}"),
        }
        assert_eq!(states(&fixture), ["1", "2"], "step {step}");
        fixture.finish(0);
    }
    // Those at which all was done already.
    assert!((1..STEPS).contains(&connected), "{connected}");
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_disk_is_given_back_to_the_end() {
    for step in 0..STEPS {
        let fixture = Fixture::with_disk(Config::with("feature-flush-cache", 1));
        let disk = fixture.connect().unwrap();
        disk.write(0, &fixture.buffer(512, 0)).unwrap();
        press_at(&fixture, step);
        disk.close().unwrap();
        forget_keys();
        assert_eq!(fixture.disk(|back| back.disk.flushes), 1, "step {step}");
        assert_eq!(states(&fixture), ["1", "2"], "step {step}");
        // Whoever still holds it keeps nothing of Xen's.
        fixture.world(|world| world.xen.assert_clean(0));
        drop(disk);
        fixture.finish(0);
    }
}
