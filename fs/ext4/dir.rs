// SPDX-License-Identifier: GPL-2.0-or-later
//! Directories: names with inode numbers, in blocks.
//!
//! The hash tree of a large directory is made such that its inner nodes look
//! like blocks without names, so all directories are read from start to end.

use super::Ext4;
use super::file::File;
use super::inode::Inode;
use alloc::vec;
use common::{Error, Result, console};
use disk::le;

/// A directory larger than this is taken for damage.
const MAX_SIZE: u64 = 1 << 30;

/// Blocks between two looks for Ctrl-C.
const LOOK: usize = 256;

/// What is called with each name and its inode number; it says whether to go on.
pub type Each<'a> = &'a mut dyn FnMut(&[u8], u32) -> Result<bool>;

/// The inode number of a name.
///
/// # Errors
/// [`Error::NotFound`] if there is no such name.
pub fn lookup(fs: &Ext4, dir: &Inode, wanted: &[u8]) -> Result<u32> {
    let mut found = Err(Error::NotFound);
    entries(fs, dir, &mut |name, inode| {
        if name == wanted {
            found = Ok(inode);
        }
        Ok(found.is_err())
    })?;
    found
}

/// Calls `each` with all names, until it says no.
pub fn entries(fs: &Ext4, dir: &Inode, each: Each<'_>) -> Result<()> {
    if dir.is_inline() {
        return inline_entries(dir, each);
    }
    if dir.size > MAX_SIZE {
        return Err(Error::Corrupt("ext4: a directory is too large"));
    }
    let mut file = File::new(fs, dir)?;
    let mut block = vec![0; fs.superblock.block_size];
    for (count, offset) in (1usize..).zip((0..dir.size).step_by(block.len())) {
        // A damaged one may show the same blocks again and again.
        if count.is_multiple_of(LOOK) && console::ctrlc() {
            return Err(Error::Interrupted);
        }
        let len = file.read(offset, &mut block)?;
        if !block_entries(le::slice(&block, 0, len)?, each)? {
            break;
        }
    }
    Ok(())
}

/// The names of a directory inside of its inode: `.` and `..` are implied.
fn inline_entries(dir: &Inode, each: Each<'_>) -> Result<()> {
    let (first, second) = dir.inline_parts()?;
    let parent = le::u32(first, 0)?;
    let rest = first.get(4..).unwrap_or_default();
    let _ = each(b".", dir.number)?
        && each(b"..", parent)?
        && block_entries(rest, each)?
        && block_entries(second, each)?;
    Ok(())
}

/// Calls `each` with the names of a block; returns whether to go on with the next.
fn block_entries(block: &[u8], each: Each<'_>) -> Result<bool> {
    let mut at = 0usize;
    while at < block.len() {
        let inode = le::u32(block, at)?;
        let len = match le::u16(block, at.saturating_add(4))? {
            // Blocks of 64 KiB have entries whose length needs 17 bits.
            0 | 0xffff if block.len() == 65536 => block.len(),
            len => usize::from(len),
        };
        // No name has more than 255 bytes; the next byte is the type, or marks a checksum.
        let name_len = usize::from(le::u8(block, at.saturating_add(6))?);
        let end = at.saturating_add(len);
        if name_len.saturating_add(8) > len || end > block.len() {
            return Err(Error::Corrupt("ext4: an entry of a directory"));
        }
        let name = le::slice(block, at.saturating_add(8), name_len)?;
        if inode != 0 && !each(name, inode)? {
            return Ok(false);
        }
        at = end;
    }
    Ok(true)
}
