// SPDX-License-Identifier: GPL-2.0-or-later
//! Overwriting a file in its place, which is all that can be written.
//!
//! No block is taken or given back and the inode stays as it is, so that
//! neither the journal nor a checksum has a part in it. It is enough for a
//! file that always has the same size, such as a stored environment. A file
//! system that was not unmounted is no obstacle, as long as its journal will not
//! overwrite the same blocks when it is replayed.

use super::Ext4;
use super::file::File;
use super::inode::Inode;
use crate::FileType;
use alloc::vec::Vec;
use common::{Error, Result};

/// Writes the last bytes of a file, from `offset` on.
pub fn overwrite(fs: &Ext4, inode: &Inode, offset: u64, data: &[u8]) -> Result<()> {
    check(fs, inode)?;
    let end = offset.checked_add(data.len() as u64);
    if end != Some(inode.size) {
        return Err(Error::Unsupported(
            "ext4: a write that would change the size of the file",
        ));
    }
    // All is known to have a place before the first byte is written.
    let places = places(fs, inode, offset, data)?;
    let leaves = |(place, part): &(u64, &[u8])| fs.replay.leaves(fs, *place, part.len());
    if !places.iter().all(leaves) {
        return Err(Error::Unsupported(
            "ext4: writing what the journal would overwrite, as it was not unmounted",
        ));
    }
    for (place, part) in places {
        fs.range.write_at(place, part)?;
    }
    fs.range.flush()
}

fn check(fs: &Ext4, inode: &Inode) -> Result<()> {
    if fs.range.is_read_only() {
        return Err(Error::ReadOnly);
    }
    fs.superblock.check_writable()?;
    match inode.kind() {
        FileType::Regular => {}
        FileType::Directory => return Err(Error::IsADirectory),
        _ => return Err(Error::Unsupported("ext4: writing what is not a file")),
    }
    if inode.is_inline() {
        return Err(Error::Unsupported(
            "ext4: writing a file that is inside of its inode",
        ));
    }
    match inode.is_protected() {
        true => Err(Error::Permission),
        false => Ok(()),
    }
}

/// The parts of the data, and where on the partition each of them goes.
fn places<'d>(
    fs: &Ext4,
    inode: &Inode,
    offset: u64,
    data: &'d [u8],
) -> Result<Vec<(u64, &'d [u8])>> {
    let mut file = File::new(fs, inode)?;
    let mut places = Vec::new();
    let (mut at, mut rest) = (offset, data);
    while !rest.is_empty() {
        let (place, run) = file.run_at(at, rest.len() as u64)?;
        let place = place.ok_or(Error::Unsupported(
            "ext4: writing to a part of a file that has no blocks yet",
        ))?;
        let len = run.min(rest.len() as u64);
        let (part, after) = rest.split_at_checked(len as usize).unwrap_or((rest, &[]));
        let last = fs
            .range
            .len()
            .min(fs.superblock.offset(fs.superblock.blocks));
        // The superblock is before all of them.
        if place < 2048 || place.saturating_add(len) > last {
            return Err(Error::Corrupt(
                "ext4: a block of a file that cannot be its own",
            ));
        }
        places.push((place, part));
        at = at.saturating_add(len);
        rest = after;
    }
    Ok(places)
}
