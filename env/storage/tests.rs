// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of loading and saving, over a place that stops in the middle of a write.

use super::*;
use std::boxed::Box;
use std::sync::Mutex;

const SIZE: usize = 128;

/// A place in memory.
struct Fake {
    redundant: bool,
    copies: Mutex<[Option<Vec<u8>>; 2]>,
    /// How many bytes can be written before the power fails.
    power: Mutex<usize>,
}

impl Storage for Fake {
    fn size(&self) -> usize {
        SIZE
    }

    fn redundant(&self) -> bool {
        self.redundant
    }

    fn read(&self, _: &Model, copy: usize, image: &mut [u8]) -> core::result::Result<(), Failure> {
        match &self.copies.lock().unwrap()[copy] {
            Some(bytes) => image.copy_from_slice(bytes),
            None => return Err(failure("read")),
        }
        Ok(())
    }

    fn write(&self, _: &Model, copy: usize, image: &[u8]) -> core::result::Result<(), Failure> {
        let mut power = self.power.lock().unwrap();
        let written = image.len().min(*power);
        *power -= written;
        let old = &mut self.copies.lock().unwrap()[copy];
        let old = old.get_or_insert_with(|| vec![0xff; SIZE]);
        old[..written].copy_from_slice(&image[..written]);
        match written == image.len() {
            true => Ok(()),
            false => Err(failure("write")),
        }
    }
}

fn failure(verb: &str) -> Failure {
    Failure {
        what: std::format!("Unable to {verb} it"),
        error: Error::Io(7),
    }
}

fn fake(redundant: bool) -> &'static Fake {
    Box::leak(Box::new(Fake {
        redundant,
        copies: Mutex::new([Some(vec![0; SIZE]), Some(vec![0; SIZE])]),
        power: Mutex::new(usize::MAX),
    }))
}

/// An environment of a loader that has just started, and has these places.
fn started(drivers: &'static [Driver]) -> Env {
    let mut env = Env::empty();
    env.set_tables(drivers, &[]);
    env.load(&model());
    env
}

fn at(fake: &'static Fake) -> &'static [Driver] {
    Box::leak(Box::new([Driver {
        name: "FAKE",
        priority: 1,
        storage: Some(fake),
    }]))
}

fn model() -> Model {
    Model::new(&[], &[], None)
}

#[test]
fn the_places_of_the_configuration_are_registered() {
    let mut env = Env::empty();
    env.set_tables(&ENV_DRIVERS, &[]);
    let names: Vec<_> = env.drivers().iter().map(|driver| driver.name).collect();
    let expected = [
        ("EXT4", cfg!(CONFIG_ENV_IS_IN_EXT4)),
        ("FAT", cfg!(CONFIG_ENV_IS_IN_FAT)),
        ("BLK", cfg!(CONFIG_ENV_IS_IN_BLK)),
        ("nowhere", cfg!(CONFIG_ENV_IS_NOWHERE)),
    ];
    let expected = expected.iter().filter(|(_, on)| *on);
    assert_eq!(names, expected.map(|(name, _)| *name).collect::<Vec<_>>());
}

#[test]
fn what_is_saved_is_loaded_again() {
    let console = common::testing::capture();
    for redundant in [false, true] {
        let drivers = at(fake(redundant));
        console.take();
        let mut env = started(drivers);
        assert_eq!(
            console.take(),
            "Loading Environment from FAKE...\r\
             *** Warning - bad CRC, using default environment\n\n"
        );
        assert_eq!(
            (env.validity(), env.is_default()),
            (Validity::Invalid, true)
        );
        for value in ["1", "2", "3"] {
            env.set("a", value).unwrap();
            env.save(&model()).unwrap();
            assert_eq!(console.take(), "Saving Environment to FAKE... OK\n");
            env = started(drivers);
            assert_eq!(env.get("a"), Some(value));
            assert!(!env.is_default());
            assert!(
                console
                    .take()
                    .ends_with("Loading Environment from FAKE... OK\n")
            );
        }
        // The third save went to the first place again.
        assert_eq!(env.validity(), Validity::Valid);
        env.set("a", "lost").unwrap();
        env.reload(&model()).unwrap();
        assert_eq!(env.get("a"), Some("3"));
        assert_eq!(console.take(), "Loading Environment from FAKE... OK\n");
        env.erase(&model()).unwrap();
        assert_eq!(console.take(), "Erasing Environment on FAKE... OK\n");
        assert!(env.reload(&model()).is_err());
        assert_eq!(env.get("a"), None);
    }
}

#[test]
fn a_save_that_is_cut_off_at_any_byte_leaves_the_old_environment() {
    let _console = common::testing::capture();
    // From each of the two places, and over the end of the serial numbers.
    for saves in [1, 2, 254, 255, 256, 257] {
        for power in 0..SIZE {
            let fake = fake(true);
            let drivers = at(fake);
            let mut env = started(drivers);
            for save in 0..saves {
                env.set("a", &save.to_string()).unwrap();
                env.save(&model()).unwrap();
            }
            env.set("a", "new").unwrap();
            *fake.power.lock().unwrap() = power;
            assert_eq!(env.save(&model()), Err(Error::Io(7)));
            let mut env = started(drivers);
            let old = (saves - 1).to_string();
            // Some bytes of the new image may be those that were there.
            let found = env.get("a").map(String::from);
            assert!(
                found.as_ref() == Some(&old) || found.as_deref() == Some("new"),
                "{saves} {power}: {found:?}"
            );
            assert!(!env.is_default());
            // With the power back, the next save works.
            *fake.power.lock().unwrap() = usize::MAX;
            env.set("a", "newer").unwrap();
            env.save(&model()).unwrap();
            assert_eq!(started(drivers).get("a"), Some("newer"));
            if power > 8 {
                break;
            }
        }
    }
}

/// Without a second image, a save that is cut off loses the environment, as in U-Boot.
#[test]
fn a_single_image_is_lost_when_its_save_is_cut_off() {
    let console = common::testing::capture();
    let fake = fake(false);
    let drivers = at(fake);
    let mut env = started(drivers);
    env.set("a", "1").unwrap();
    env.save(&model()).unwrap();
    env.set("a", "2").unwrap();
    *fake.power.lock().unwrap() = 5;
    console.take();
    assert!(env.save(&model()).is_err());
    assert_eq!(
        console.take(),
        "Saving Environment to FAKE... Unable to write it\nFailed (-5)\n"
    );
    assert!(started(drivers).is_default());
}

#[test]
fn a_bad_image_stays_until_the_next_save() {
    let console = common::testing::capture();
    let fake = fake(true);
    *fake.copies.lock().unwrap() = [Some(vec![1; SIZE]), Some(vec![2; SIZE])];
    let mut env = started(at(fake));
    assert!(
        console
            .take()
            .contains("*** Warning - bad CRC, using default")
    );
    assert_eq!(fake.copies.lock().unwrap()[0], Some(vec![1; SIZE]));
    env.save(&model()).unwrap();
    assert_eq!(fake.copies.lock().unwrap()[1], Some(vec![2; SIZE]));
    assert_eq!(started(at(fake)).validity(), Validity::Valid);
}

#[test]
fn one_unreadable_image_is_no_matter_and_two_are() {
    let console = common::testing::capture();
    let fake = fake(true);
    let drivers = at(fake);
    let mut env = started(drivers);
    for value in ["1", "2"] {
        env.set("a", value).unwrap();
        env.save(&model()).unwrap();
    }
    fake.copies.lock().unwrap()[1] = None;
    console.take();
    assert_eq!(started(drivers).get("a"), Some("1"));
    assert!(
        console
            .take()
            .contains("some problems detected reading environment")
    );
    fake.copies.lock().unwrap()[0] = None;
    assert!(started(drivers).is_default());
    assert_eq!(
        console.take(),
        "Loading Environment from FAKE...\r*** Error - No Valid Environment Area found\n\
         *** Warning - Unable to read it, using default environment\n\n"
    );
}

#[test]
fn what_is_saved_after_a_failed_load_is_the_newest() {
    let _console = common::testing::capture();
    let fake = fake(true);
    let drivers = at(fake);
    let mut env = started(drivers);
    for value in ["1", "2", "3"] {
        env.set("a", value).unwrap();
        env.save(&model()).unwrap();
    }
    // The disk comes later.
    let copies = core::mem::take(&mut *fake.copies.lock().unwrap());
    let mut env = started(drivers);
    assert_eq!(env.get("a"), None);
    *fake.copies.lock().unwrap() = copies.clone();
    env.set("a", "4").unwrap();
    env.save(&model()).unwrap();
    assert_eq!(started(drivers).get("a"), Some("4"));
    // And that was not at the cost of the newest one before.
    assert_eq!(fake.copies.lock().unwrap()[0], copies[0]);
}

#[test]
fn places_are_tried_in_their_order() {
    let console = common::testing::capture();
    let (first, second) = (fake(false), fake(false));
    first.copies.lock().unwrap()[0] = None;
    let drivers: &'static [Driver] = Box::leak(Box::new([
        Driver {
            name: "nowhere",
            priority: 200,
            storage: None,
        },
        Driver {
            name: "SECOND",
            priority: 2,
            storage: Some(second),
        },
        Driver {
            name: "FIRST",
            priority: 1,
            storage: Some(first),
        },
    ]));
    let mut env = started(drivers);
    assert!(
        console
            .take()
            .ends_with("Loading Environment from nowhere... OK\n")
    );
    assert!(!env.can_be_saved() && env.is_default());
    assert!(env.save(&model()).is_err());
    assert!(env.erase(&model()).is_err());
    assert_eq!(
        console.take(),
        "Saving Environment to nowhere... not possible\nnot possible\n"
    );
    env.select("SECOND").unwrap();
    assert!(env.can_be_saved() && !env.is_default());
    env.set("a", "2").unwrap();
    env.save(&model()).unwrap();
    assert!(env.select("THIRD").is_err());
    assert_eq!(
        console.take(),
        "Select Environment on SECOND: OK\nSaving Environment to SECOND... OK\n\
         Select Environment on THIRD: driver not found\n"
    );
    assert_eq!(started(drivers).get("a"), Some("2"));
}

#[test]
fn what_does_not_fit_is_not_saved() {
    let console = common::testing::capture();
    let fake = fake(true);
    let mut env = started(at(fake));
    env.set("a", &"x".repeat(SIZE)).unwrap();
    console.take();
    assert_eq!(env.save(&model()), Err(Error::NoSpace));
    assert_eq!(
        console.take(),
        "Saving Environment to FAKE... Env export buffer too small: 123, but need 132\n\
         Failed (-28)\n"
    );
    assert_eq!(fake.copies.lock().unwrap()[0], Some(vec![0; SIZE]));
}

#[test]
fn what_belongs_to_the_machine_survives_loading() {
    let _console = common::testing::capture();
    let fake = fake(false);
    let drivers = at(fake);
    let mut env = started(drivers);
    env.set("a", "1").unwrap();
    env.save(&model()).unwrap();
    let mut env = Env::empty();
    env.set_tables(drivers, &[]);
    env.set_layout(0x4000_0000..0x5000_0000);
    env.set_fixed("fdtcontroladdr", "12345678").unwrap();
    env.load(&model());
    assert_eq!(env.get("a"), Some("1"));
    assert_eq!(env.get("fdtcontroladdr"), Some("12345678"));
    assert_eq!(env.get("kernel_addr_r"), Some("0x40000000"));
}
