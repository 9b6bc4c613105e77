// SPDX-License-Identifier: GPL-2.0-or-later
//! Chains: which clusters make a file, in which order.

use super::Fat;
use super::boot::Boot;
use super::table::{Link, Table};
use common::{Error, Result};

/// Clusters that follow each other on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The number of the first one.
    pub first: u32,
    /// How many.
    pub count: u32,
}

impl Run {
    /// Where on the partition they are, in bytes.
    pub fn offset(self, boot: &Boot) -> u64 {
        boot.offset(self.first)
    }

    /// How many bytes they have.
    pub fn len(self, boot: &Boot) -> u64 {
        u64::from(boot.cluster_size).saturating_mul(u64::from(self.count))
    }

    /// The number of the last one.
    pub fn last(self) -> u32 {
        self.first.saturating_add(self.count.saturating_sub(1))
    }
}

/// The clusters of a file or directory, one run at a time.
pub struct Chain<'a> {
    table: Table<'a>,
    boot: &'a Boot,
    next: Option<u32>,
    /// Clusters that the chain may still have: more make it a loop.
    left: u32,
}

impl<'a> Chain<'a> {
    /// The chain that starts at a cluster; an empty file has cluster 0.
    pub fn new(fat: &'a Fat, first: u32) -> Chain<'a> {
        Chain {
            table: Table::new(fat),
            boot: &fat.boot,
            next: (first != 0).then_some(first),
            left: fat.boot.clusters,
        }
    }

    /// The next clusters that follow each other, at most as many as `wanted` bytes need.
    pub fn next_run(&mut self, wanted: u64) -> Result<Option<Run>> {
        let Some(first) = self.next else {
            return Ok(None);
        };
        let mut run = Run { first, count: 0 };
        loop {
            run.count = run.count.saturating_add(1);
            self.left = self
                .left
                .checked_sub(1)
                .ok_or(Error::Corrupt("FAT: a chain of clusters is a loop"))?;
            self.next = self.successor(run.last())?;
            let adjacent = self.next == run.last().checked_add(1);
            if !adjacent || run.len(self.boot) >= wanted {
                return Ok(Some(run));
            }
        }
    }

    /// What the table says follows a cluster; `None` at the end of the chain.
    fn successor(&mut self, cluster: u32) -> Result<Option<u32>> {
        match self.table.get(cluster)? {
            Link::Next(next) => Ok(Some(next)),
            Link::End => Ok(None),
            Link::Free => Err(Error::Corrupt(
                "FAT: a chain of clusters leads to a free one",
            )),
            Link::Bad => Err(Error::Corrupt(
                "FAT: a chain of clusters leads to a bad one",
            )),
        }
    }
}
