// SPDX-License-Identifier: GPL-2.0-or-later
//! Parameters of the domain; source: `hvm/hvm_op.h`, `hvm/params.h`.

/// Read a parameter; takes [`Param`].
pub const GET_PARAM: u64 = 1;

/// Frame of XenStore's ring.
pub const STORE_PFN: u32 = 1;
/// Event port of XenStore.
pub const STORE_EVTCHN: u32 = 2;
/// Frame of the console's rings.
pub const CONSOLE_PFN: u32 = 17;
/// Event port of the console.
pub const CONSOLE_EVTCHN: u32 = 18;

/// `struct xen_hvm_param`.
#[repr(C)]
pub struct Param {
    /// Which domain.
    pub domid: u16,
    /// Padding.
    pub pad: u16,
    /// Which parameter.
    pub index: u32,
    /// Out: its value.
    pub value: u64,
}
