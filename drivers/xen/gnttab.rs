// SPDX-License-Identifier: GPL-2.0-or-later
//! The grant table: which of our pages another domain may map.
//!
//! Grants are owned values: dropping one takes it back. A grant that the other
//! domain still has mapped cannot be taken back; neither its reference nor its
//! page is then ever used again.
//!
//! References are taken from the upper half of those that Xen allows. An operating
//! system counts from the lowest, and Xen would map our page in place of its own
//! for one that was kept.
//!
//! Source: `xen/include/public/grant_table.h`; XSA-396 for the way to revoke.

use crate::xen::hypervisor::Hypervisor;
use crate::xen::shared::{Pages, Shared};
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::{Error, Result};
use core::mem::{self, ManuallyDrop};
use core::ops::{Deref, Range};
use include::xen::grant_table::{
    ENTRIES_PER_FRAME, ENTRY_FRAME, ENTRY_SIZE, PERMIT_ACCESS, READING, READONLY, RESERVED_ENTRIES,
    WRITING,
};
use spin::Mutex;

/// What the other domain may do with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Data that goes to it.
    ReadOnly,
    /// Data that comes from it.
    ReadWrite,
}

/// The table. It grows by a frame when all references are in use.
pub struct GrantTable {
    hv: Arc<dyn Hypervisor>,
    state: Mutex<State>,
}

struct State {
    /// The table's first frame that we use.
    first: u32,
    frames: Vec<Shared>,
    free: Vec<u32>,
    /// Could not be taken back.
    leaked: Vec<u32>,
}

/// A page that a domain may map.
pub struct Grant {
    table: Arc<GrantTable>,
    /// `None` once it was taken back, or could not be.
    reference: Option<u32>,
}

impl GrantTable {
    /// The domain's table, with nothing granted but what could not be taken back
    /// before a hand-over that was given up.
    pub fn new(hv: Arc<dyn Hypervisor>) -> Arc<GrantTable> {
        let first = hv.max_grant_frames() / 2;
        let mut state = State {
            first,
            frames: Vec::new(),
            free: Vec::new(),
            leaked: Vec::new(),
        };
        for _ in first..hv.grant_frames() {
            // What cannot be looked at cannot be used either.
            _ = state.grow(hv.as_ref());
        }
        Arc::new(GrantTable {
            hv,
            state: Mutex::new(state),
        })
    }

    /// Lets `domain` map the page at guest frame `frame`.
    ///
    /// # Errors
    /// [`Error::NoMemory`] if Xen allows no more grants.
    pub fn grant(self: &Arc<Self>, domain: u16, frame: u64, access: Access) -> Result<Grant> {
        let frame = u32::try_from(frame).map_err(|_| Error::OutOfRange)?;
        let mut state = self.state.lock();
        if state.free.is_empty() {
            state.grow(self.hv.as_ref())?;
        }
        let reference = state.free.pop().ok_or(Error::NoMemory)?;
        let (memory, entry) = state.entry(reference).ok_or(Error::NoMemory)?;
        let rights = PERMIT_ACCESS
            | if access == Access::ReadOnly {
                READONLY
            } else {
                0
            };
        memory.store_u16(entry + size_of::<u16>(), domain);
        memory.store_u32(entry + ENTRY_FRAME, frame);
        // Xen looks at the rest once it sees the flags.
        memory.store_u16(entry, rights);
        Ok(Grant {
            table: self.clone(),
            reference: Some(reference),
        })
    }

    /// The number of grants in force.
    pub fn in_use(&self) -> u32 {
        let state = self.state.lock();
        let all = state.references(0).start..state.references(state.frames.len() as u32).start;
        (all.len() as u32).saturating_sub(state.free.len() as u32)
    }

    /// The number of grants that could not be taken back.
    pub fn leaked(&self) -> u32 {
        self.state.lock().leaked.len() as u32
    }

    /// The frames of memory that other domains may still have mapped.
    pub fn leaked_frames(&self) -> Vec<u64> {
        let state = self.state.lock();
        let entries = state
            .leaked
            .iter()
            .filter_map(|&leaked| state.entry(leaked));
        entries
            .map(|(memory, entry)| memory.load_u32(entry + ENTRY_FRAME).into())
            .collect()
    }

    /// Takes back the grants that could not be before, where the other domain has
    /// let go meanwhile: it must not be able to map what an operating system puts
    /// into these pages. The pages stay out of our own use.
    pub fn end_leaked(&self) {
        let leaked = mem::take(&mut self.state.lock().leaked);
        for reference in leaked {
            _ = self.revoke(reference);
        }
    }

    /// Takes a grant back; the reference is free again only if that worked.
    fn revoke(&self, reference: u32) -> Result<()> {
        let mut state = self.state.lock();
        let (memory, entry) = state
            .entry(reference)
            .ok_or(Error::Invalid("no such grant"))?;
        let mut flags = memory.load_u16(entry);
        loop {
            if flags & (READING | WRITING) != 0 {
                state.leaked.push(reference);
                return Err(Error::Busy);
            }
            match memory.compare_exchange_u16(entry, flags, 0) {
                Ok(_) => break,
                Err(now) => flags = now,
            }
        }
        state.free.push(reference);
        Ok(())
    }
}

impl State {
    fn grow(&mut self, hv: &dyn Hypervisor) -> Result<()> {
        let count = self.frames.len() as u32;
        let index = self.first + count;
        if index >= hv.max_grant_frames() {
            return Err(Error::NoMemory);
        }
        let frame = hv.map_grant_frame(index)?;
        // Popped from the end: low references first.
        for reference in self.references(count).rev() {
            let entry = (reference % ENTRIES_PER_FRAME) as usize * ENTRY_SIZE;
            match frame.load_u16(entry) {
                0 => self.free.push(reference),
                _ => self.leaked.push(reference),
            }
        }
        self.frames.push(frame);
        Ok(())
    }

    /// The references of one of our frames that may be used.
    fn references(&self, index: u32) -> Range<u32> {
        let start = (self.first + index) * ENTRIES_PER_FRAME;
        start.max(RESERVED_ENTRIES)..start + ENTRIES_PER_FRAME
    }

    /// The frame of the table that holds a reference, and the entry's offset there.
    fn entry(&self, reference: u32) -> Option<(Shared, usize)> {
        let index = (reference / ENTRIES_PER_FRAME).checked_sub(self.first)?;
        let frame = self.frames.get(index as usize)?;
        Some((
            frame.clone(),
            (reference % ENTRIES_PER_FRAME) as usize * ENTRY_SIZE,
        ))
    }
}

impl Grant {
    /// The grant reference, for the other domain.
    pub fn reference(&self) -> u32 {
        self.reference.unwrap_or(0)
    }

    /// Takes it back.
    ///
    /// # Errors
    /// [`Error::Busy`] if the other domain has it mapped: the page must then never be used again.
    pub fn end(mut self) -> Result<()> {
        self.revoke()
    }

    fn revoke(&mut self) -> Result<()> {
        self.reference
            .take()
            .map_or(Ok(()), |reference| self.table.revoke(reference))
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        _ = self.revoke();
    }
}

/// Pages of our own, granted for as long as they exist; leaked if the other domain keeps one.
pub struct GrantedPages {
    pages: ManuallyDrop<Pages>,
    /// One for each page; none once they were taken back, or could not be.
    grants: Vec<Grant>,
}

impl GrantedPages {
    /// `count` new pages of zeros for `domain`, one after the other.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn new(
        table: &Arc<GrantTable>,
        domain: u16,
        access: Access,
        count: usize,
    ) -> Result<GrantedPages> {
        let pages = Pages::new(count)?;
        let mut grants = Vec::new();
        grants
            .try_reserve_exact(pages.count())
            .map_err(|_| Error::NoMemory)?;
        for index in 0..pages.count() {
            match table.grant(domain, pages.frame(index), access) {
                Ok(grant) => grants.push(grant),
                Err(error) => {
                    // Who guesses a reference may have mapped its page: it is counted as leaked.
                    _ = take_back(grants, pages);
                    return Err(error);
                }
            }
        }
        Ok(GrantedPages {
            pages: ManuallyDrop::new(pages),
            grants,
        })
    }

    /// The grant references, in the order of the pages.
    pub fn references(&self) -> impl Iterator<Item = u32> {
        self.grants.iter().map(Grant::reference)
    }

    /// Takes the grants back and frees the pages.
    ///
    /// # Errors
    /// [`Error::Busy`] if the other domain keeps one: the pages are leaked.
    pub fn end(mut self) -> Result<()> {
        self.release()
    }

    #[allow(unsafe_code)]
    fn release(&mut self) -> Result<()> {
        let grants = mem::take(&mut self.grants);
        if grants.is_empty() {
            return Ok(());
        }
        // SAFETY: done once, when the grants, of which there is one at least, are taken.
        let pages = unsafe { ManuallyDrop::take(&mut self.pages) };
        take_back(grants, pages)
    }
}

/// Takes grants back, and frees their pages unless the other domain keeps one.
fn take_back(grants: Vec<Grant>, pages: Pages) -> Result<()> {
    let ends = grants.into_iter().map(Grant::end);
    let result = ends.fold(Ok(()), Result::and);
    match result {
        Ok(()) => drop(pages),
        Err(_) => mem::forget(pages),
    }
    result
}

impl Deref for GrantedPages {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.pages
    }
}

impl Drop for GrantedPages {
    fn drop(&mut self) {
        _ = self.release();
    }
}
