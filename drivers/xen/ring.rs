// SPDX-License-Identifier: GPL-2.0-or-later
//! The front-end's side of a request ring.
//!
//! All indices of ours are private and only written to the page; of the
//! back-end's, one is read, once each time, and believed only if it claims no
//! more than is outstanding. Requests are never read back.
//!
//! Source: `xen/include/public/io/ring.h`.

use crate::xen::shared::Shared;
use common::{Error, Result};
use core::num::Wrapping;
use core::sync::atomic::{Ordering, fence};
use include::xen::io::ring::{REQ_EVENT, REQ_PROD, RSP_EVENT, RSP_PROD, SLOTS};

/// A ring of `slots` slots of `slot_size` bytes, for requests and responses alike.
pub struct FrontRing {
    page: Shared,
    slot_size: usize,
    slots: u32,
    /// Requests written, whether the back-end was told or not.
    requests: Wrapping<u32>,
    /// Requests the back-end was told of.
    pushed: Wrapping<u32>,
    /// Responses consumed.
    consumed: Wrapping<u32>,
}

impl FrontRing {
    /// A new ring on a page of zeros.
    pub fn new(page: Shared, slot_size: usize, slots: u32) -> FrontRing {
        page.store_u32(REQ_EVENT, 1);
        page.store_u32(RSP_EVENT, 1);
        let zero = Wrapping(0);
        FrontRing {
            page,
            slot_size,
            slots,
            requests: zero,
            pushed: zero,
            consumed: zero,
        }
    }

    /// Requests without a response.
    pub fn outstanding(&self) -> u32 {
        (self.requests - self.consumed).0
    }

    /// Slots for further requests.
    pub fn free(&self) -> u32 {
        self.slots - self.outstanding()
    }

    /// Writes a request into the next slot; the back-end sees it after [`FrontRing::push`].
    ///
    /// # Errors
    /// [`Error::Busy`] if no slot is free.
    pub fn put(&mut self, request: &[u8]) -> Result<()> {
        if self.free() == 0 {
            return Err(Error::Busy);
        }
        self.page.write(self.slot(self.requests), request);
        self.requests += 1;
        Ok(())
    }

    /// Shows all requests to the back-end; returns whether it wants to be notified.
    #[must_use]
    pub fn push(&mut self) -> bool {
        let (old, new) = (self.pushed, self.requests);
        if old == new {
            return false;
        }
        self.page.store_u32(REQ_PROD, new.0);
        self.pushed = new;
        // The back-end sets req_event, then looks at req_prod: one of us must see the other.
        fence(Ordering::SeqCst);
        let event = Wrapping(self.page.load_u32(REQ_EVENT));
        new - event < new - old
    }

    /// Copies the next response into `response`, if there is one.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the back-end claims more responses than there are requests.
    pub fn take(&mut self, response: &mut [u8]) -> Result<bool> {
        let available = Wrapping(self.page.load_u32(RSP_PROD)) - self.consumed;
        if available > self.pushed - self.consumed {
            return Err(Error::Protocol(
                "the ring claims more responses than there were requests",
            ));
        }
        if available.0 == 0 {
            return Ok(false);
        }
        self.page.read(self.slot(self.consumed), response);
        self.consumed += 1;
        Ok(true)
    }

    /// Asks for an event when half of what is outstanding is answered, so that
    /// there is something to do for each; returns whether any answer came meanwhile.
    pub fn arm(&mut self) -> bool {
        let half = Wrapping((self.outstanding() / 2).max(1));
        self.page.store_u32(RSP_EVENT, (self.consumed + half).0);
        fence(Ordering::SeqCst);
        self.page.load_u32(RSP_PROD) != self.consumed.0
    }

    fn slot(&self, index: Wrapping<u32>) -> usize {
        SLOTS + (index.0 & (self.slots - 1)) as usize * self.slot_size
    }
}
