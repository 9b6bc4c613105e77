// SPDX-License-Identifier: GPL-2.0-or-later
//! The requests of a disk: many in flight, each remembered in private memory.
//!
//! Whole pages of the caller's buffer are granted as they are, if the loader
//! does not live there; the rest goes through pages made for it. What the
//! back-end answers is checked against what was asked; a back-end that breaks
//! the rules, or does not answer, is never spoken to again.

use crate::xen::blkreq::{Backing, Request, Response, Segment};
use crate::xen::events::EventChannel;
use crate::xen::gnttab::{Access, GrantTable, GrantedPage};
use crate::xen::hypervisor::Hypervisor;
use crate::xen::ring::FrontRing;
use crate::xen::shared::{Lent, frame_of};
use alloc::sync::Arc;
use arch::time::Deadline;
use common::{Error, Result};
use heapless::Vec;
use include::xen::PAGE_SIZE;
use include::xen::io::blkif::{
    OP_READ, RING_SLOTS, RSP_EOPNOTSUPP, RSP_ERROR, RSP_OKAY, SECTOR, SLOT_SIZE, response,
};

/// A back-end that does not answer a single request for so long is given up.
const TIMEOUT_MS: u64 = 8000;
/// How long requests may go on after Ctrl-C.
const DRAIN_MS: u64 = 2000;
/// Bytes of a sector, as a length in memory.
const SECTOR_LEN: usize = SECTOR as usize;

/// The queue of one disk.
pub struct Queue {
    hv: Arc<dyn Hypervisor>,
    grants: Arc<GrantTable>,
    page: Option<GrantedPage>,
    event: EventChannel,
    ring: FrontRing,
    slots: [Option<Request>; RING_SLOTS as usize],
    domain: u16,
    handle: u16,
    /// Every segment is a multiple of this many bytes.
    block_size: usize,
    dead: Option<Error>,
}

/// How far a transfer is.
struct Progress {
    /// Bytes asked for so far.
    submitted: usize,
    /// Why no more is asked for.
    error: Option<Error>,
    interrupted: bool,
}

impl Queue {
    /// A new ring, granted to `domain`.
    ///
    /// # Errors
    /// [`Error::NoMemory`] or what Xen says.
    pub fn new(
        hv: &Arc<dyn Hypervisor>,
        grants: &Arc<GrantTable>,
        domain: u16,
        handle: u16,
    ) -> Result<Queue> {
        let page = GrantedPage::new(grants, domain, Access::ReadWrite)?;
        let event = EventChannel::alloc(hv, domain)?;
        Ok(Queue {
            hv: hv.clone(),
            grants: grants.clone(),
            ring: FrontRing::new((*page).clone(), SLOT_SIZE, RING_SLOTS),
            page: Some(page),
            event,
            slots: [const { None }; RING_SLOTS as usize],
            domain,
            handle,
            block_size: SECTOR_LEN,
            dead: None,
        })
    }

    /// The grant reference of the ring.
    pub fn ring_reference(&self) -> u32 {
        self.page.as_ref().map_or(0, GrantedPage::reference)
    }

    /// The event port.
    pub fn port(&self) -> u32 {
        self.event.port()
    }

    /// Sets the disk's block size, which all segments keep to.
    pub fn set_block_size(&mut self, bytes: u32) {
        self.block_size = bytes as usize;
    }

    /// Why the disk cannot be used any more, if so.
    pub fn dead(&self) -> Option<Error> {
        self.dead
    }

    /// Transfers whole sectors of 512 bytes between the disk and a buffer.
    ///
    /// # Errors
    /// [`Error::Io`] with the first sector that failed; [`Error::Protocol`]
    /// and [`Error::Timeout`] mean that the queue is dead.
    pub fn transfer(&mut self, op: u8, sector: u64, buffer: Lent) -> Result<()> {
        let total = buffer.len();
        let mut progress = Progress {
            submitted: 0,
            error: None,
            interrupted: false,
        };
        let mut deadline = Deadline::after_ms(TIMEOUT_MS);
        loop {
            self.check_alive()?;
            self.submit(op, sector, &buffer, &mut progress);
            if self.ring.push() {
                self.event.notify();
            }
            let done = self
                .reap(&buffer, &mut progress)
                .map_err(|error| self.die(error))?;
            if self.ring.outstanding() == 0
                && (progress.submitted == total || progress.error.is_some())
            {
                return progress.error.map_or(Ok(()), Err);
            }
            if done > 0 {
                if !progress.interrupted {
                    deadline = Deadline::after_ms(TIMEOUT_MS);
                }
                continue;
            }
            self.wait(&mut deadline, &mut progress)?;
        }
    }

    /// Makes a request without data: a flush or a barrier.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the back-end does not know it; else as [`Queue::transfer`].
    pub fn command(&mut self, op: u8) -> Result<()> {
        self.check_alive()?;
        let mut progress = Progress {
            submitted: 0,
            error: None,
            interrupted: false,
        };
        self.put(Request {
            op,
            sector: 0,
            segments: Vec::new(),
        })?;
        let mut deadline = Deadline::after_ms(TIMEOUT_MS);
        if self.ring.push() {
            self.event.notify();
        }
        while self.ring.outstanding() > 0 {
            let done = self
                .reap(&Lent::to_read(&[]), &mut progress)
                .map_err(|error| self.die(error))?;
            if done == 0 {
                self.wait(&mut deadline, &mut progress)?;
            }
        }
        progress.error.map_or(Ok(()), Err)
    }

    /// Takes the ring back.
    ///
    /// # Errors
    /// [`Error::Busy`] if the back-end keeps it mapped.
    pub fn close(&mut self) -> Result<()> {
        self.dead.get_or_insert(Error::NoDevice);
        self.page.take().map_or(Ok(()), GrantedPage::end)
    }

    fn check_alive(&self) -> Result<()> {
        self.dead.map_or(Ok(()), Err)
    }

    /// Fills the free slots with what is left to ask for.
    fn submit(&mut self, op: u8, sector: u64, buffer: &Lent, progress: &mut Progress) {
        while progress.error.is_none() && progress.submitted < buffer.len() && self.ring.free() > 0
        {
            let first = sector + (progress.submitted / SECTOR_LEN) as u64;
            let result = self
                .build(op, first, buffer, progress.submitted)
                .and_then(|request| {
                    let len: usize = request.segments.iter().map(|segment| segment.len).sum();
                    self.put(request).map(|()| len)
                });
            match result {
                Ok(len) => progress.submitted += len,
                // Grants come back with the responses.
                Err(Error::NoMemory) if self.ring.outstanding() > 0 => return,
                Err(error) => progress.error = Some(error),
            }
        }
    }

    /// Makes the request for as much of the buffer, from `offset` on, as one can hold.
    fn build(&self, op: u8, sector: u64, buffer: &Lent, mut offset: usize) -> Result<Request> {
        let access = if op == OP_READ {
            Access::ReadWrite
        } else {
            Access::ReadOnly
        };
        let mut segments = Vec::new();
        while offset < buffer.len() && !segments.is_full() {
            let made = self.segment(access, buffer, offset);
            let segment = match made {
                // What there is may do.
                Err(Error::NoMemory) if !segments.is_empty() => break,
                made => made?,
            };
            offset += segment.len;
            _ = segments.push(segment);
        }
        Ok(Request {
            op,
            sector,
            segments,
        })
    }

    fn segment(&self, access: Access, buffer: &Lent, offset: usize) -> Result<Segment> {
        let left = buffer.len() - offset;
        let address = buffer.address(offset);
        let to_boundary = PAGE_SIZE - address.addr() % PAGE_SIZE;
        if to_boundary == PAGE_SIZE
            && left >= PAGE_SIZE
            && self.hv.may_grant(address.addr(), PAGE_SIZE)
        {
            let grant = self.grants.grant(self.domain, frame_of(address), access)?;
            return Ok(Segment {
                backing: Backing::Direct(grant),
                offset,
                len: PAGE_SIZE,
            });
        }
        // A short segment that ends at a page makes the next ones direct.
        let len = if to_boundary.is_multiple_of(self.block_size) {
            to_boundary
        } else {
            PAGE_SIZE
        }
        .min(left);
        let page = GrantedPage::new(&self.grants, self.domain, access)?;
        if access == Access::ReadOnly {
            buffer.copy_to(offset, &page, len);
        }
        Ok(Segment {
            backing: Backing::Bounce(page),
            offset,
            len,
        })
    }

    /// Puts a request on the ring and remembers it.
    fn put(&mut self, request: Request) -> Result<()> {
        let (id, slot) = self
            .slots
            .iter_mut()
            .enumerate()
            .find(|(_, s)| s.is_none())
            .ok_or(Error::Busy)?;
        self.ring.put(&request.encode(id as u64, self.handle))?;
        *slot = Some(request);
        Ok(())
    }

    /// Takes the responses that are there; returns how many.
    fn reap(&mut self, buffer: &Lent, progress: &mut Progress) -> Result<u32> {
        let mut count = 0;
        let mut bytes = [0; response::SIZE];
        while self.ring.take(&mut bytes)? {
            count += 1;
            let response = Response::decode(&bytes);
            let slot = usize::try_from(response.id)
                .ok()
                .and_then(|id| self.slots.get_mut(id));
            let slot = slot.ok_or(Error::Protocol("a response to no request"))?;
            if slot
                .as_ref()
                .is_some_and(|request| request.op != response.op)
            {
                return Err(Error::Protocol("a response to another operation"));
            }
            let request = slot
                .take()
                .ok_or(Error::Protocol("a second response to a request"))?;
            let result = match response.status {
                RSP_OKAY => Ok(()),
                RSP_ERROR => Err(Error::Io(request.sector)),
                RSP_EOPNOTSUPP => Err(Error::Unsupported("by the back-end")),
                _ => return Err(Error::Protocol("an unknown status")),
            };
            request.finish(result.is_ok(), buffer)?;
            if let Err(error) = result {
                progress.fail(error);
            }
        }
        Ok(count)
    }

    fn wait(&mut self, deadline: &mut Deadline, progress: &mut Progress) -> Result<()> {
        // Also a back-end that shows a response and hides it again comes to an end.
        if deadline.expired() {
            return Err(self.die(Error::Timeout));
        }
        match self
            .event
            .wait_until(*deadline, || Ok(self.ring.arm().then_some(())))
        {
            Ok(()) => Ok(()),
            // What is under way cannot be called back: it is waited for, but not for long.
            Err(Error::Interrupted) if !progress.interrupted => {
                progress.interrupted = true;
                progress.fail(Error::Interrupted);
                *deadline = Deadline::after_ms(DRAIN_MS);
                Ok(())
            }
            Err(Error::Interrupted) => Ok(()),
            Err(error) => Err(self.die(error)),
        }
    }

    /// Gives the back-end up: takes back what it lets go of, and never uses the rest again.
    fn die(&mut self, error: Error) -> Error {
        self.dead = Some(error);
        self.slots.iter_mut().for_each(|slot| drop(slot.take()));
        error
    }
}

impl Progress {
    /// Keeps the error of the lowest sector.
    fn fail(&mut self, error: Error) {
        self.error = match (self.error, error) {
            (Some(Error::Io(old)), Error::Io(new)) => Some(Error::Io(old.min(new))),
            (Some(old), _) => Some(old),
            (None, new) => Some(new),
        };
    }
}
