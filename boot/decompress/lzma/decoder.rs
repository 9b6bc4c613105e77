// SPDX-License-Identifier: GPL-2.0-or-later
//! LZMA: literals, matches and repetitions. What was unpacked is the
//! dictionary, so that its size costs no memory.

use super::range::{EVEN, Probability, RangeDecoder};
use super::{BAD, TRUNCATED};
use alloc::vec::Vec;
use common::{Error, Result, console};

const STATES: usize = 12;
/// The first state after something else than a literal.
const AFTER_MATCH: usize = 7;
const POSITIONS: usize = 16;
const LITERAL: usize = 0x300;
const MIN_MATCH: usize = 2;
/// A distance that means the end.
const END: u32 = u32::MAX;
/// Symbols between two looks for Ctrl-C.
const SYMBOLS: u32 = 1 << 16;

/// What the first byte of LZMA data says.
#[derive(Clone, Copy)]
pub struct Properties {
    /// Bits of the byte before that choose a literal's probabilities.
    pub literal_context: u32,
    /// Bits of the position that do.
    pub literal_position: u32,
    /// Bits of the position that choose those of anything else.
    pub position: u32,
}

impl Properties {
    /// Reads them.
    ///
    /// # Errors
    /// If there are none such.
    pub fn parse(byte: u8) -> Result<Properties> {
        let (byte, literal_context) = (u32::from(byte) / 9, u32::from(byte) % 9);
        if byte >= 25 {
            return Err(Error::Corrupt("LZMA properties"));
        }
        Ok(Properties {
            literal_context,
            literal_position: byte % 5,
            position: byte / 5,
        })
    }
}

/// Lengths of matches, or of repetitions.
struct Lengths {
    choice: [Probability; 2],
    low: [[Probability; 8]; POSITIONS],
    middle: [[Probability; 8]; POSITIONS],
    high: [Probability; 256],
}

impl Lengths {
    const NEW: Lengths = Lengths {
        choice: [EVEN; 2],
        low: [[EVEN; 8]; POSITIONS],
        middle: [[EVEN; 8]; POSITIONS],
        high: [EVEN; 256],
    };

    fn decode(&mut self, range: &mut RangeDecoder, position: usize) -> Result<usize> {
        let [first, second] = &mut self.choice;
        let (tree, bits, base): (&mut [Probability], u32, usize) = if range.bit(Some(first))? == 0 {
            (self.low.get_mut(position).ok_or(BAD)?, 3, 0)
        } else if range.bit(Some(second))? == 0 {
            (self.middle.get_mut(position).ok_or(BAD)?, 3, 8)
        } else {
            (&mut self.high, 8, 16)
        };
        let number = range.tree(tree, bits)?;
        Ok(number.wrapping_add(base).wrapping_add(MIN_MATCH))
    }
}

/// The probabilities of everything but literals.
struct Tables {
    is_match: [[Probability; POSITIONS]; STATES],
    is_repetition: [Probability; STATES],
    is_not_first: [Probability; STATES],
    is_not_second: [Probability; STATES],
    is_not_third: [Probability; STATES],
    is_long: [[Probability; POSITIONS]; STATES],
    match_len: Lengths,
    repetition_len: Lengths,
    slots: [[Probability; 64]; 4],
    /// Of the low bits of distances in slots 4 to 13, one tree after the other.
    distances: [Probability; 128],
    align: [Probability; 16],
}

impl Tables {
    const NEW: Tables = Tables {
        is_match: [[EVEN; POSITIONS]; STATES],
        is_repetition: [EVEN; STATES],
        is_not_first: [EVEN; STATES],
        is_not_second: [EVEN; STATES],
        is_not_third: [EVEN; STATES],
        is_long: [[EVEN; POSITIONS]; STATES],
        match_len: Lengths::NEW,
        repetition_len: Lengths::NEW,
        slots: [[EVEN; 64]; 4],
        distances: [EVEN; 128],
        align: [EVEN; 16],
    };
}

/// Unpacks LZMA data to one buffer.
pub struct Decoder<'a> {
    /// What a match may look back at most.
    pub dictionary_size: usize,
    output: &'a mut [u8],
    at: usize,
    /// Where the dictionary begins.
    start: usize,
    properties: Properties,
    literals: Vec<Probability>,
    tables: alloc::boxed::Box<Tables>,
    state: usize,
    /// The distances of the last four matches, less one.
    last: [u32; 4],
}

/// What a symbol stands for.
enum Symbol {
    Literal,
    Match(usize),
    End,
}

impl<'a> Decoder<'a> {
    /// Nothing is unpacked yet.
    pub fn new(output: &'a mut [u8]) -> Decoder<'a> {
        Decoder {
            dictionary_size: 0,
            output,
            at: 0,
            start: 0,
            properties: Properties {
                literal_context: 0,
                literal_position: 0,
                position: 0,
            },
            literals: Vec::new(),
            tables: alloc::boxed::Box::new(Tables::NEW),
            state: 0,
            last: [0; 4],
        }
    }

    /// Bytes that are unpacked.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The bytes that are unpacked, from `start` on.
    pub fn unpacked(&mut self, start: usize) -> &mut [u8] {
        self.output.get_mut(start..self.at).unwrap_or_default()
    }

    /// Sets the properties, and forgets what was learned.
    ///
    /// # Errors
    /// If the heap is too small for them.
    pub fn set_properties(&mut self, properties: Properties) -> Result<()> {
        self.properties = properties;
        let bits = properties
            .literal_context
            .saturating_add(properties.literal_position);
        self.literals = Vec::new();
        self.literals
            .try_reserve_exact(LITERAL << bits)
            .map_err(|_| Error::NoMemory)?;
        self.literals.resize(LITERAL << bits, EVEN);
        self.reset();
        Ok(())
    }

    /// Forgets what was learned.
    pub fn reset(&mut self) {
        self.literals.fill(EVEN);
        *self.tables = Tables::NEW;
        self.state = 0;
        self.last = [0; 4];
    }

    /// Forgets what was unpacked.
    pub fn reset_dictionary(&mut self) {
        self.start = self.at;
    }

    /// Takes bytes that are not packed.
    ///
    /// # Errors
    /// If there is no room for them.
    pub fn store(&mut self, bytes: &[u8]) -> Result<()> {
        let end = self.at.saturating_add(bytes.len());
        let room = self.output.get_mut(self.at..end).ok_or(Error::NoSpace)?;
        room.copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }

    /// Unpacks `len` bytes, or until the marker that ends the data; gives whether that came.
    ///
    /// # Errors
    /// If the data is damaged, or there is no room.
    pub fn run(&mut self, range: &mut RangeDecoder, len: Option<usize>) -> Result<bool> {
        let end = match len {
            Some(len) => self.at.saturating_add(len),
            None => usize::MAX,
        };
        if len.is_some() && end > self.output.len() {
            return Err(Error::NoSpace);
        }
        let mut symbols = 0u32;
        while self.at < end {
            symbols = symbols.wrapping_add(1);
            if symbols.is_multiple_of(SYMBOLS) && console::ctrlc() {
                return Err(Error::Interrupted);
            }
            match self.symbol(range)? {
                Symbol::Literal => {}
                Symbol::Match(len) if len > end.saturating_sub(self.at) => return Err(BAD),
                Symbol::Match(len) => self.copy(len)?,
                Symbol::End => {
                    range.normalize()?;
                    return Ok(true);
                }
            }
        }
        range.normalize()?;
        Ok(false)
    }

    /// Where this byte is in the dictionary, by its lowest bits.
    fn low_position(&self, bits: u32) -> usize {
        self.at.wrapping_sub(self.start) & (1usize << bits).wrapping_sub(1)
    }

    fn symbol(&mut self, range: &mut RangeDecoder) -> Result<Symbol> {
        let position = self.low_position(self.properties.position);
        let state = self.state;
        let tables = &mut self.tables;
        let is_match = tables.is_match.get_mut(state);
        if range.bit(is_match.and_then(|row| row.get_mut(position)))? == 0 {
            self.literal(range)?;
            return Ok(Symbol::Literal);
        }
        let after_literal = state < AFTER_MATCH;
        if range.bit(tables.is_repetition.get_mut(state))? == 0 {
            let len = tables.match_len.decode(range, position)?;
            let distance = self.distance(range, len)?;
            let [first, second, third, _] = self.last;
            self.last = [distance, first, second, third];
            self.state = if after_literal { 7 } else { 10 };
            return Ok(if distance == END {
                Symbol::End
            } else {
                Symbol::Match(len)
            });
        }
        if range.bit(tables.is_not_first.get_mut(state))? == 0 {
            let is_long = tables.is_long.get_mut(state);
            if range.bit(is_long.and_then(|row| row.get_mut(position)))? == 0 {
                self.state = if after_literal { 9 } else { 11 };
                return Ok(Symbol::Match(1));
            }
        } else {
            let [first, second, third, fourth] = self.last;
            self.last = if range.bit(tables.is_not_second.get_mut(state))? == 0 {
                [second, first, third, fourth]
            } else if range.bit(tables.is_not_third.get_mut(state))? == 0 {
                [third, first, second, fourth]
            } else {
                [fourth, first, second, third]
            };
        }
        let len = tables.repetition_len.decode(range, position)?;
        self.state = if after_literal { 8 } else { 11 };
        Ok(Symbol::Match(len))
    }

    fn literal(&mut self, range: &mut RangeDecoder) -> Result<()> {
        let Properties {
            literal_context,
            literal_position,
            ..
        } = self.properties;
        let before = match self.at > self.start {
            true => self.byte_before(0)?,
            false => 0,
        };
        let context = usize::from(before) >> 8u32.saturating_sub(literal_context);
        let index = self.low_position(literal_position) << literal_context | context;
        let start = index.wrapping_mul(LITERAL);
        let matched = match self.state >= AFTER_MATCH {
            true => Some(self.byte_before(self.last[0])?),
            false => None,
        };
        let table = self.literals.get_mut(start..).ok_or(BAD)?;
        let mut symbol = 1usize;
        if let Some(mut matched) = matched.map(usize::from) {
            // As long as the bits are those of the byte that the last match leads to.
            while symbol < 0x100 {
                matched <<= 1;
                let expected = matched >> 8 & 1;
                let place = expected.wrapping_add(1) << 8 | symbol;
                let bit = range.bit(table.get_mut(place))?;
                symbol = symbol << 1 | bit;
                if bit != expected {
                    break;
                }
            }
        }
        while symbol < 0x100 {
            symbol = symbol << 1 | range.bit(table.get_mut(symbol))?;
        }
        *self.output.get_mut(self.at).ok_or(Error::NoSpace)? = symbol as u8;
        self.at = self.at.wrapping_add(1);
        self.state = match self.state {
            0..4 => 0,
            4..10 => self.state.wrapping_sub(3),
            _ => self.state.wrapping_sub(6),
        };
        Ok(())
    }

    /// The distance of a match of this length, less one.
    fn distance(&mut self, range: &mut RangeDecoder, len: usize) -> Result<u32> {
        let row = len.wrapping_sub(MIN_MATCH).min(3);
        let tree = self.tables.slots.get_mut(row).ok_or(BAD)?;
        let slot = range.tree(tree, 6)? as u32;
        if slot < 4 {
            return Ok(slot);
        }
        let bits = (slot >> 1).wrapping_sub(1);
        let base = (2 | slot & 1) << bits;
        let low = if slot < 14 {
            let start = base.wrapping_sub(slot) as usize;
            let tree = self.tables.distances.get_mut(start..).ok_or(BAD)?;
            range.reverse_tree(tree, bits)?
        } else {
            let high = range.direct(bits.wrapping_sub(4))? << 4;
            high | range.reverse_tree(&mut self.tables.align, 4)?
        };
        Ok(base.wrapping_add(low))
    }

    /// The byte `distance` before the one before.
    fn byte_before(&self, distance: u32) -> Result<u8> {
        let from = self.from(distance)?;
        self.output.get(from).copied().ok_or(BAD)
    }

    /// Where the byte is that is `distance` before the one before.
    fn from(&self, distance: u32) -> Result<usize> {
        let back = (distance as usize).saturating_add(1);
        if back > self.dictionary_size || back > self.at.saturating_sub(self.start) {
            return Err(BAD);
        }
        Ok(self.at.wrapping_sub(back))
    }

    /// Repeats `len` bytes at the last distance.
    fn copy(&mut self, len: usize) -> Result<()> {
        let from = self.from(self.last[0])?;
        let end = self.at.saturating_add(len);
        if end > self.output.len() {
            return Err(Error::NoSpace);
        }
        let back = self.at.wrapping_sub(from);
        if back >= len {
            self.output
                .copy_within(from..from.saturating_add(len), self.at);
        } else {
            for at in self.at..end {
                let byte = self.output.get(at.wrapping_sub(back)).copied();
                *self.output.get_mut(at).ok_or(TRUNCATED)? = byte.ok_or(BAD)?;
            }
        }
        self.at = end;
        Ok(())
    }
}
