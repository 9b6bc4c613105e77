// SPDX-License-Identifier: GPL-2.0-or-later
//! Numbers that look random and are the same in each run.

/// A generator (xorshift64*).
pub struct Random(u64);

impl Random {
    /// A generator; the seed tells one sequence from another.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(limit)) >> 64) as u64
    }

    /// `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.number() >> 32) as u8).collect()
    }

    /// Changes some of the bytes at `places`: single bits, bytes, or whole
    /// numbers to values that often lead astray.
    pub fn damage(&mut self, bytes: &mut [u8], places: &[std::ops::Range<usize>]) {
        for _ in 0..=self.below(4) {
            let place = &places[self.below(places.len() as u64) as usize];
            let at = place.start + self.below(place.len() as u64) as usize;
            match self.below(4) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.number() as u8,
                2 => bytes[at] = [0, 0xff, 0x7f, 0x80][self.below(4) as usize],
                _ => {
                    let at = at & !3;
                    let value =
                        [0, 1, u32::MAX, 0x7fff_ffff, self.number() as u32][self.below(5) as usize];
                    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
                }
            }
        }
    }
}
