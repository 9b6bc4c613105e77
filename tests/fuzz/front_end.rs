// SPDX-License-Identifier: GPL-2.0-or-later
//! A guest on a Xen made for tests, with disks: the bytes decide what their
//! back-ends and XenStore do. The first one chooses which guest.
#![no_main]

use drivers::xen::fake::corrupted::{GUESTS, play};
use drivers::xen::fake::random::Random;
use libfuzzer_sys::fuzz_target;
use std::sync::Once;

fuzz_target!(|data: &[u8]| {
    static FIRST: Once = Once::new();
    FIRST.call_once(|| {
        GUESTS.iter().for_each(|guest| _ = guest(Random::new(0)));
    });
    if let Some((&which, bytes)) = data.split_first() {
        play(
            GUESTS[usize::from(which) % GUESTS.len()],
            Random::chosen(bytes),
        );
    }
});
