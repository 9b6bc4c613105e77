// SPDX-License-Identifier: GPL-2.0-or-later
//! What changes to a file system are made of, and the order on the disk.
//!
//! Data goes first, then the table, then the entry of the directory; what is
//! removed loses its entry first. Each step is durable before the next one, so
//! that a loss of power leaves clusters that are lost, but no entry that leads
//! to clusters of others. All room is found before the first write.

use super::Fat;
use super::chain::{Chain, Run};
use super::entry::{ENTRY, Entry};
use super::room::Room;
use super::table::{Link, Table};
use alloc::vec;
use alloc::vec::Vec;
use common::progress::in_steps;
use common::{Error, Result, console};
use disk::le;

/// An entry and where it goes.
pub type Slot = (u64, Entry);

/// A change that is being made.
pub struct Change<'a> {
    fat: &'a Fat,
    table: Table<'a>,
    taken: u32,
    freed: u32,
    /// The last cluster that was taken.
    last: Option<u32>,
}

impl<'a> Change<'a> {
    /// Begins a change.
    ///
    /// # Errors
    /// [`Error::ReadOnly`]
    pub fn new(fat: &'a Fat) -> Result<Change<'a>> {
        match fat.range.is_read_only() {
            true => Err(Error::ReadOnly),
            false => Ok(Change {
                fat,
                table: Table::new(fat),
                taken: 0,
                freed: 0,
                last: None,
            }),
        }
    }

    /// Looks for free clusters; nothing is written yet.
    ///
    /// # Errors
    /// [`Error::NoSpace`] if there are fewer.
    pub fn find_free(&mut self, count: u32) -> Result<Vec<Run>> {
        let mut runs: Vec<Run> = vec![];
        let mut left = count;
        let hint = Info::read(self.fat)?.map_or(2, |info| info.next);
        let end = self.fat.clusters_inside().saturating_add(2);
        let hint = if (2..end).contains(&hint) { hint } else { 2 };
        for cluster in (hint..end).chain(2..hint) {
            if left == 0 {
                break;
            }
            if self.table.get(cluster)? != Link::Free {
                continue;
            }
            left = left.saturating_sub(1);
            match runs.last_mut() {
                Some(run) if run.last().checked_add(1) == Some(cluster) => {
                    run.count = run.count.saturating_add(1);
                }
                _ => runs.push(Run {
                    first: cluster,
                    count: 1,
                }),
            }
        }
        match left {
            0 => Ok(runs),
            _ => Err(Error::NoSpace),
        }
    }

    /// Writes data to clusters that are free yet, and enough for it.
    ///
    /// # Errors
    /// [`Error::Interrupted`] at Ctrl-C, which costs nothing.
    pub fn fill(&self, runs: &[Run], data: &[u8]) -> Result<()> {
        let mut rest = data;
        for run in runs {
            let len = run.len(&self.fat.boot).min(rest.len() as u64);
            let (part, after) = rest.split_at_checked(len as usize).unwrap_or((rest, &[]));
            let offset = run.offset(&self.fat.boot);
            if console::ctrlc() {
                return Err(Error::Interrupted);
            }
            // Who writes cannot say how far it is, so this shows nothing.
            in_steps(len, true, |step| {
                let done = step.end.saturating_sub(step.start);
                let bytes = le::slice(part, step.start as usize, done as usize)?;
                self.fat
                    .write_at(offset.saturating_add(step.start), bytes)?;
                Ok(done)
            })?;
            rest = after;
        }
        Ok(())
    }

    /// Writes data to the first `keep` clusters of a file, which are enough for
    /// it; returns the last one of these, or 0.
    pub fn overwrite(&self, first: u32, keep: u32, offset: u64, data: &[u8]) -> Result<u32> {
        let boot = &self.fat.boot;
        let mut chain = Chain::new(self.fat, first);
        let (mut left, mut last, mut rest) = (keep, 0, data);
        // Where in the file the run begins, and where the rest of the data goes.
        let (mut start, mut at) = (0u64, offset);
        while left > 0 {
            let wanted = u64::from(left).saturating_mul(u64::from(boot.cluster_size));
            let mut run = chain.next_run(wanted)?.ok_or(Error::Corrupt(
                "FAT: a file has fewer clusters than its size",
            ))?;
            run.count = run.count.min(left);
            left = left.saturating_sub(run.count);
            last = run.last();
            let skip = at.saturating_sub(start);
            let room = run.len(boot).saturating_sub(skip);
            let len = room.min(rest.len() as u64) as usize;
            let (part, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
            if !part.is_empty() {
                self.fat
                    .write_at(run.offset(boot).saturating_add(skip), part)?;
            }
            at = at.saturating_add(len as u64);
            rest = after;
            start = start.saturating_add(run.len(boot));
        }
        Ok(last)
    }

    /// Makes clusters a chain, which goes on from `previous` if that is not 0.
    pub fn link(&mut self, previous: u32, runs: &[Run]) -> Result<()> {
        let Some(first) = runs.first() else {
            return Ok(());
        };
        let mut next = runs.iter().skip(1);
        for run in runs {
            for cluster in run.first..run.last() {
                self.table
                    .set(cluster, Link::Next(cluster.saturating_add(1)))?;
            }
            let after = next.next().map_or(Link::End, |run| Link::Next(run.first));
            self.table.set(run.last(), after)?;
            self.taken = self.taken.saturating_add(run.count);
            self.last = Some(run.last());
        }
        self.table.commit()?;
        if previous != 0 {
            self.table.set(previous, Link::Next(first.first))?;
            self.table.commit()?;
        }
        Ok(())
    }

    /// Ends a chain at a cluster; returns the one that followed it, or 0.
    pub fn cut(&mut self, last: u32) -> Result<u32> {
        let Link::Next(next) = self.table.get(last)? else {
            return Ok(0);
        };
        self.table.set(last, Link::End)?;
        self.table.commit()?;
        Ok(next)
    }

    /// Frees a chain, which was walked before.
    pub fn free(&mut self, first: u32) -> Result<()> {
        let mut next = first;
        while next != 0 {
            let Link::Next(after) = self.table.get(next)? else {
                self.table.set(next, Link::Free)?;
                self.freed = self.freed.saturating_add(1);
                break;
            };
            self.table.set(next, Link::Free)?;
            self.freed = self.freed.saturating_add(1);
            next = after;
        }
        self.table.commit()
    }

    /// Makes a directory larger, if it has to be, and returns all the slots of the room.
    pub fn grow(&mut self, room: &Room, clusters: &[Run]) -> Result<Vec<u64>> {
        let mut slots = room.slots.clone();
        for run in clusters {
            let zeros = vec![0; run.len(&self.fat.boot) as usize];
            let offset = run.offset(&self.fat.boot);
            self.fat.write_at(offset, &zeros)?;
            let end = offset.saturating_add(run.len(&self.fat.boot));
            slots.extend((offset..end).step_by(ENTRY));
        }
        if !clusters.is_empty() {
            self.fat.flush()?;
            self.link(room.last, clusters)?;
        }
        Ok(slots)
    }

    /// Writes entries that are new, the last one first, and then those that
    /// change or go. What is in the block that makes the new ones visible is
    /// written with them.
    pub fn write_entries(&self, new: &[Slot], others: &[Slot]) -> Result<()> {
        let mut groups = self.by_block(new.iter().rev());
        let mut others = self.by_block(others.iter());
        if let Some((block, slots)) = groups.last_mut()
            && let Some(index) = others.iter().position(|(other, _)| other == block)
        {
            slots.extend(others.remove(index).1);
        }
        for (block, slots) in groups.into_iter().chain(others) {
            self.write_slots(block, &slots)?;
            self.fat.flush()?;
        }
        Ok(())
    }

    /// Entries by the block of the disk they are in, in the order of the first of each.
    fn by_block<'s>(&self, slots: impl Iterator<Item = &'s Slot>) -> Vec<(u64, Vec<Slot>)> {
        let size = self.fat.range.block_size() as u64;
        let mut groups: Vec<(u64, Vec<Slot>)> = vec![];
        for slot in slots {
            let block = slot.0.checked_div(size).unwrap_or(0).saturating_mul(size);
            match groups.iter_mut().find(|(other, _)| *other == block) {
                Some((_, slots)) => slots.push(*slot),
                None => groups.push((block, vec![*slot])),
            }
        }
        groups
    }

    /// Writes one block with these entries in it.
    fn write_slots(&self, block: u64, slots: &[Slot]) -> Result<()> {
        let mut bytes = vec![0; self.fat.range.block_size()];
        self.fat.read_at(block, &mut bytes)?;
        for (offset, entry) in slots {
            let place = bytes.iter_mut().skip(offset.saturating_sub(block) as usize);
            place.zip(entry.bytes()).for_each(|(to, from)| *to = *from);
        }
        self.fat.write_at(block, &bytes)
    }

    /// Ends a change: the count of free clusters, and all is durable.
    pub fn finish(self) -> Result<()> {
        if let Some(info) = Info::read(self.fat)? {
            info.write(self.fat, self.taken, self.freed, self.last)?;
        }
        self.fat.flush()
    }
}

/// How many clusters are free, and where the next one may be: hints of a FAT32.
struct Info {
    offset: u64,
    free: u32,
    next: u32,
}

/// A count that is not known.
const UNKNOWN: u32 = u32::MAX;

impl Info {
    /// The hints, if there are any.
    fn read(fat: &Fat) -> Result<Option<Info>> {
        let Some(offset) = fat.boot.info else {
            return Ok(None);
        };
        let mut sector = [0; 512];
        fat.read_at(offset, &mut sector)?;
        let is_marked = le::u32(&sector, 0)? == 0x4161_5252
            && le::u32(&sector, 484)? == 0x6141_7272
            && le::u32(&sector, 508)? == 0xaa55_0000;
        Ok(is_marked.then_some(Info {
            offset,
            free: le::u32(&sector, 488)?,
            next: le::u32(&sector, 492)?,
        }))
    }

    fn write(&self, fat: &Fat, taken: u32, freed: u32, last: Option<u32>) -> Result<()> {
        let free = match self.free {
            UNKNOWN => UNKNOWN,
            free => free
                .checked_add(freed)
                .and_then(|free| free.checked_sub(taken))
                .filter(|&free| free <= fat.boot.clusters)
                .unwrap_or(UNKNOWN),
        };
        let next = last.unwrap_or(self.next);
        if (free, next) == (self.free, self.next) {
            return Ok(());
        }
        let [a, b, c, d] = free.to_le_bytes();
        let [e, f, g, h] = next.to_le_bytes();
        fat.write_at(self.offset.saturating_add(488), &[a, b, c, d, e, f, g, h])
    }
}
