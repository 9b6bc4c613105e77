// SPDX-License-Identifier: GPL-2.0-or-later
//! The Xen interface on arm64.
//!
//! Source: `xen/include/public/` of the Xen tree; each module names its header.

pub mod event_channel;
pub mod grant_table;
pub mod hvm;
pub mod io;
pub mod memory;
pub mod sched;
pub mod vcpu;
pub mod version;

/// Hypercall numbers; source: `xen.h`.
pub mod hypercall {
    /// `memory_op`
    pub const MEMORY_OP: u64 = 12;
    /// `xen_version`
    pub const XEN_VERSION: u64 = 17;
    /// `grant_table_op`
    pub const GRANT_TABLE_OP: u64 = 20;
    /// `vcpu_op`
    pub const VCPU_OP: u64 = 24;
    /// `sched_op`
    pub const SCHED_OP: u64 = 29;
    /// `event_channel_op`
    pub const EVENT_CHANNEL_OP: u64 = 32;
    /// `hvm_op`
    pub const HVM_OP: u64 = 34;
}

/// Bytes in a page of Xen's interface.
pub const PAGE_SIZE: usize = 4096;
/// Its logarithm.
pub const PAGE_SHIFT: u32 = 12;

/// The caller's own domain, where a domain id is asked for.
pub const DOMID_SELF: u16 = 0x7ff0;

/// `struct shared_info` on arm64, as byte offsets; source: `xen.h`.
pub mod shared_info {
    /// `vcpu_info[0].evtchn_pending_sel`, 64 bits.
    pub const PENDING_SEL: usize = 8;
    /// `evtchn_pending`: 64 words of 64 bits, one bit a port.
    pub const EVTCHN_PENDING: usize = 48;
    /// `evtchn_mask`: 64 words of 64 bits.
    pub const EVTCHN_MASK: usize = EVTCHN_PENDING + 8 * WORDS;
    /// Words in each of the two.
    pub const WORDS: usize = 64;
    /// Ports that the two-level interface knows.
    pub const PORTS: u32 = 4096;
}
