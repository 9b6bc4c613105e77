// SPDX-License-Identifier: GPL-2.0-or-later
//! Numbers that decide what happens, and are the same in each run: those of a
//! generator (xorshift64*), after those that a fuzzer chooses, if there is one.

use alloc::sync::Arc;
use alloc::vec::Vec;
use spin::Mutex;

/// A source of numbers.
#[derive(Clone)]
pub struct Random {
    state: u64,
    /// What is left of the bytes that were chosen, the next one last; copies of
    /// the source share them.
    chosen: Option<Arc<Mutex<Vec<u8>>>>,
}

impl Random {
    /// The source that `seed` names.
    pub fn new(seed: u64) -> Random {
        Random {
            state: seed.wrapping_mul(2).wrapping_add(1),
            chosen: None,
        }
    }

    /// The source that takes its numbers from bytes.
    pub fn chosen(bytes: &[u8]) -> Random {
        let bytes = bytes.iter().rev().copied().collect();
        Random {
            chosen: Some(Arc::new(Mutex::new(bytes))),
            ..Random::new(0)
        }
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.choice(8).unwrap_or_else(|| self.generated())
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        let bytes = (limit.ilog2() as usize + 8) / 8;
        match self.choice(bytes) {
            Some(number) => number as usize % limit,
            None => (self.generated() >> 33) as usize % limit,
        }
    }

    fn generated(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number of so many bytes that were chosen, if there are any left.
    fn choice(&self, bytes: usize) -> Option<u64> {
        let mut left = self.chosen.as_ref()?.lock();
        let at = left.len().checked_sub(bytes)?;
        Some(
            left.drain(at..)
                .fold(0, |number, byte| number << 8 | u64::from(byte)),
        )
    }

    /// Whether something happens that does so once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A number that breaks things: a limit, a power of two, or anything.
    pub fn nasty(&mut self) -> u64 {
        let near = self.below(5) as u64;
        match self.below(4) {
            0 => near,
            1 => u64::MAX - near,
            2 => (1 << self.below(64)) - near.min(1),
            _ => self.next(),
        }
    }
}
