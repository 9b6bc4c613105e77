// SPDX-License-Identifier: GPL-2.0-or-later
//! Grant tables, version 1; source: `grant_table.h`.

/// Ask for the current and the greatest size; takes [`QuerySize`].
pub const QUERY_SIZE: u64 = 6;

/// Bytes in an entry: flags (16 bits), domain (16 bits), frame (32 bits).
pub const ENTRY_SIZE: usize = 8;
/// Entries in a frame of the table.
pub const ENTRIES_PER_FRAME: u32 = 512;
/// Offset of an entry's frame number.
pub const ENTRY_FRAME: usize = 4;
/// References below this one are for the toolstack.
pub const RESERVED_ENTRIES: u32 = 8;

/// Entry flags: the domain may map the frame.
pub const PERMIT_ACCESS: u16 = 1;
/// Entry flags: it may only read.
pub const READONLY: u16 = 1 << 2;
/// Entry flags, set by Xen: it is mapped for reading.
pub const READING: u16 = 1 << 3;
/// Entry flags, set by Xen: it is mapped for writing.
pub const WRITING: u16 = 1 << 4;

/// `struct gnttab_query_size`.
#[repr(C)]
pub struct QuerySize {
    /// Which domain.
    pub dom: u16,
    /// Out: frames in use.
    pub nr_frames: u32,
    /// Out: frames allowed.
    pub max_nr_frames: u32,
    /// Out: 0 or an error.
    pub status: i16,
}
