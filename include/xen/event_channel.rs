// SPDX-License-Identifier: GPL-2.0-or-later
//! Event channels; source: `event_channel.h`.

/// Close a port; takes [`Port`].
pub const CLOSE: u64 = 3;
/// Notify the other end; takes [`Port`].
pub const SEND: u64 = 4;
/// Allocate a port that a domain may bind to; takes [`AllocUnbound`].
pub const ALLOC_UNBOUND: u64 = 6;

/// `struct evtchn_close`, `struct evtchn_send`.
#[repr(C)]
pub struct Port {
    /// The local port.
    pub port: u32,
}

/// `struct evtchn_alloc_unbound`.
#[repr(C)]
pub struct AllocUnbound {
    /// Whose port it will be.
    pub dom: u16,
    /// Who may bind to it.
    pub remote_dom: u16,
    /// Out: the port.
    pub port: u32,
}
