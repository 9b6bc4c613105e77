// SPDX-License-Identifier: GPL-2.0-or-later
//! Requests and responses as the ring holds them, in the 64-bit ABI.
//!
//! Source: `xen/include/public/io/blkif.h`, `ring.h`.

/// Bytes of a page.
pub const PAGE: usize = 4096;
/// Bytes of a sector, whatever the disk's sector size is.
pub const SECTOR: u64 = 512;
/// Bytes of a ring's slot.
pub const SLOT: usize = 112;
/// Bytes before the first slot.
pub const HEADER: usize = 64;
/// Segments of a direct request.
pub const DIRECT_SEGMENTS: usize = 11;
/// Bytes of a segment, in a request and in an indirect page.
pub const SEGMENT: usize = 8;

/// The ring's indices, as offsets.
pub const REQ_PROD: usize = 0;
pub const REQ_EVENT: usize = 4;
pub const RSP_PROD: usize = 8;
pub const RSP_EVENT: usize = 12;

/// Operations.
pub const READ: u8 = 0;
pub const WRITE: u8 = 1;
pub const BARRIER: u8 = 2;
pub const FLUSH: u8 = 3;
pub const DISCARD: u8 = 5;
pub const INDIRECT: u8 = 6;

/// Statuses.
pub const OKAY: i16 = 0;
pub const ERROR: i16 = -1;
pub const UNSUPPORTED: i16 = -2;

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is to be done; the response to an indirect request names this one
    /// too, as Linux's back-end does.
    pub operation: u8,
    /// Whether it came as [`INDIRECT`].
    pub is_indirect: bool,
    /// For the response.
    pub id: u64,
    /// The first sector.
    pub sector: u64,
    /// The number of segments.
    pub count: usize,
    /// Sectors of a discard.
    pub sectors: u64,
    /// Segments of a direct request.
    pub segments: Vec<Segment>,
    /// Pages with the segments of an indirect one.
    pub indirect: Vec<u32>,
}

/// A part of a granted page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// The grant.
    pub reference: u32,
    /// First and last sector in the page.
    pub first: u8,
    pub last: u8,
}

/// A response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response {
    pub id: u64,
    pub operation: u8,
    pub status: i16,
}

impl Request {
    /// Reads a slot.
    pub fn decode(slot: &[u8; SLOT]) -> Request {
        let operation = slot[0];
        let is_indirect = operation == INDIRECT;
        let count = match operation {
            INDIRECT => usize::from(u16::from_le_bytes([slot[2], slot[3]])),
            DISCARD => 0,
            _ => usize::from(slot[1]),
        };
        let direct = if is_indirect {
            0
        } else {
            count.min(DIRECT_SEGMENTS)
        };
        let pages = if is_indirect {
            (count * SEGMENT).div_ceil(PAGE).min(8)
        } else {
            0
        };
        Request {
            operation: if is_indirect { slot[1] } else { operation },
            is_indirect,
            id: u64_at(slot, 8),
            sector: u64_at(slot, 16),
            count,
            sectors: u64_at(slot, 24),
            segments: (0..direct)
                .map(|i| Segment::decode(&slot[24 + i * SEGMENT..]))
                .collect(),
            indirect: (0..pages).map(|i| u32_at(slot, 28 + 4 * i)).collect(),
        }
    }
}

impl Segment {
    /// Reads a segment at the start of `bytes`.
    pub fn decode(bytes: &[u8]) -> Segment {
        Segment {
            reference: u32_at(bytes, 0),
            first: bytes[4],
            last: bytes[5],
        }
    }
}

impl Response {
    /// As the ring holds it.
    pub fn encode(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.id.to_le_bytes());
        bytes[8] = self.operation;
        bytes[10..12].copy_from_slice(&self.status.to_le_bytes());
        bytes
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap_or_default())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_the_headers_say() {
        let mut slot = [0; SLOT];
        slot[..4].copy_from_slice(&[WRITE, 2, 0, 202]);
        slot[8] = 7;
        slot[16] = 9;
        slot[24..30].copy_from_slice(&[8, 1, 0, 0, 0, 7]);
        slot[32..38].copy_from_slice(&[9, 0, 0, 0, 1, 2]);
        let request = Request::decode(&slot);
        assert_eq!((request.id, request.sector, request.count), (7, 9, 2));
        let segment = |reference, first, last| Segment {
            reference,
            first,
            last,
        };
        assert_eq!(request.segments, [segment(264, 0, 7), segment(9, 1, 2)]);

        slot[..4].copy_from_slice(&[INDIRECT, READ, 1, 2]);
        slot[28..36].copy_from_slice(&[5, 0, 0, 0, 6, 0, 0, 0]);
        let request = Request::decode(&slot);
        assert_eq!((request.operation, request.count), (READ, 513));
        assert!(request.is_indirect);
        assert_eq!(request.indirect, [5, 6]);

        slot[..4].copy_from_slice(&[DISCARD, 0, 1, 2]);
        slot[24..32].copy_from_slice(&[8, 0, 0, 0, 0, 1, 0, 0]);
        let request = Request::decode(&slot);
        assert_eq!((request.operation, request.count), (DISCARD, 0));
        assert_eq!(request.sectors, 8 + (1 << 40));
    }
}
