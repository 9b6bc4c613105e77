// SPDX-License-Identifier: GPL-2.0-or-later
//! Room in a directory for the entries of a new name.
//!
//! Entries appear at once, even if the power is lost, when they are in one
//! block of the disk, or beyond the end mark: then the block with the mark is
//! written last. So deleted entries across blocks are only used again by a
//! directory that cannot grow.

use super::Fat;
use super::boot::Root;
use super::chain::Chain;
use super::dir::{Dir, MAX_ENTRIES};
use super::entry::ENTRY;
use alloc::vec::Vec;
use common::{Error, Result};

/// Where new entries go.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Places that are there, in their order.
    pub slots: Vec<u64>,
    /// The place after them, if it has to become the end mark.
    pub end: Option<u64>,
    /// Clusters that the directory has to get for the others.
    pub clusters: u32,
    /// The last cluster that it has; 0 for one that cannot grow.
    pub last: u32,
}

/// What was found so far.
struct Search {
    wanted: usize,
    block: u64,
    /// Places that follow each other and are free.
    run: Vec<u64>,
    /// The first of such runs, if it lies across blocks.
    crossing: Option<Vec<u64>>,
    is_beyond_end: bool,
    end: Option<u64>,
    total: usize,
}

impl Room {
    /// Room for `wanted` entries.
    ///
    /// # Errors
    /// [`Error::NoSpace`] if the directory is full and cannot grow.
    pub fn find(fat: &Fat, dir: Dir, wanted: usize) -> Result<Room> {
        let mut search = Search {
            wanted,
            block: fat.range.block_size() as u64,
            run: Vec::new(),
            crossing: None,
            is_beyond_end: false,
            end: None,
            total: 0,
        };
        dir.slots(fat, &mut |offset, entry| {
            let free = entry.is_deleted();
            Ok(search.look(offset, entry.is_end(), free))
        })?;
        if search.run.len() == wanted {
            return Ok(Room {
                slots: search.run,
                end: search.end,
                ..Room::default()
            });
        }
        match dir.place() {
            Root::Fixed(..) => {
                let slots = search.crossing.ok_or(Error::NoSpace)?;
                Ok(Room {
                    slots,
                    ..Room::default()
                })
            }
            Root::Cluster(first) => search.grow(fat, first),
        }
    }
}

impl Search {
    /// Looks at a place; returns whether to go on.
    fn look(&mut self, offset: u64, is_end: bool, is_deleted: bool) -> bool {
        self.total = self.total.saturating_add(1);
        if !self.is_beyond_end && is_end {
            self.is_beyond_end = true;
            self.run.clear();
        }
        if self.is_beyond_end {
            if self.run.len() == self.wanted {
                self.end = (!is_end).then_some(offset);
                return false;
            }
            self.run.push(offset);
            return true;
        }
        if !is_deleted {
            self.run.clear();
            return true;
        }
        self.run.push(offset);
        if self.run.len() < self.wanted {
            return true;
        }
        if self.is_in_one_block() {
            return false;
        }
        self.crossing.get_or_insert_with(|| self.run.clone());
        self.run.remove(0);
        true
    }

    fn is_in_one_block(&self) -> bool {
        let block = |offset: &u64| offset.checked_div(self.block);
        self.run.first().and_then(block) == self.run.last().and_then(block)
    }

    /// The room at the end of a directory that grows.
    fn grow(mut self, fat: &Fat, first: u32) -> Result<Room> {
        if !self.is_beyond_end {
            self.run.clear();
        }
        let missing = self.wanted.saturating_sub(self.run.len());
        let per_cluster = (fat.boot.cluster_size as usize).div_euclid(ENTRY).max(1);
        let clusters = missing.div_ceil(per_cluster);
        if clusters
            .saturating_mul(per_cluster)
            .saturating_add(self.total)
            > MAX_ENTRIES
        {
            return Err(Error::NoSpace);
        }
        let mut chain = Chain::new(fat, first);
        let mut last = first;
        while let Some(run) = chain.next_run(u64::MAX)? {
            last = run.last();
        }
        Ok(Room {
            slots: self.run,
            end: None,
            clusters: clusters as u32,
            last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{format, vec};

    /// The run and the end that are found in 512-byte blocks: `x` is a file,
    /// `d` deleted, `0` the end mark, `g` garbage after that.
    fn found(slots: &str, wanted: usize) -> (Vec<u64>, Option<u64>, Option<u64>) {
        let mut search = Search {
            wanted,
            block: 512,
            run: Vec::new(),
            crossing: None,
            is_beyond_end: false,
            end: None,
            total: 0,
        };
        for (slot, kind) in (0..).step_by(ENTRY).zip(slots.chars()) {
            if !search.look(slot, kind == '0', kind == 'd') {
                break;
            }
        }
        let slots = |run: &Vec<u64>| run.iter().map(|at| at / 32).collect::<Vec<_>>();
        let crossing = search.crossing.as_ref().map(|run| slots(run)[0]);
        (slots(&search.run), search.end.map(|at| at / 32), crossing)
    }

    #[test]
    fn where_entries_go() {
        assert_eq!(found("xdxddx00", 2), (vec![3, 4], None, None));
        assert_eq!(found("xdxdx000", 2), (vec![5, 6], None, None));
        assert_eq!(found("xdd0gg", 3), (vec![3, 4, 5], None, None));
        assert_eq!(found("xdd0ggg", 3), (vec![3, 4, 5], Some(6), None));
        // Two that lie across blocks are passed by, if there is better.
        let full = "x".repeat(15);
        assert_eq!(found(&format!("{full}ddx00"), 2).0, [18, 19]);
        assert_eq!(found(&format!("{full}ddd00"), 2).0, [16, 17]);
        assert_eq!(found(&format!("{full}ddx"), 2), (vec![], None, Some(15)));
        assert_eq!(found(&format!("{full}x0"), 2), (vec![16], None, None));
    }
}
