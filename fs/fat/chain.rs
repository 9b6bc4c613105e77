// SPDX-License-Identifier: GPL-2.0-or-later
//! The file allocation table: which clusters make a file, in which order.

use super::Fat;
use common::{Error, Result};
use disk::le;

/// Bytes of the table that are looked at together.
const WINDOW: u64 = 512;

/// Clusters that follow each other on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where on the partition, in bytes.
    pub offset: u64,
    /// How many bytes.
    pub len: u64,
}

/// The clusters of a file or directory, one run at a time.
pub struct Chain<'a> {
    fat: &'a Fat,
    next: Option<u32>,
    /// Clusters that the chain may still have: more make it a loop.
    left: u32,
    window: [u8; WINDOW as usize],
    /// Where in the table the window is.
    position: Option<u64>,
}

impl<'a> Chain<'a> {
    /// The chain that starts at a cluster; an empty file has cluster 0.
    pub fn new(fat: &'a Fat, first: u32) -> Chain<'a> {
        let next = (first != 0).then_some(first);
        Chain {
            fat,
            next,
            left: fat.boot.clusters,
            window: [0; WINDOW as usize],
            position: None,
        }
    }

    /// The next clusters that follow each other, at most as many as `wanted` bytes need.
    pub fn next_run(&mut self, wanted: u64) -> Result<Option<Run>> {
        let Some(first) = self.next else {
            return Ok(None);
        };
        let boot = &self.fat.boot;
        if !(2..boot.clusters.saturating_add(2)).contains(&first) {
            return Err(Error::Corrupt(
                "FAT: a cluster number beyond the last cluster",
            ));
        }
        let size = u64::from(boot.cluster_size);
        let index = u64::from(first.saturating_sub(2));
        let offset = boot.data.saturating_add(index.saturating_mul(size));
        let mut count = 0u32;
        loop {
            let current = first.saturating_add(count);
            count = count.saturating_add(1);
            self.left = self
                .left
                .checked_sub(1)
                .ok_or(Error::Corrupt("FAT: a chain of clusters is a loop"))?;
            self.next = self.successor(current)?;
            let adjacent = self.next == Some(first.saturating_add(count));
            if !adjacent || size.saturating_mul(u64::from(count)) >= wanted {
                return Ok(Some(Run {
                    offset,
                    len: size.saturating_mul(u64::from(count)),
                }));
            }
        }
    }

    /// What the table says follows a cluster; `None` at the end of the chain.
    fn successor(&mut self, cluster: u32) -> Result<Option<u32>> {
        let index = u64::from(cluster);
        let (entry, end) = match self.fat.boot.bits {
            12 => {
                let pair = u32::from(
                    self.entry::<2>(index.saturating_add(index >> 1))
                        .map(u16::from_le_bytes)?,
                );
                (
                    if cluster.is_multiple_of(2) {
                        pair & 0xfff
                    } else {
                        pair >> 4
                    },
                    0xff8,
                )
            }
            16 => (
                u32::from(self.entry::<2>(index << 1).map(u16::from_le_bytes)?),
                0xfff8,
            ),
            _ => (
                self.entry::<4>(index << 2).map(u32::from_le_bytes)? & 0x0fff_ffff,
                0x0fff_fff8,
            ),
        };
        match entry {
            0 | 1 => Err(Error::Corrupt(
                "FAT: a chain of clusters leads to a free one",
            )),
            entry if entry >= end => Ok(None),
            entry if entry == end.saturating_sub(1) => Err(Error::Corrupt(
                "FAT: a chain of clusters leads to a bad one",
            )),
            entry => Ok(Some(entry)),
        }
    }

    /// `N` bytes of the table.
    fn entry<const N: usize>(&mut self, offset: u64) -> Result<[u8; N]> {
        let start = offset & !WINDOW.saturating_sub(1);
        let skip = offset.saturating_sub(start) as usize;
        let table = self.fat.boot.table;
        if skip.saturating_add(N) > WINDOW as usize {
            // A 12-bit entry across the end of the window.
            let mut bytes = [0; N];
            self.fat.read_at(table.saturating_add(offset), &mut bytes)?;
            return Ok(bytes);
        }
        if self.position != Some(start) {
            self.position = None;
            self.fat
                .read_at(table.saturating_add(start), &mut self.window)?;
            self.position = Some(start);
        }
        le::array(&self.window, skip)
    }
}
