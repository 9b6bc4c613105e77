// SPDX-License-Identifier: GPL-2.0-or-later
//! Guests whose other ends do anything, good or bad, as numbers decide: no panic,
//! no wait without end, no grant and no memory that is lost, and nothing shown
//! that was not meant for them. Each of them panics if that is not so.
//!
//! An interaction is a look of a back-end at its ring or a message of XenStore's.

mod disks;
mod ring;
mod store;

use super::heap;
use super::random::Random;
use core::cell::Cell;
use include::xen::PAGE_SIZE;

/// A guest; tells how many pages it has lost to other ends that kept them.
pub type Guest = fn(Random) -> u32;

/// All that there are.
pub const GUESTS: [Guest; 3] = [
    disks::guest_with_bad_disks,
    disks::guest_with_a_bad_store,
    store::guest_without_disks,
];

/// Pages that are made, and freed, together at most.
const TOGETHER: isize = 16;

std::thread_local! {
    static INTERACTIONS: Cell<u64> = const { Cell::new(0) };
}

/// Counts an interaction.
fn interact() {
    INTERACTIONS.set(INTERACTIONS.get() + 1);
}

/// The interactions of this thread so far.
pub fn interactions() -> u64 {
    INTERACTIONS.get()
}

/// Plays a guest that is not the first one of its thread, which makes what then stays.
///
/// # Panics
/// If it has lost memory, besides what else it panics for.
pub fn play(guest: Guest, random: Random) {
    let before = heap::held();
    // A clone, since what the source itself holds is there before and after.
    let lost = guest(random.clone());
    let held = heap::held() - before;
    // With a page that is kept, those that were made together with it are lost.
    let pages = held / PAGE_SIZE as isize;
    assert!(
        held % PAGE_SIZE as isize == 0 && (0..=lost as isize * TOGETHER).contains(&pages),
        "{held} bytes are lost, and {lost} grants"
    );
}
