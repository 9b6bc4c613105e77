// SPDX-License-Identifier: GPL-2.0-or-later
//! Numbers that look random and are the same in each run (xorshift64*).

/// A source of numbers.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// The source that `seed` names.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(2).wrapping_add(1))
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
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
