// SPDX-License-Identifier: GPL-2.0-or-later
//! The parts of a file that lie in different places, gathered so that the
//! device gets many of them at a time.

use alloc::vec::Vec;
use common::{Error, Result};
use disk::RangePiece;

/// How many parts are gathered.
const MOST: usize = 2048;

/// Parts of a file that are still to be read.
pub struct Pieces<'a>(Vec<RangePiece<'a>>);

impl<'a> Pieces<'a> {
    /// None yet.
    pub fn new() -> Pieces<'a> {
        Pieces(Vec::new())
    }

    /// Adds bytes at an offset; calls `read` for what was gathered when there
    /// is much of it, or no memory for more.
    pub fn add(
        &mut self,
        offset: u64,
        bytes: &'a mut [u8],
        read: impl FnOnce(&mut [RangePiece]) -> Result<()>,
    ) -> Result<()> {
        if self.0.len() >= MOST || self.0.try_reserve(1).is_err() {
            if self.0.is_empty() {
                return Err(Error::NoMemory);
            }
            read(&mut self.0)?;
            // Its room stays.
            self.0.clear();
        }
        self.0.push(RangePiece { offset, bytes });
        Ok(())
    }

    /// Those that `read` was not called for.
    pub fn rest(&mut self) -> &mut [RangePiece<'a>] {
        &mut self.0
    }
}
