// SPDX-License-Identifier: GPL-2.0-or-later
//! Thousands of guests whose other ends do anything, as a seed decides.
//!
//! Each test makes a bounded number of interactions, or as many as the variable
//! `XEN_INTERACTIONS` says.

use crate::xen::fake::corrupted::{GUESTS, Guest, interactions, play};
use crate::xen::fake::random::Random;

/// Runs guests until there were enough interactions; an interpreter of the code gets a few.
fn run(name: &str, normally: u64, guest: Guest) {
    let wanted = match std::env::var("XEN_INTERACTIONS") {
        Ok(count) => count.parse().expect("a number"),
        Err(_) if cfg!(miri) => normally / 2000,
        Err(_) => normally,
    };
    // What is made once for a process or a thread is there after the first.
    guest(Random::new(0));
    let (mut seed, before) = (0, interactions());
    while interactions() - before < wanted {
        seed += 1;
        let played = std::panic::catch_unwind(|| play(guest, Random::new(seed)));
        played.unwrap_or_else(|_| panic!("{name}: seed {seed}"));
    }
    let count = interactions() - before;
    std::println!("{name}: {seed} guests, {count} interactions");
}

#[test]
fn rings_of_disks() {
    run("rings", 60_000, GUESTS[0]);
}

#[test]
fn stores_that_lie_while_a_disk_is_used() {
    run("stores", 20_000, GUESTS[1]);
}

#[test]
fn streams_of_xenstore() {
    run("streams", 60_000, GUESTS[2]);
}
