// SPDX-License-Identifier: GPL-2.0-or-later
//! Extent trees: the blocks of a file as runs, in a sorted tree.

use super::Ext4;
use super::checksum::crc32c;
use super::file::Run;
use super::inode::Inode;
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result};
use disk::{RangePiece, le};

const MAGIC: u16 = 0xf30a;
/// Levels below the inode that the format allows.
const MAX_DEPTH: u16 = 5;
/// Bytes of a header and of each entry.
const ENTRY: usize = 12;
/// Lengths above this mark a run that is reserved but not yet written.
const MAX_WRITTEN: u16 = 32768;
/// Leaves that are read ahead at most.
const AHEAD: usize = 64;

/// A node of the tree without further levels.
pub struct Leaf {
    extents: Vec<Extent>,
    /// The file blocks that this leaf decides about.
    start: u64,
    end: u64,
}

struct Extent {
    start: u64,
    len: u64,
    /// The first block on the disk; `None` if it reads as zeros.
    block: Option<u64>,
}

impl Leaf {
    /// Whether this leaf decides about a file block.
    pub fn covers(&self, block: u64) -> bool {
        (self.start..self.end).contains(&block)
    }

    /// The run of blocks that a file block is in, from that block on.
    pub fn run(&self, block: u64) -> Run {
        let next = self.extents.partition_point(|extent| extent.start <= block);
        let until = self
            .extents
            .get(next)
            .map_or(self.end, |extent| extent.start);
        let extent = next.checked_sub(1).and_then(|i| self.extents.get(i));
        if let Some(extent) = extent {
            let skip = block.saturating_sub(extent.start);
            if skip < extent.len {
                let start = extent.block.map(|first| first.saturating_add(skip));
                return Run {
                    block: start,
                    len: extent
                        .len
                        .saturating_sub(skip)
                        .min(until.saturating_sub(block))
                        .max(1),
                };
            }
        }
        Run {
            block: None,
            len: until.saturating_sub(block).max(1),
        }
    }
}

/// Nodes that were read together with one that was needed: the device takes
/// about as long for many as for one.
#[derive(Default)]
pub struct Ahead(Vec<(u64, Vec<u8>)>);

impl Ahead {
    /// Reads the nodes at these blocks, if that can be done.
    fn fetch(&mut self, fs: &Ext4, blocks: &[u64]) {
        let node = |&block| (block, vec![0; fs.superblock.block_size]);
        self.0 = blocks.iter().map(node).collect();
        let pieces = self.0.iter_mut().map(|(block, node)| RangePiece {
            offset: fs.superblock.offset(*block),
            bytes: node,
        });
        if fs.read_pieces(&mut pieces.collect::<Vec<_>>()).is_err() {
            // One that is bad must not make the others unreadable.
            self.0.clear();
        }
    }

    fn has(&self, block: u64) -> bool {
        self.0.iter().any(|(number, _)| *number == block)
    }

    fn take(&mut self, block: u64) -> Option<Vec<u8>> {
        let index = self.0.iter().position(|(number, _)| *number == block)?;
        Some(self.0.swap_remove(index).1)
    }
}

/// The leaf that decides about a file block; later ones, of blocks before
/// `until`, are read ahead.
pub fn leaf(fs: &Ext4, inode: &Inode, block: u64, until: u64, ahead: &mut Ahead) -> Result<Leaf> {
    let mut node = inode.map()?.to_vec();
    let mut depth = depth(&node)?;
    if depth > MAX_DEPTH {
        return Err(Error::Corrupt("ext4: an extent tree is too deep"));
    }
    // Numbers of file blocks have 32 bits.
    let (mut start, mut end) = (0, 1u64 << 32);
    while depth > 0 {
        let mut child = None;
        let mut next = Vec::new();
        for entry in entries(&node)?.chunks_exact(ENTRY) {
            let first = u64::from(le::u32(entry, 0)?);
            let place = (u64::from(le::u16(entry, 8)?) << 32) | u64::from(le::u32(entry, 4)?);
            if first <= block {
                start = first.max(start);
                child = Some(place);
                continue;
            }
            if next.is_empty() {
                end = end.min(first);
            }
            next.push(place);
            if depth > 1 || first >= until || next.len() >= AHEAD {
                break;
            }
        }
        let Some(child) = child else {
            return Ok(Leaf {
                extents: Vec::new(),
                start,
                end,
            });
        };
        if depth == 1 && next.len() > 1 && !ahead.has(child) {
            next.push(child);
            ahead.fetch(fs, &next);
        }
        node = ahead.take(child).map_or_else(|| fs.read_block(child), Ok)?;
        check_node(inode, &node)?;
        depth = depth.saturating_sub(1);
        if self::depth(&node)? != depth {
            return Err(Error::Corrupt("ext4: levels of an extent tree"));
        }
    }
    let extents = entries(&node)?
        .chunks_exact(ENTRY)
        .map(extent)
        .collect::<Result<Vec<_>>>()?;
    if !extents.is_sorted_by(|a, b| a.start.saturating_add(a.len) <= b.start) {
        return Err(Error::Corrupt("ext4: order of the extents of a file"));
    }
    Ok(Leaf {
        extents,
        start,
        end,
    })
}

fn check_node(inode: &Inode, node: &[u8]) -> Result<()> {
    if let Some(seed) = inode.checksum_seed {
        let len = usize::from(le::u16(node, 4)?)
            .saturating_mul(ENTRY)
            .saturating_add(ENTRY);
        if crc32c(seed, le::slice(node, 0, len)?) != le::u32(node, len)? {
            return Err(Error::Corrupt("ext4: checksum of an extent block"));
        }
    }
    Ok(())
}

fn depth(node: &[u8]) -> Result<u16> {
    if le::u16(node, 0)? != MAGIC {
        return Err(Error::Corrupt("ext4: an extent tree without its mark"));
    }
    le::u16(node, 6)
}

fn entries(node: &[u8]) -> Result<&[u8]> {
    le::slice(
        node,
        ENTRY,
        usize::from(le::u16(node, 2)?).saturating_mul(ENTRY),
    )
}

fn extent(entry: &[u8]) -> Result<Extent> {
    let len = le::u16(entry, 4)?;
    let block = (u64::from(le::u16(entry, 6)?) << 32) | u64::from(le::u32(entry, 8)?);
    let is_written = len <= MAX_WRITTEN;
    Ok(Extent {
        start: u64::from(le::u32(entry, 0)?),
        len: u64::from(if is_written {
            len
        } else {
            len.saturating_sub(MAX_WRITTEN)
        }),
        block: is_written.then_some(block),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_holes_and_reserved_blocks() {
        let extent = |start, len, block| Extent { start, len, block };
        let extents = std::vec![
            extent(2, 3, Some(100)),
            extent(5, 2, Some(200)),
            extent(10, 4, None)
        ];
        let leaf = Leaf {
            extents,
            start: 0,
            end: 20,
        };
        let run = |block, len| Run { block, len };
        assert_eq!(leaf.run(0), run(None, 2));
        assert_eq!(leaf.run(2), run(Some(100), 3));
        assert_eq!(leaf.run(4), run(Some(102), 1));
        assert_eq!(leaf.run(6), run(Some(201), 1));
        assert_eq!(leaf.run(7), run(None, 3));
        assert_eq!(leaf.run(11), run(None, 3));
        assert_eq!(leaf.run(15), run(None, 5));
        assert!(leaf.covers(19) && !leaf.covers(20));
    }
}
