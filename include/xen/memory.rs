// SPDX-License-Identifier: GPL-2.0-or-later
//! The domain's physical map; source: `memory.h`.

/// Place a page of Xen's at a frame; takes [`AddToPhysmap`].
pub const ADD_TO_PHYSMAP: u64 = 7;
/// Take it away; takes [`RemoveFromPhysmap`].
pub const REMOVE_FROM_PHYSMAP: u64 = 15;

/// Space: the shared_info page.
pub const SPACE_SHARED_INFO: u32 = 0;
/// Space: frames of the grant table; asking for one beyond the end makes the table grow.
pub const SPACE_GRANT_TABLE: u32 = 1;

/// `struct xen_add_to_physmap`.
#[repr(C)]
pub struct AddToPhysmap {
    /// Which domain.
    pub domid: u16,
    /// Not used here.
    pub size: u16,
    /// Which space.
    pub space: u32,
    /// Index in that space.
    pub idx: u64,
    /// The guest frame it goes to.
    pub gpfn: u64,
}

/// `struct xen_remove_from_physmap`.
#[repr(C)]
pub struct RemoveFromPhysmap {
    /// Which domain.
    pub domid: u16,
    /// The guest frame.
    pub gpfn: u64,
}
