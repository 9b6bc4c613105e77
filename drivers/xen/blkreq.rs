// SPDX-License-Identifier: GPL-2.0-or-later
//! A request to a disk: as it is remembered, and as the ring holds it.
//!
//! Source: `xen/include/public/io/blkif.h`.

use crate::xen::gnttab::{Grant, GrantedPage};
use crate::xen::shared::Lent;
use common::{Error, Result};
use heapless::Vec;
use include::xen::io::blkif::{MAX_SEGMENTS, OP_READ, SECTOR, SLOT_SIZE, request, response};

/// A request that the back-end has.
pub struct Request {
    /// What is to be done.
    pub op: u8,
    /// First sector, in units of 512 bytes.
    pub sector: u64,
    /// The data; none for a flush.
    pub segments: Vec<Segment, MAX_SEGMENTS>,
}

/// A part of the data: at most a page, from its start on.
pub struct Segment {
    /// What is granted.
    pub backing: Backing,
    /// Place in the buffer.
    pub offset: usize,
    /// Its size in bytes.
    pub len: usize,
}

/// The memory that the back-end has for a segment.
pub enum Backing {
    /// A page made for it.
    Bounce(GrantedPage),
    /// The caller's page.
    Direct(Grant),
}

impl Request {
    /// As the ring holds it.
    pub fn encode(&self, id: u64, handle: u16) -> [u8; SLOT_SIZE] {
        let mut slot = [0; SLOT_SIZE];
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(field) = slot.get_mut(at..at + bytes.len()) {
                field.copy_from_slice(bytes);
            }
        };
        put(request::OPERATION, &[self.op]);
        put(request::NR_SEGMENTS, &[self.segments.len() as u8]);
        put(request::HANDLE, &handle.to_le_bytes());
        put(request::ID, &id.to_le_bytes());
        put(request::SECTOR_NUMBER, &self.sector.to_le_bytes());
        for (i, segment) in self.segments.iter().enumerate() {
            let at = request::SEGMENTS + i * request::SEGMENT_SIZE;
            put(at, &segment.reference().to_le_bytes());
            // Data begins at the page's start; the last sector is counted in.
            put(at + 4, &[0, (segment.len / SECTOR as usize - 1) as u8]);
        }
        slot
    }

    /// Takes the grants back and, after a successful read, the data out of the bounce pages.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the back-end keeps one of the pages.
    pub fn finish(self, ok: bool, buffer: &Lent) -> Result<()> {
        const KEPT: Error = Error::Protocol("it keeps a page of a finished request mapped");
        for segment in self.segments {
            match segment.backing {
                Backing::Direct(grant) => grant.end().map_err(|_| KEPT)?,
                Backing::Bounce(page) => {
                    if ok && self.op == OP_READ {
                        buffer.copy_from(segment.offset, &page, segment.len);
                    }
                    page.end().map_err(|_| KEPT)?;
                }
            }
        }
        Ok(())
    }
}

impl Segment {
    fn reference(&self) -> u32 {
        match &self.backing {
            Backing::Bounce(page) => page.reference(),
            Backing::Direct(grant) => grant.reference(),
        }
    }
}

/// A response, copied from the ring.
pub struct Response {
    /// Which request it answers, or so it says.
    pub id: u64,
    /// What the request was to do.
    pub op: u8,
    /// How it went.
    pub status: i16,
}

impl Response {
    /// Reads a slot's bytes, once copied.
    pub fn decode(bytes: &[u8; response::SIZE]) -> Response {
        let number = |at: usize, len: usize| {
            let field = bytes.get(at..at + len).unwrap_or_default();
            field
                .iter()
                .rev()
                .fold(0u64, |value, &byte| value << 8 | u64::from(byte))
        };
        Response {
            id: number(response::ID, 8),
            op: number(response::OPERATION, 1) as u8,
            status: number(response::STATUS, 2) as u16 as i16,
        }
    }
}
