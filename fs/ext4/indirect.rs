// SPDX-License-Identifier: GPL-2.0-or-later
//! Block maps of ext2 and ext3: twelve block numbers, then blocks of numbers,
//! blocks of blocks of numbers, and one level more.

use super::Ext4;
use super::file::Run;
use super::inode::Inode;
use common::{Error, Result};
use disk::le;

/// Blocks that the inode itself names.
const DIRECT: u64 = 12;
/// Bytes of a block number.
const NUMBER: usize = 4;

/// The run of blocks that a file block is in, from that block on.
pub fn run(fs: &Ext4, inode: &Inode, block: u64) -> Result<Run> {
    let map = inode.map()?;
    let Some(mut index) = block.checked_sub(DIRECT) else {
        return same_run(map, block, DIRECT);
    };
    let per_block = (fs.superblock.block_size / NUMBER) as u64;
    // How many file blocks the tree of this level has.
    let mut span = per_block;
    for level in 0..3usize {
        if index < span {
            let slot = level.saturating_add(DIRECT as usize).saturating_mul(NUMBER);
            return tree_run(fs, le::u32(map, slot)?, span, per_block, index);
        }
        index = index.saturating_sub(span);
        span = span.saturating_mul(per_block);
    }
    Err(Error::Corrupt("ext4: a file is larger than its block map"))
}

/// The run at an index of a tree of `span` blocks.
fn tree_run(fs: &Ext4, root: u32, mut span: u64, per_block: u64, mut index: u64) -> Result<Run> {
    let mut node = root;
    loop {
        if node == 0 {
            return Ok(Run {
                block: None,
                len: span.saturating_sub(index),
            });
        }
        let numbers = fs.read_block(u64::from(node))?;
        span = span.checked_div(per_block).unwrap_or(1);
        if span <= 1 {
            return same_run(&numbers, index, per_block);
        }
        let slot = index.checked_div(span).unwrap_or(0) as usize;
        node = le::u32(&numbers, slot.saturating_mul(NUMBER))?;
        index = index.checked_rem(span).unwrap_or(0);
    }
}

/// How far the numbers from `index` on follow each other, or are all zero.
fn same_run(numbers: &[u8], index: u64, count: u64) -> Result<Run> {
    let number = |i: u64| le::u32(numbers, (i as usize).saturating_mul(NUMBER)).map(u64::from);
    let first = number(index)?;
    let mut len = 1;
    while index.saturating_add(len) < count {
        let expected = if first == 0 {
            0
        } else {
            first.saturating_add(len)
        };
        if number(index.saturating_add(len))? != expected {
            break;
        }
        len = len.saturating_add(1);
    }
    Ok(Run {
        block: (first != 0).then_some(first),
        len,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_sequence_are_one_run() {
        let numbers: std::vec::Vec<u8> = [5u32, 6, 7, 0, 0, 9]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect();
        let run = |index| same_run(&numbers, index, 6).unwrap();
        assert_eq!(
            run(0),
            Run {
                block: Some(5),
                len: 3
            }
        );
        assert_eq!(
            run(2),
            Run {
                block: Some(7),
                len: 1
            }
        );
        assert_eq!(
            run(3),
            Run {
                block: None,
                len: 2
            }
        );
        assert_eq!(
            run(5),
            Run {
                block: Some(9),
                len: 1
            }
        );
        assert!(same_run(&numbers, 6, 12).is_err());
    }
}
