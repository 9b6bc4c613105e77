// SPDX-License-Identifier: GPL-2.0-or-later
//! The index at the end: the sizes of all blocks, which must be what was found.

use super::{CRC32, Reader};
use common::{Error, Result};
use crc::{Digest, Table};

/// The sizes of blocks: how many there are, and a checksum of them, so that
/// they need no memory.
pub struct Records {
    count: u64,
    sum: Digest<'static, u32, Table<16>>,
}

impl Default for Records {
    fn default() -> Records {
        Records {
            count: 0,
            sum: CRC32.digest(),
        }
    }
}

impl Records {
    /// Adds a block.
    pub fn add(&mut self, unpadded: u64, size: u64) {
        self.count = self.count.saturating_add(1);
        self.sum.update(&unpadded.to_le_bytes());
        self.sum.update(&size.to_le_bytes());
    }
}

/// Reads the index, whose first byte at `start` has been read.
pub fn check(reader: &mut Reader, start: usize, found: &Records) -> Result<()> {
    reader.index_start = start;
    let count = reader.number()?;
    let mut said = Records::default();
    if count != found.count {
        return Err(DIFFERENT);
    }
    for _ in 0..count {
        let unpadded = reader.number()?;
        said.add(unpadded, reader.number()?);
    }
    if said.sum.finalize() != found.sum.clone().finalize() {
        return Err(DIFFERENT);
    }
    reader.padding(start)?;
    let sum = CRC32.checksum(reader.since(start));
    match reader.u32()? == sum {
        true => Ok(()),
        false => Err(Error::Corrupt("checksum of the xz index")),
    }
}

const DIFFERENT: Error = Error::Corrupt("xz index");
