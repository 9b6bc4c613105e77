// SPDX-License-Identifier: GPL-2.0-or-later
//! Thousands of guests whose other ends do anything, good or bad: no panic, no
//! wait without end, no grant and no memory that is lost, and nothing shown
//! that was not meant for them.
//!
//! What happens follows from a seed. An interaction is a look of a back-end at
//! its ring or a message of XenStore's. Each test makes a bounded number of them,
//! or as many as the variable `XEN_INTERACTIONS` says.

mod disks;
mod ring;
mod store;

use crate::xen::fake::heap;
use crate::xen::fake::random::Random;
use core::cell::Cell;
use include::xen::PAGE_SIZE;

/// Pages that are made, and freed, together at most.
const TOGETHER: isize = 16;

std::thread_local! {
    static INTERACTIONS: Cell<u64> = const { Cell::new(0) };
}

/// Counts an interaction.
fn interact() {
    INTERACTIONS.set(INTERACTIONS.get() + 1);
}

/// Runs guests until there were enough interactions; an interpreter of the code gets a few.
/// A guest tells how many pages it has lost to other ends that kept them.
fn run(name: &str, normally: u64, guest: fn(Random) -> u32) {
    let wanted = match std::env::var("XEN_INTERACTIONS") {
        Ok(count) => count.parse().expect("a number"),
        Err(_) if cfg!(miri) => normally / 1000,
        Err(_) => normally,
    };
    INTERACTIONS.set(0);
    // What is made once for a process or a thread is there after the first.
    guest(Random::new(0));
    let mut seed = 0;
    while INTERACTIONS.get() < wanted {
        seed += 1;
        let before = heap::held();
        let last = std::panic::catch_unwind(|| guest(Random::new(seed)));
        let lost = last.unwrap_or_else(|_| panic!("{name}: seed {seed}"));
        let held = heap::held() - before;
        // With a page that is kept, those that were made together with it are lost.
        let pages = held / PAGE_SIZE as isize;
        assert!(
            held % PAGE_SIZE as isize == 0 && (0..=lost as isize * TOGETHER).contains(&pages),
            "{name}: seed {seed} has lost {held} bytes, and {lost} grants"
        );
    }
    std::println!("{name}: {seed} guests, {} interactions", INTERACTIONS.get());
}

#[test]
fn rings_of_disks() {
    run("rings", 60_000, disks::guest_with_bad_disks);
}

#[test]
fn stores_that_lie_while_a_disk_is_used() {
    run("stores", 20_000, disks::guest_with_a_bad_store);
}

#[test]
fn streams_of_xenstore() {
    run("streams", 60_000, store::guest_without_disks);
}
