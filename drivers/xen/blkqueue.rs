// SPDX-License-Identifier: GPL-2.0-or-later
//! The requests of a disk: many in flight, each remembered in private memory.
//!
//! All data passes through pages that were made for it ([`Pools`]) and are
//! copied from and to on this side, while the back-end works on the next ones.
//! What it answers is checked against what was asked; a back-end that breaks
//! the rules, or does not answer, is never spoken to again.

use crate::xen::blkpool::Pools;
use crate::xen::blkreq::{Piece, Request, Response};
use crate::xen::blktransfer::{Span, Transfer};
use crate::xen::events::{CtrlC, EventChannel};
use crate::xen::gnttab::{Access, GrantedPages};
use crate::xen::patience::Patience;
use crate::xen::ring::FrontRing;
use crate::xen::services::Services;
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::{Error, Result};
use include::xen::PAGE_SIZE;
use include::xen::io::blkif::{
    INDIRECT_SEGMENTS_PER_PAGE, MAX_SEGMENTS, RSP_EOPNOTSUPP, RSP_ERROR, RSP_OKAY, SLOT_SIZE,
    response, ring_slots,
};
use spin::Mutex;

/// How long requests may go on after Ctrl-C.
const DRAIN_MS: u64 = 2000;
/// Segments of a request, where the back-end takes so many: with half of them
/// it is slower, and with more the copying waits too long to keep up.
const SEGMENTS: usize = 64;
/// The same for requests of which only parts are copied.
const GATHERED_SEGMENTS: usize = 256;
/// Bytes of a request at most.
pub const MAX_REQUEST: usize = GATHERED_SEGMENTS * PAGE_SIZE;

/// The queue of one disk.
pub struct Queue {
    memory: Option<GrantedPages>,
    event: EventChannel,
    ring: FrontRing,
    slots: Vec<Option<Request>>,
    /// What it shares with the domain's other disks; none once it is closed.
    pools: Option<Arc<Mutex<Pools>>>,
    handle: u16,
    /// Segments that the back-end takes in a request.
    max_segments: usize,
    patience: Patience,
    ctrl_c: CtrlC,
    dead: Option<Error>,
}

impl Queue {
    /// A new ring of `pages` pages, granted to `domain`.
    ///
    /// # Errors
    /// [`Error::NoMemory`] or what Xen says.
    pub fn new(services: &Services, domain: u16, handle: u16, pages: usize) -> Result<Queue> {
        let memory = GrantedPages::new(&services.grants, domain, Access::ReadWrite, pages)?;
        let event = EventChannel::alloc(&services.hv, domain)?;
        let count = ring_slots(pages);
        let mut slots = Vec::new();
        slots
            .try_reserve_exact(count as usize)
            .map_err(|_| Error::NoMemory)?;
        slots.resize_with(count as usize, || None);
        Ok(Queue {
            ring: FrontRing::new((*memory).clone(), SLOT_SIZE, count),
            memory: Some(memory),
            event,
            slots,
            pools: Some(services.pools(domain)?),
            handle,
            max_segments: MAX_SEGMENTS,
            patience: Patience::default(),
            ctrl_c: CtrlC::default(),
            dead: None,
        })
    }

    /// The grant references of the ring's pages.
    pub fn ring_references(&self) -> impl Iterator<Item = u32> {
        self.memory.iter().flat_map(GrantedPages::references)
    }

    /// The event port.
    pub fn port(&self) -> u32 {
        self.event.port()
    }

    /// Allows indirect requests of as many segments as the back-end takes.
    pub fn allow_indirect(&mut self, segments: u64) {
        let segments = usize::try_from(segments).unwrap_or(usize::MAX);
        self.max_segments = segments.max(MAX_SEGMENTS);
    }

    /// Why the disk cannot be used any more, if so.
    pub fn dead(&self) -> Option<Error> {
        self.dead
    }

    /// Transfers whole blocks of the disk between it and memory.
    ///
    /// # Errors
    /// [`Error::Io`] with the first sector that failed; [`Error::Protocol`]
    /// and [`Error::Timeout`] mean that the queue is dead.
    pub fn transfer(&mut self, op: u8, pieces: &[Piece]) -> Result<()> {
        self.patiently(op, pieces, |queue, transfer| {
            loop {
                queue.submit(transfer)?;
                if queue.ring.outstanding() == 0 {
                    return Ok(());
                }
                queue.advance(transfer)?;
            }
        })
    }

    /// Makes a request without data: a flush, a barrier, or a discard of `count`
    /// sectors from `sector` on.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the back-end does not know it; else as [`Queue::transfer`].
    pub fn command(&mut self, op: u8, sector: u64, count: u64) -> Result<()> {
        self.patiently(op, &[], |queue, transfer| {
            queue.put(Request::without_data(op, sector, count))?;
            while queue.ring.outstanding() > 0 {
                queue.advance(transfer)?;
            }
            Ok(())
        })
    }

    /// Lets nothing be ended by Ctrl-C from now on.
    pub fn ignore_ctrl_c(&mut self) {
        self.ctrl_c = CtrlC::Waits;
    }

    /// Takes the ring and all pages back, and closes the event port.
    ///
    /// # Errors
    /// [`Error::Busy`] if the back-end keeps one mapped.
    pub fn close(&mut self) -> Result<()> {
        self.dead.get_or_insert(Error::NoDevice);
        let requests = core::mem::take(&mut self.slots).into_iter().flatten();
        let chunks = requests.flat_map(|request| request.data.into_iter().chain(request.segments));
        let ends = chunks.map(GrantedPages::end).fold(Ok(()), Result::and);
        let ring = self.memory.take().map_or(Ok(()), GrantedPages::end);
        // Whoever still holds the disk may never drop it: the operating system starts meanwhile.
        self.event.close();
        // The last disk of the domain takes back what all shared.
        let pools = self.pools.take().and_then(Arc::into_inner);
        let pools = pools.map_or(Ok(()), |pools| pools.into_inner().close());
        ring.and(ends).and(pools)
    }

    /// Makes a transfer, for as long as there is patience with the disk.
    fn patiently(
        &mut self,
        op: u8,
        pieces: &[Piece],
        work: impl FnOnce(&mut Queue, &mut Transfer) -> Result<()>,
    ) -> Result<()> {
        self.dead.map_or(Ok(()), Err)?;
        let mut transfer = Transfer::new(op, pieces, self.patience.begin());
        let result = work(self, &mut transfer);
        self.patience.end(transfer.deadline);
        result.and(transfer.error.map_or(Ok(()), Err))
    }

    /// Asks for as much as there is room for.
    fn submit(&mut self, transfer: &mut Transfer) -> Result<()> {
        let segments = match transfer.pieces {
            [_] => SEGMENTS,
            _ => GATHERED_SEGMENTS,
        };
        while transfer.error.is_none() && self.ring.free() > 0 {
            let most = segments.min(self.max_segments) * PAGE_SIZE;
            let Some(span) = transfer.span(most) else {
                return Ok(());
            };
            let request = match self.request(transfer.op, span) {
                // Pages come back with the responses.
                Err(Error::NoMemory) if self.ring.outstanding() > 0 => return Ok(()),
                Err(error) => {
                    transfer.error = Some(error);
                    return Ok(());
                }
                Ok(request) => request,
            };
            transfer.advance(request.len);
            request.fill(transfer.pieces);
            self.put(request)?;
        }
        Ok(())
    }

    /// A request for a span, or for as much of it as there is room for.
    fn request(&mut self, op: u8, span: Span) -> Result<Request> {
        let len = span.len;
        let mut pools = self.pools.as_ref().ok_or(Error::NoDevice)?.lock();
        let data = pools.data.take(len.div_ceil(PAGE_SIZE))?;
        let room = pools.data.pages(&data) * PAGE_SIZE;
        // Rather than small requests, later ones, unless nothing is under way.
        if room < len && self.ring.outstanding() > 0 {
            pools.data.give_back(data);
            return Err(Error::NoMemory);
        }
        let mut request = Request {
            op,
            sector: span.sector,
            len: len.min(room),
            discarded: 0,
            data,
            segments: Vec::new(),
            first_piece: span.first_piece,
        };
        let segments = request.len.div_ceil(PAGE_SIZE);
        if segments > MAX_SEGMENTS {
            match pools
                .segments
                .take(segments.div_ceil(INDIRECT_SEGMENTS_PER_PAGE))
            {
                Ok(pages) => request.segments = pages,
                // It goes without.
                Err(_) => request.len = MAX_SEGMENTS * PAGE_SIZE,
            }
        }
        Ok(request)
    }

    /// Puts a request on the ring, remembers it, and shows it to the back-end.
    fn put(&mut self, request: Request) -> Result<()> {
        let (id, slot) = self
            .slots
            .iter_mut()
            .enumerate()
            .find(|(_, slot)| slot.is_none())
            .ok_or(Error::Busy)?;
        self.ring.put(&request.encode(id as u64, self.handle))?;
        *slot = Some(request);
        if self.ring.push() {
            self.event.notify();
        }
        Ok(())
    }

    /// Takes a response, or waits for one.
    fn advance(&mut self, transfer: &mut Transfer) -> Result<()> {
        match self.take(transfer) {
            Ok(true) => Ok(()),
            Ok(false) => self.wait(transfer),
            Err(error) => Err(self.die(error)),
        }
    }

    /// Takes the next response, if it is there.
    fn take(&mut self, transfer: &mut Transfer) -> Result<bool> {
        let mut bytes = [0; response::SIZE];
        if !self.ring.take(&mut bytes)? {
            return Ok(false);
        }
        let response = Response::decode(&bytes);
        let slot = usize::try_from(response.id)
            .ok()
            .and_then(|id| self.slots.get_mut(id))
            .ok_or(Error::Protocol("a response to no request"))?;
        if slot
            .as_ref()
            .is_some_and(|request| !response.is_for(request))
        {
            return Err(Error::Protocol("a response to another operation"));
        }
        if !matches!(response.status, RSP_OKAY | RSP_ERROR | RSP_EOPNOTSUPP) {
            return Err(Error::Protocol("an unknown status"));
        }
        let request = slot
            .take()
            .ok_or(Error::Protocol("a second response to a request"))?;
        match response.status {
            RSP_OKAY => request.deliver(transfer.pieces),
            RSP_ERROR => transfer.fail(Error::Io(request.sector)),
            _ if request.is_indirect() => {
                self.max_segments = MAX_SEGMENTS;
                transfer.ask_again(&request);
            }
            _ => transfer.fail(Error::Unsupported("by the back-end")),
        }
        transfer.deadline = Patience::answered(transfer.deadline, request.size());
        self.give_back(request);
        Ok(true)
    }

    fn give_back(&self, request: Request) {
        if let Some(pools) = &self.pools {
            let mut pools = pools.lock();
            pools.data.give_back(request.data);
            pools.segments.give_back(request.segments);
        }
    }

    fn wait(&mut self, transfer: &mut Transfer) -> Result<()> {
        // Also a back-end that shows a response and hides it again comes to an end.
        let deadline = transfer.end.unwrap_or(transfer.deadline);
        if deadline.expired() {
            return Err(self.die(Error::Timeout));
        }
        let answer = || Ok(self.ring.arm().then_some(()));
        match self.event.wait_until(deadline, self.ctrl_c, answer) {
            Ok(()) => Ok(()),
            // What is under way cannot be called back: it is waited for, but not for long.
            Err(Error::Interrupted) => {
                transfer.fail(Error::Interrupted);
                let end = Deadline::after_ms(DRAIN_MS).min(transfer.deadline);
                transfer.end.get_or_insert(end);
                Ok(())
            }
            Err(error) => Err(self.die(error)),
        }
    }

    /// Gives the back-end up. The pages that it has are left alone until it is closed.
    fn die(&mut self, error: Error) -> Error {
        self.dead = Some(error);
        if let Some(pools) = &self.pools {
            let mut pools = pools.lock();
            for request in self.slots.iter().flatten() {
                pools.data.forget(request.data.len());
                pools.segments.forget(request.segments.len());
            }
        }
        error
    }
}
