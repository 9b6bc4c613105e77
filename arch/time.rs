// SPDX-License-Identifier: GPL-2.0-or-later
//! Time since the processor's counter started, and time limits.

use crate::imp;

/// Microseconds since some point in the past; never goes back.
pub fn us() -> u64 {
    imp::timer_us()
}

/// Milliseconds since some point in the past, as U-Boot's `get_timer(0)`.
pub fn ms() -> u64 {
    us() / 1000
}

/// Lets time pass at once. From then on it passes in no other way for the calling
/// thread but by a wait, which takes no time then: a test's fake devices decide
/// how long everything takes.
#[cfg(not(target_os = "none"))]
pub fn advance(us: u64) {
    imp::advance(us);
}

/// Waits.
pub fn udelay(us: u64) {
    let deadline = Deadline::after_us(us);
    while !deadline.expired() {
        imp::relax(deadline.left_us());
    }
}

/// A point in time after which a wait is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(u64);

impl Deadline {
    /// The deadline `us` microseconds from now.
    pub fn after_us(us: u64) -> Deadline {
        Deadline(self::us().saturating_add(us))
    }

    /// The deadline `ms` milliseconds from now.
    pub fn after_ms(ms: u64) -> Deadline {
        Deadline::after_us(ms.saturating_mul(1000))
    }

    /// Whether it has passed.
    pub fn expired(self) -> bool {
        self.left_us() == 0
    }

    /// Microseconds left; 0 when it has passed.
    pub fn left_us(self) -> u64 {
        self.0.saturating_sub(us())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_lets_a_tests_time_pass() {
        advance(0);
        let start = us();
        udelay(u64::from(u32::MAX));
        assert_eq!(us() - start, u64::from(u32::MAX));
    }
}
