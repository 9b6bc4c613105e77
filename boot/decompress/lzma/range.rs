// SPDX-License-Identifier: GPL-2.0-or-later
//! The range decoder of LZMA: bits whose probabilities adapt, and the numbers made of them.

use super::{BAD, TRUNCATED};
use common::Result;

/// How likely a bit is 0, of 2048.
pub type Probability = u16;
/// As likely as 1.
pub const EVEN: Probability = 1 << 10;

const BITS: u32 = 11;
const SHIFT: u32 = 5;
const TOP: u32 = 1 << 24;
/// Bytes at the beginning.
const PREFIX: usize = 5;

/// Where in the packed bytes it is.
pub struct RangeDecoder<'a> {
    input: &'a [u8],
    at: usize,
    range: u32,
    code: u32,
}

impl<'a> RangeDecoder<'a> {
    /// At the beginning of packed bytes.
    ///
    /// # Errors
    /// If they cannot begin so.
    pub fn new(input: &'a [u8]) -> Result<RangeDecoder<'a>> {
        let &[zero, a, b, c, d] = input.first_chunk::<PREFIX>().ok_or(TRUNCATED)?;
        if zero != 0 {
            return Err(BAD);
        }
        Ok(RangeDecoder {
            input,
            at: PREFIX,
            range: u32::MAX,
            code: u32::from_be_bytes([a, b, c, d]),
        })
    }

    /// Bytes that were used.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether it is where an encoder ends.
    pub fn is_finished(&self) -> bool {
        self.code == 0
    }

    /// Takes a byte if the range has become small.
    ///
    /// # Errors
    /// If there is none.
    #[inline]
    pub fn normalize(&mut self) -> Result<()> {
        if self.range < TOP {
            let byte = *self.input.get(self.at).ok_or(TRUNCATED)?;
            self.at = self.at.wrapping_add(1);
            self.range <<= 8;
            self.code = self.code << 8 | u32::from(byte);
        }
        Ok(())
    }

    /// A bit, 0 or 1.
    #[inline]
    pub fn bit(&mut self, probability: Option<&mut Probability>) -> Result<usize> {
        let probability = probability.ok_or(BAD)?;
        self.normalize()?;
        let bound = (self.range >> BITS).wrapping_mul(u32::from(*probability));
        if self.code < bound {
            self.range = bound;
            let less = (1u16 << BITS).wrapping_sub(*probability) >> SHIFT;
            *probability = probability.wrapping_add(less);
            Ok(0)
        } else {
            self.range = self.range.wrapping_sub(bound);
            self.code = self.code.wrapping_sub(bound);
            *probability = probability.wrapping_sub(*probability >> SHIFT);
            Ok(1)
        }
    }

    /// A number of `bits` bits, the highest first, each with the probability
    /// that the ones before it choose.
    #[inline]
    pub fn tree(&mut self, probabilities: &mut [Probability], bits: u32) -> Result<usize> {
        let mut symbol = 1usize;
        for _ in 0..bits {
            symbol = symbol << 1 | self.bit(probabilities.get_mut(symbol))?;
        }
        Ok(symbol ^ 1 << bits)
    }

    /// As [`RangeDecoder::tree`], the lowest first.
    pub fn reverse_tree(&mut self, probabilities: &mut [Probability], bits: u32) -> Result<u32> {
        let (mut symbol, mut number) = (1usize, 0u32);
        for place in 0..bits {
            let bit = self.bit(probabilities.get_mut(symbol))?;
            symbol = symbol << 1 | bit;
            number |= (bit as u32) << place;
        }
        Ok(number)
    }

    /// A number of `bits` bits that all are as likely 0 as 1.
    pub fn direct(&mut self, bits: u32) -> Result<u32> {
        let mut number = 0u32;
        for _ in 0..bits {
            self.normalize()?;
            self.range >>= 1;
            let one = self.code >= self.range;
            if one {
                self.code = self.code.wrapping_sub(self.range);
            }
            number = number << 1 | u32::from(one);
        }
        Ok(number)
    }
}
