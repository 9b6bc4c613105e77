// SPDX-License-Identifier: GPL-2.0-or-later
//! A request to a disk: as it is remembered, and as the ring holds it.
//!
//! Source: `xen/include/public/io/blkif.h`.

use crate::xen::gnttab::GrantedPages;
use crate::xen::shared::Lent;
use alloc::vec::Vec;
use include::xen::PAGE_SIZE;
use include::xen::io::blkif::{
    INDIRECT_SEGMENTS_PER_PAGE, MAX_SEGMENTS, OP_DISCARD, OP_INDIRECT, OP_READ, OP_WRITE,
    RSP_EOPNOTSUPP, SECTOR, SLOT_SIZE, discard, indirect, request, response,
};

/// Bytes of a sector, as a length in memory.
const SECTOR_LEN: usize = SECTOR as usize;

/// A part of a transfer: one or more sectors that follow each other, and memory for them.
pub struct Piece<'a> {
    /// First sector, in units of 512 bytes.
    pub sector: u64,
    /// The memory.
    pub buffer: Lent<'a>,
}

/// A request that the back-end has.
pub struct Request {
    /// What is to be done, and what the response must name; never
    /// [`OP_INDIRECT`], which is a matter of encoding.
    pub op: u8,
    /// First sector, in units of 512 bytes.
    pub sector: u64,
    /// Bytes of data, all of them in `data`; none for a flush.
    pub len: usize,
    /// Sectors of a discard, which has no data.
    pub discarded: u64,
    /// The data, from the start on; all chunks have the same size.
    pub data: Vec<GrantedPages>,
    /// Pages that hold the segments, if they are more than a slot of the ring holds.
    pub segments: Vec<GrantedPages>,
    /// The first piece of the transfer that the data belongs to.
    pub first_piece: usize,
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

impl Request {
    /// A request for something that needs no data: a flush, or a discard of `count` sectors.
    pub fn without_data(op: u8, sector: u64, count: u64) -> Request {
        Request {
            op,
            sector,
            len: 0,
            discarded: count,
            data: Vec::new(),
            segments: Vec::new(),
            first_piece: 0,
        }
    }

    /// As the ring holds it. Segments that do not fit there are written to their own pages.
    pub fn encode(&self, id: u64, handle: u16) -> [u8; SLOT_SIZE] {
        let mut slot = [0; SLOT_SIZE];
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(field) = slot.get_mut(at..at + bytes.len()) {
                field.copy_from_slice(bytes);
            }
        };
        put(request::ID, &id.to_le_bytes());
        put(request::SECTOR_NUMBER, &self.sector.to_le_bytes());
        if !self.is_indirect() {
            put(request::OPERATION, &[self.op]);
            put(request::NR_SEGMENTS, &[self.segment_count() as u8]);
            put(request::HANDLE, &handle.to_le_bytes());
            for (i, segment) in self.encoded_segments().take(MAX_SEGMENTS).enumerate() {
                put(request::SEGMENTS + i * request::SEGMENT_SIZE, &segment);
            }
            if self.op == OP_DISCARD {
                put(discard::NR_SECTORS, &self.discarded.to_le_bytes());
            }
        } else {
            put(request::OPERATION, &[OP_INDIRECT]);
            put(indirect::OPERATION, &[self.op]);
            let count = (self.segment_count() as u16).to_le_bytes();
            put(indirect::NR_SEGMENTS, &count);
            put(indirect::HANDLE, &handle.to_le_bytes());
            let references = self.segments.iter().flat_map(GrantedPages::references);
            for (i, reference) in references.enumerate() {
                let at = indirect::REFERENCES + i * size_of::<u32>();
                put(at, &reference.to_le_bytes());
            }
            for (i, segment) in self.encoded_segments().enumerate() {
                if let Some(page) = self.segments.get(i / INDIRECT_SEGMENTS_PER_PAGE) {
                    let at = i % INDIRECT_SEGMENTS_PER_PAGE * request::SEGMENT_SIZE;
                    page.write(at, &segment);
                }
            }
        }
        slot
    }

    /// Whether the ring holds it as [`OP_INDIRECT`].
    pub fn is_indirect(&self) -> bool {
        !self.segments.is_empty()
    }

    /// Bytes of the disk that it is about.
    pub fn size(&self) -> u64 {
        (self.len as u64).saturating_add(self.discarded.saturating_mul(SECTOR))
    }

    /// Pages that hold data: each is a segment.
    fn segment_count(&self) -> usize {
        self.len.div_ceil(PAGE_SIZE)
    }

    /// Reference, first and last sector of each page.
    fn encoded_segments(&self) -> impl Iterator<Item = [u8; request::SEGMENT_SIZE]> {
        let references = self.data.iter().flat_map(GrantedPages::references);
        let used = references.take(self.segment_count());
        used.enumerate().map(|(i, reference)| {
            let len = self.len.saturating_sub(i * PAGE_SIZE).min(PAGE_SIZE);
            // The last sector is counted in.
            let last = (len / SECTOR_LEN).saturating_sub(1) as u8;
            let [a, b, c, d] = reference.to_le_bytes();
            [a, b, c, d, 0, last, 0, 0]
        })
    }

    /// Copies what is to be written into the chunks.
    pub fn fill(&self, pieces: &[Piece]) {
        if self.op == OP_WRITE {
            self.copy(pieces, |buffer, offset, chunk, at, len| {
                buffer.copy_to(offset, chunk, at, len);
            });
        }
    }

    /// Copies what was read out of the chunks, once: they may change at any time.
    pub fn deliver(&self, pieces: &[Piece]) {
        if self.op == OP_READ {
            self.copy(pieces, |buffer, offset, chunk, at, len| {
                buffer.copy_from(offset, chunk, at, len);
            });
        }
    }

    /// Calls `copy` for each run of bytes that lies within one piece and one chunk.
    fn copy(&self, pieces: &[Piece], copy: impl Fn(&Lent, usize, &GrantedPages, usize, usize)) {
        let chunk_len = self.data.first().map_or(PAGE_SIZE, |chunk| chunk.len());
        let mut done = 0;
        for piece in pieces.iter().skip(self.first_piece) {
            let position = self.sector + (done / SECTOR_LEN) as u64;
            // Sectors that nobody wants lie before a later piece; the first one may have begun before.
            let unwanted = piece.sector.saturating_sub(position);
            let begun = position.saturating_sub(piece.sector) as usize * SECTOR_LEN;
            done = done.saturating_add(unwanted as usize * SECTOR_LEN);
            if done >= self.len {
                break;
            }
            let mut offset = begun;
            while offset < piece.buffer.len() && done < self.len {
                let at = done % chunk_len;
                let len = (chunk_len - at)
                    .min(piece.buffer.len() - offset)
                    .min(self.len - done);
                if let Some(chunk) = self.data.get(done / chunk_len) {
                    copy(&piece.buffer, offset, chunk, at, len);
                }
                (offset, done) = (offset + len, done + len);
            }
        }
    }
}

impl Response {
    /// Whether it names the operation of a request. A back-end that does not know
    /// indirect requests names just that, and cannot have looked for another one.
    pub fn is_for(&self, request: &Request) -> bool {
        let is_refusal = self.op == OP_INDIRECT && self.status == RSP_EOPNOTSUPP;
        self.op == request.op || request.is_indirect() && is_refusal
    }

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
