// SPDX-License-Identifier: GPL-2.0-or-later
//! The file allocation table: one entry for each cluster.
//!
//! Changes are collected, and written to all copies of the table together; in
//! between, order does not matter. What must be on the disk before something
//! else is [`commit`](Table::commit)ted before that.

use super::Fat;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result};
use disk::le;

/// Bytes of the table that are looked at together: no entry of 12, 16 or 32
/// bits lies across the end of such a piece.
const WINDOW: u64 = 3072;
/// Pieces that are changed before they are written.
const MAX_CHANGED: usize = 64;

/// What the table says of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is free.
    Free,
    /// This one follows.
    Next(u32),
    /// It cannot be used.
    Bad,
    /// It is the last one of a chain.
    End,
}

/// The table of a file system.
pub struct Table<'a> {
    fat: &'a Fat,
    window: Vec<u8>,
    /// Where in the table the window is.
    position: Option<u64>,
    /// What is not written yet, by its place in the table.
    changed: BTreeMap<u64, Vec<u8>>,
}

/// Where in the table an entry is.
struct Place {
    window: u64,
    offset: usize,
    /// Bits below the entry in its first byte.
    shift: u32,
    bytes: usize,
}

impl<'a> Table<'a> {
    pub fn new(fat: &'a Fat) -> Table<'a> {
        Table {
            fat,
            window: Vec::new(),
            position: None,
            changed: BTreeMap::new(),
        }
    }

    /// The entry of a cluster.
    pub fn get(&mut self, cluster: u32) -> Result<Link> {
        let place = self.place(cluster)?;
        let entry = place.read(self.window(place.window)?)?;
        let value = entry.unbounded_shr(place.shift) & self.mask();
        let end = self.mask() & !7;
        Ok(match value {
            0 => Link::Free,
            // Not a cluster, nor a mark.
            1 => Link::Bad,
            value if value >= end => Link::End,
            value if value == end.saturating_sub(1) => Link::Bad,
            value => Link::Next(value),
        })
    }

    /// Changes the entry of a cluster; the bits around it stay as they are.
    pub fn set(&mut self, cluster: u32, link: Link) -> Result<()> {
        let place = self.place(cluster)?;
        let value = match link {
            Link::Free => 0,
            Link::Next(next) => next,
            Link::Bad => return Err(Error::Invalid("a bad cluster is not made")),
            Link::End => self.mask(),
        };
        let mask = self.mask().unbounded_shl(place.shift);
        if !self.changed.contains_key(&place.window) {
            let bytes = self.window(place.window)?.to_vec();
            self.position = None;
            self.changed.insert(place.window, bytes);
        }
        let window = self.changed.get_mut(&place.window);
        let window = window.map(Vec::as_mut_slice).unwrap_or_default();
        let new = (place.read(window)? & !mask) | (value.unbounded_shl(place.shift) & mask);
        let entry = window.iter_mut().skip(place.offset).take(place.bytes);
        entry
            .zip(new.to_le_bytes())
            .for_each(|(to, from)| *to = from);
        match self.changed.len() > MAX_CHANGED {
            true => self.write(),
            false => Ok(()),
        }
    }

    /// Writes all changes and makes them durable.
    pub fn commit(&mut self) -> Result<()> {
        self.write()?;
        self.fat.flush()
    }

    /// The mask of an entry.
    fn mask(&self) -> u32 {
        match self.fat.boot.bits {
            12 => 0xfff,
            16 => 0xffff,
            // The upper four bits are reserved.
            _ => 0x0fff_ffff,
        }
    }

    fn place(&self, cluster: u32) -> Result<Place> {
        if !self.fat.boot.has_cluster(cluster) {
            return Err(Error::Corrupt(
                "FAT: a cluster number beyond the last cluster",
            ));
        }
        let bits = u64::from(self.fat.boot.bits);
        let at = u64::from(cluster).saturating_mul(bits);
        let byte = at >> 3;
        Ok(Place {
            window: byte.saturating_sub(byte.rem_euclid(WINDOW)),
            offset: byte.rem_euclid(WINDOW) as usize,
            shift: (at & 7) as u32,
            bytes: if bits == 32 { 4 } else { 2 },
        })
    }

    /// A piece of the table as it will be.
    fn window(&mut self, start: u64) -> Result<&[u8]> {
        if let Some(changed) = self.changed.get(&start) {
            return Ok(changed);
        }
        if self.position != Some(start) {
            self.position = None;
            let len = self.fat.boot.table_len.saturating_sub(start).min(WINDOW);
            self.window.resize(len as usize, 0);
            let offset = self.fat.boot.table.saturating_add(start);
            self.fat.read_at(offset, &mut self.window)?;
            self.position = Some(start);
        }
        Ok(&self.window)
    }

    /// Writes the changes: to the table that counts, then to its copies.
    fn write(&mut self) -> Result<()> {
        let boot = &self.fat.boot;
        for copy in 0..=u64::from(boot.mirrors) {
            let table = boot
                .table
                .saturating_add(copy.saturating_mul(boot.table_len));
            for (start, bytes) in &runs(&self.changed) {
                self.fat.write_at(table.saturating_add(*start), bytes)?;
            }
        }
        self.changed.clear();
        Ok(())
    }
}

impl Place {
    /// The number that the bytes of the entry are.
    fn read(&self, window: &[u8]) -> Result<u32> {
        match self.bytes {
            4 => le::u32(window, self.offset),
            _ => le::u16(window, self.offset).map(u32::from),
        }
    }
}

/// Pieces, those that follow each other as one.
fn runs(pieces: &BTreeMap<u64, Vec<u8>>) -> Vec<(u64, Vec<u8>)> {
    let mut runs: Vec<(u64, Vec<u8>)> = vec![];
    for (&start, bytes) in pieces {
        match runs.last_mut() {
            Some((first, run)) if first.saturating_add(run.len() as u64) == start => {
                run.extend_from_slice(bytes);
            }
            _ => runs.push((start, bytes.clone())),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_touch_are_written_together() {
        let piece = |start: u64, len: usize| (start, vec![start as u8; len]);
        let pieces = BTreeMap::from([piece(0, 4), piece(4, 4), piece(12, 2)]);
        let expected = vec![(0, vec![0, 0, 0, 0, 4, 4, 4, 4]), (12, vec![12, 12])];
        assert_eq!(runs(&pieces), expected);
    }

    #[test]
    fn no_entry_lies_across_two_pieces() {
        for bits in [12u64, 16, 32] {
            for cluster in 0..100_000 {
                let at = cluster * bits;
                let last = at + bits - 1;
                assert_eq!(at / 8 / WINDOW, last / 8 / WINDOW, "{bits} {cluster}");
            }
        }
    }
}
