// SPDX-License-Identifier: GPL-2.0-or-later
//! vCPU operations; source: `vcpu.h`.

/// Have Xen keep the state of a vCPU in memory; takes [`RegisterRunstate`].
pub const REGISTER_RUNSTATE_MEMORY_AREA: u64 = 5;

/// `struct vcpu_register_runstate_memory_area`.
#[repr(C)]
pub struct RegisterRunstate {
    /// Virtual address of a [`Runstate`]; 0 ends it.
    pub address: u64,
}

/// `struct vcpu_runstate_info`.
#[repr(C)]
pub struct Runstate {
    /// Running, runnable, blocked or offline.
    pub state: i32,
    /// System time, in nanoseconds, at which it entered that state.
    pub state_entry_time: u64,
    /// Nanoseconds spent in each state.
    pub time: [u64; 4],
}
