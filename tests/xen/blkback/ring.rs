// SPDX-License-Identifier: GPL-2.0-or-later
//! The back-end's side of a request ring of one page or several.

use std::io;

use crate::grants::Mapping;
use crate::protocol::{HEADER, REQ_EVENT, REQ_PROD, RSP_EVENT, RSP_PROD, Response, SLOT};

/// A mapped ring.
pub struct BackRing {
    memory: Mapping,
    slots: u32,
    consumed: u32,
    produced: u32,
    /// Responses that the front-end was shown.
    shown: u32,
}

impl BackRing {
    /// A ring that nobody has used yet.
    pub fn new(memory: Mapping) -> BackRing {
        let room = (memory.len() - HEADER) / SLOT;
        BackRing {
            slots: 1 << room.ilog2(),
            memory,
            consumed: 0,
            produced: 0,
            shown: 0,
        }
    }

    /// The number of slots.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Whether it is as a new ring must be.
    pub fn is_fresh(&self) -> bool {
        let word = |offset| self.memory.load_u32(offset);
        let slots = self.memory.bytes(HEADER..self.memory.len());
        word(RSP_PROD) == 0 && word(REQ_EVENT) == 1 && slots.iter().all(|&byte| byte == 0)
    }

    /// Whether the front-end has put nothing there since the last request was taken.
    pub fn is_idle(&self) -> bool {
        self.memory.load_u32(REQ_PROD) == self.consumed
    }

    /// Takes the next request, if there is one.
    ///
    /// # Errors
    /// If the front-end claims more than the ring holds.
    pub fn take(&mut self) -> io::Result<Option<[u8; SLOT]>> {
        let producer = self.memory.load_u32(REQ_PROD);
        if producer.wrapping_sub(self.produced) > self.slots {
            return Err(io::Error::other("the front-end overran the ring"));
        }
        if producer == self.consumed {
            return Ok(None);
        }
        let mut slot = [0; SLOT];
        self.memory.read(self.slot(self.consumed), &mut slot);
        self.consumed = self.consumed.wrapping_add(1);
        Ok(Some(slot))
    }

    /// Asks for an event at the next request; returns whether one came meanwhile.
    pub fn arm(&self) -> bool {
        self.memory
            .store_u32(REQ_EVENT, self.consumed.wrapping_add(1));
        !self.is_idle()
    }

    /// Overwrites the request that was taken last, but for what a response needs.
    pub fn scribble(&self) {
        let last = self.consumed.wrapping_sub(1);
        self.memory.write(self.slot(last) + 16, &[0xa5; SLOT - 16]);
    }

    /// Writes a response.
    pub fn respond(&mut self, response: Response) {
        self.memory
            .write(self.slot(self.produced), &response.encode());
        self.produced = self.produced.wrapping_add(1);
    }

    /// Changes the last response.
    pub fn change(&self, response: Response) {
        let last = self.produced.wrapping_sub(1);
        self.memory.write(self.slot(last), &response.encode());
    }

    /// Shows the responses, and `lie` more; returns whether the front-end wants an event.
    pub fn show(&mut self, lie: i64) -> bool {
        self.memory
            .store_u32(RSP_PROD, self.produced.wrapping_add(lie as u32));
        let event = self.memory.load_u32(RSP_EVENT);
        let wanted = self.produced.wrapping_sub(event) < self.produced.wrapping_sub(self.shown);
        self.shown = self.produced;
        wanted || lie != 0
    }

    fn slot(&self, index: u32) -> usize {
        HEADER + (index % self.slots) as usize * SLOT
    }
}
