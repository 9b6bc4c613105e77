// SPDX-License-Identifier: GPL-2.0-or-later
//! The scheduler; source: `sched.h`.

/// Let another vCPU run; takes nothing.
pub const YIELD: u64 = 0;
/// Sleep until an event or a time; takes [`Poll`].
pub const POLL: u64 = 3;

/// `struct sched_poll`.
#[repr(C)]
pub struct Poll {
    /// Address of an array of ports.
    pub ports: u64,
    /// Their number.
    pub nr_ports: u32,
    /// System time in nanoseconds at which to wake; 0 is never.
    pub timeout: u64,
}
