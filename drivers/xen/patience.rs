// SPDX-License-Identifier: GPL-2.0-or-later
//! How long the answers of a disk are waited for.
//!
//! A back-end that takes just too little time for each answer to be given up
//! must not hold the prompt for as many times as there are answers. So all waits
//! for a disk share one time limit, which answers and pauses make up for.

use arch::time::{self, Deadline};

/// What a disk can make us wait, without an answer or behind the least speed.
const MOST_US: u64 = 8_000_000;
/// The least speed, in bytes per second: a quarter of what the slowest disks have.
const LEAST_SPEED: u64 = 256 << 10;
/// What an answer makes up for at least, since small requests cost as much as larger ones.
const LEAST_US: u64 = 250_000;

/// The patience with one disk.
pub struct Patience {
    /// What was left when the last transfer ended.
    left_us: u64,
    /// When that was.
    ended_us: u64,
}

impl Default for Patience {
    /// All that there is.
    fn default() -> Patience {
        Patience {
            left_us: MOST_US,
            ended_us: time::us(),
        }
    }
}

impl Patience {
    /// How long a transfer that begins now may go on without an answer. Time in
    /// which nothing was asked of the disk is made up for.
    pub fn begin(&self) -> Deadline {
        after(
            self.left_us
                .saturating_add(time::us().saturating_sub(self.ended_us)),
        )
    }

    /// The new deadline after an answer to a request for so many bytes.
    pub fn answered(deadline: Deadline, bytes: u64) -> Deadline {
        let earned = bytes.saturating_mul(1_000_000) / LEAST_SPEED;
        after(deadline.left_us().saturating_add(earned.max(LEAST_US)))
    }

    /// The transfer ends.
    pub fn end(&mut self, deadline: Deadline) {
        *self = Patience {
            left_us: deadline.left_us(),
            ended_us: time::us(),
        };
    }
}

/// The deadline in so many microseconds, but not more than there may be.
fn after(us: u64) -> Deadline {
    Deadline::after_us(us.min(MOST_US))
}
