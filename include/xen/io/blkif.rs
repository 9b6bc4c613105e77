// SPDX-License-Identifier: GPL-2.0-or-later
//! The block protocol, 64-bit ABI; source: `io/blkif.h`.

use static_assertions::const_assert_eq;

/// Read.
pub const OP_READ: u8 = 0;
/// Write.
pub const OP_WRITE: u8 = 1;
/// Write, after all before it and before all after it.
pub const OP_WRITE_BARRIER: u8 = 2;
/// Make durable what was written.
pub const OP_FLUSH_DISKCACHE: u8 = 3;
/// Forget what sectors hold.
pub const OP_DISCARD: u8 = 5;
/// Another operation, whose segments are in pages of their own.
pub const OP_INDIRECT: u8 = 6;

/// Status: done.
pub const RSP_OKAY: i16 = 0;
/// Status: failed.
pub const RSP_ERROR: i16 = -1;
/// Status: the back-end does not know the operation.
pub const RSP_EOPNOTSUPP: i16 = -2;

/// Segments, of at most a page each, in a request.
pub const MAX_SEGMENTS: usize = 11;
/// Bytes in a slot of the ring.
pub const SLOT_SIZE: usize = 112;
/// Segments that a page of an indirect request holds.
pub const INDIRECT_SEGMENTS_PER_PAGE: usize = super::super::PAGE_SIZE / request::SEGMENT_SIZE;
/// Of the order of a ring's size in pages: more than this is not believed.
pub const MAX_RING_ORDER: u32 = 4;

/// Requests in a ring of so many pages: the greatest power of two that fits.
pub const fn ring_slots(pages: usize) -> u32 {
    let fit = (pages * super::super::PAGE_SIZE - super::ring::SLOTS) / SLOT_SIZE;
    1 << fit.ilog2()
}

/// The unit of `sector_number`, `first_sect`, `last_sect` and the key `sectors`, whatever `sector-size` is.
pub const SECTOR: u64 = 512;
/// Of those, in a page.
pub const SECTORS_PER_PAGE: u8 = 8;

/// Bits of the key `info`: a CD-ROM.
pub const VDISK_CDROM: u64 = 1;
/// A medium that can be taken out.
pub const VDISK_REMOVABLE: u64 = 2;
/// Read-only.
pub const VDISK_READONLY: u64 = 4;

/// Offsets in a request.
pub mod request {
    /// `operation`, 8 bits
    pub const OPERATION: usize = 0;
    /// `nr_segments`, 8 bits
    pub const NR_SEGMENTS: usize = 1;
    /// `handle`, 16 bits
    pub const HANDLE: usize = 2;
    /// `id`, 64 bits
    pub const ID: usize = 8;
    /// `sector_number`, 64 bits
    pub const SECTOR_NUMBER: usize = 16;
    /// Segments: grant reference (32 bits), first and last sector (8 bits each), padding.
    pub const SEGMENTS: usize = 24;
    /// Bytes in a segment.
    pub const SEGMENT_SIZE: usize = 8;
}

/// Offsets in an indirect request, where they differ.
pub mod indirect {
    /// `indirect_op`, 8 bits
    pub const OPERATION: usize = 1;
    /// `nr_segments`, 16 bits
    pub const NR_SEGMENTS: usize = 2;
    /// `handle`, 16 bits
    pub const HANDLE: usize = 24;
    /// `indirect_grefs`: grant references (32 bits) of pages of segments.
    pub const REFERENCES: usize = 28;
}

/// Offsets in a discard, where they differ.
pub mod discard {
    /// `flag`, 8 bits: 0, or 1 for a secure one.
    pub const FLAG: usize = 1;
    /// `nr_sectors`, 64 bits
    pub const NR_SECTORS: usize = 24;
}

/// Offsets in a response.
pub mod response {
    /// Bytes in a response.
    pub const SIZE: usize = 16;
    /// `id`, 64 bits
    pub const ID: usize = 0;
    /// `operation`, 8 bits
    pub const OPERATION: usize = 8;
    /// `status`, 16 bits, signed
    pub const STATUS: usize = 10;
}

const_assert_eq!(
    request::SEGMENTS + MAX_SEGMENTS * request::SEGMENT_SIZE,
    SLOT_SIZE
);
const_assert_eq!(ring_slots(1), 32);
const_assert_eq!(ring_slots(16), 512);
