// SPDX-License-Identifier: GPL-2.0-or-later
//! The pages that the data of disks passes through: granted once, used again and again.
//!
//! A back-end may keep them mapped, which saves it and Xen the mapping and the
//! flush of translations that each request costs otherwise. All disks of a
//! back-end's domain share them. They only ever hold data of these disks, so
//! that a back-end that looks at them, or changes them at any time, gains nothing.

use crate::xen::gnttab::{Access, GrantTable, GrantedPages};
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::{Error, Result};

/// Pages that data is transferred by at a time; small requests have some to spare.
const CHUNK_PAGES: usize = 16;
/// Pages of data that may be in flight: Linux's back-end keeps 1056 mapped for a
/// disk, and is several times slower with more.
const DATA_PAGES: usize = 1024;
/// Pages that hold the segments of indirect requests.
const SEGMENT_PAGES: usize = 16;

/// What the disks of one domain share.
pub struct Pools {
    /// For data.
    pub data: Pool,
    /// For the segments of indirect requests.
    pub segments: Pool,
}

impl Pools {
    /// Pools for `domain`.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn new(grants: &Arc<GrantTable>, domain: u16) -> Result<Pools> {
        Ok(Pools {
            data: Pool::new(grants, domain, CHUNK_PAGES, DATA_PAGES / CHUNK_PAGES)?,
            segments: Pool::new(grants, domain, 1, SEGMENT_PAGES)?,
        })
    }

    /// Takes all pages back from the back-end.
    ///
    /// # Errors
    /// [`Error::Busy`] if it keeps one.
    pub fn close(self) -> Result<()> {
        self.data.close().and(self.segments.close())
    }
}

/// Granted pages, in chunks of the same size.
pub struct Pool {
    grants: Arc<GrantTable>,
    domain: u16,
    chunk: usize,
    free: Vec<GrantedPages>,
    /// Chunks that exist, free or in use.
    made: usize,
    /// The most that may.
    most: usize,
}

impl Pool {
    /// A pool for `domain`: at most `most` chunks of `chunk` pages, of which one is made at once.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    fn new(grants: &Arc<GrantTable>, domain: u16, chunk: usize, most: usize) -> Result<Pool> {
        let mut pool = Pool {
            grants: grants.clone(),
            domain,
            chunk,
            free: Vec::new(),
            made: 0,
            most,
        };
        let first = pool.make()?;
        pool.give_back([first]);
        Ok(pool)
    }

    /// Takes chunks of `pages` pages together, or as many as there are; makes new ones if it has to.
    ///
    /// # Errors
    /// [`Error::NoMemory`] if there is none.
    pub fn take(&mut self, pages: usize) -> Result<Vec<GrantedPages>> {
        let count = pages.div_ceil(self.chunk);
        let mut taken = Vec::new();
        taken
            .try_reserve_exact(count)
            .map_err(|_| Error::NoMemory)?;
        while taken.len() < count {
            match self.free.pop().map_or_else(|| self.make(), Ok) {
                Ok(chunk) => taken.push(chunk),
                Err(error) if taken.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(taken)
    }

    /// Pages in so many chunks.
    pub fn pages(&self, chunks: &[GrantedPages]) -> usize {
        chunks.len() * self.chunk
    }

    /// Gives chunks back to the pool.
    pub fn give_back(&mut self, chunks: impl IntoIterator<Item = GrantedPages>) {
        // There was room for each when it was made.
        self.free.extend(chunks);
    }

    /// Does without chunks that do not come back before their disk is closed.
    pub fn forget(&mut self, count: usize) {
        self.made = self.made.saturating_sub(count);
    }

    fn close(self) -> Result<()> {
        let ends = self.free.into_iter().map(GrantedPages::end);
        ends.fold(Ok(()), Result::and)
    }

    fn make(&mut self) -> Result<GrantedPages> {
        if self.made >= self.most {
            return Err(Error::NoMemory);
        }
        let all = self.made + 1;
        self.free
            .try_reserve(all - self.free.len())
            .map_err(|_| Error::NoMemory)?;
        // A back-end that keeps its mappings maps for both directions.
        let chunk = GrantedPages::new(&self.grants, self.domain, Access::ReadWrite, self.chunk)?;
        self.made = all;
        Ok(chunk)
    }
}
