// SPDX-License-Identifier: GPL-2.0-or-later
//! Rings that are spoilt at each look.

use super::interact;
use crate::xen::fake::blkring::Tamper;
use crate::xen::fake::memory::SECRET;
use crate::xen::fake::random::Random;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use include::xen::io::blkif::{SLOT_SIZE, response};
use include::xen::io::ring::{REQ_EVENT, REQ_PROD, RSP_PROD, SLOTS};

/// Spoils a ring now and then. Requests that the fake has not taken are left
/// alone: it would complain of them to the wrong side.
struct Spoiler {
    random: Random,
    rate: Rate,
    /// The requests that the fake has taken.
    consumed: u32,
    /// What stands in place of the index that tells that, if it was spoilt.
    spoilt_event: Option<u32>,
}

/// A ring is spoilt once in so many looks on average; never if it is 0.
pub type Rate = Arc<AtomicUsize>;

/// What spoils a ring, from its first look on.
pub fn spoiler(random: Random, rate: Rate) -> Tamper {
    let mut spoiler = Spoiler {
        random,
        rate,
        consumed: 0,
        spoilt_event: None,
    };
    Box::new(move |ring| {
        interact();
        spoiler.look(ring);
    })
}

impl Spoiler {
    fn look(&mut self, ring: &mut [u8]) {
        let event = word(ring, REQ_EVENT);
        if self.spoilt_event != Some(event) {
            self.consumed = event.wrapping_sub(1);
        }
        // Only the fake itself looks at what the front-end has produced.
        let producer = word(ring, REQ_PROD);
        let rate = self.rate.load(Ordering::Relaxed);
        if rate > 0 && self.random.one_in(rate) {
            for _ in 0..1 + self.random.below(3) {
                self.spoil(ring);
                put(ring, REQ_PROD, &producer.to_le_bytes());
            }
        }
        self.spoilt_event = Some(word(ring, REQ_EVENT))
            .filter(|&now| now != event || self.spoilt_event == Some(event));
    }

    fn spoil(&mut self, ring: &mut [u8]) {
        let random = &mut self.random;
        let slots = 1 << ((ring.len() - SLOTS) / SLOT_SIZE).ilog2();
        let value = match random.one_in(2) {
            true => random.below(slots + 2) as u64,
            false => random.nasty(),
        };
        match random.below(8) {
            0 => put(ring, RSP_PROD, &(value as u32).to_le_bytes()),
            // A few responses more or less than there are.
            1 => {
                let claim = word(ring, RSP_PROD)
                    .wrapping_add(value as u32 % 5)
                    .wrapping_sub(2);
                put(ring, RSP_PROD, &claim.to_le_bytes());
            }
            2 => {
                let index = random.below(16);
                ring[index] ^= 1 << random.below(8);
            }
            kind => {
                let index = random.below(slots) as u32;
                let waiting = word(ring, REQ_PROD).wrapping_sub(self.consumed);
                let ahead = index.wrapping_sub(self.consumed) % slots as u32;
                if ahead < waiting {
                    return;
                }
                let at = SLOTS + index as usize * SLOT_SIZE;
                match kind {
                    3 => put(ring, at + response::ID, &value.to_le_bytes()),
                    4 => put(ring, at + response::OPERATION, &[value as u8 % 8]),
                    5 => put(ring, at + response::STATUS, &(value as u16).to_le_bytes()),
                    6 => {
                        let other = SLOTS + random.below(slots) * SLOT_SIZE;
                        ring.copy_within(other..other + response::SIZE, at);
                    }
                    // Never with what nobody may see.
                    _ => ring[at..at + SLOT_SIZE].fill(value as u8 & !SECRET),
                }
            }
        }
    }
}

fn word(ring: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(ring[at..at + 4].try_into().unwrap())
}

fn put(ring: &mut [u8], at: usize, bytes: &[u8]) {
    ring[at..at + bytes.len()].copy_from_slice(bytes);
}
