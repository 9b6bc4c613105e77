// SPDX-License-Identifier: GPL-2.0-or-later
//! What Xen tells of itself; source: `version.h` and `features.h`.

/// Major version in the upper 16 bits, minor in the lower.
pub const VERSION: u64 = 0;
/// Text that follows the version.
pub const EXTRAVERSION: u64 = 1;
/// Kinds of guests, separated by spaces.
pub const CAPABILITIES: u64 = 3;
/// Which source Xen was built from.
pub const CHANGESET: u64 = 4;
/// A [`FeatureInfo`] is filled in.
pub const GET_FEATURES: u64 = 6;
/// Bytes in a page.
pub const PAGESIZE: u64 = 7;

/// Bytes that the longest text needs, `xen_capabilities_info_t`.
pub const TEXT_MAX: usize = 1024;

/// `struct xen_feature_info`
#[repr(C)]
pub struct FeatureInfo {
    /// Which 32 features; there is only 0.
    pub submap_idx: u32,
    /// A bit for each.
    pub submap: u32,
}

/// The features' names, by bit.
pub const FEATURES: [&str; 21] = [
    "writable_page_tables",
    "writable_descriptor_tables",
    "auto_translated_physmap",
    "supervisor_mode_kernel",
    "pae_pgdir_above_4gb",
    "mmu_pt_update_preserve_ad",
    "highmem_assist",
    "gnttab_map_avail_bits",
    "hvm_callback_vector",
    "hvm_safe_pvclock",
    "hvm_pirqs",
    "dom0",
    "grant_map_identity",
    "memory_op_vnode_supported",
    "ARM_SMCCC_supported",
    "linux_rsdp_unrestricted",
    "not_direct_mapped",
    "direct_mapped",
    "runstate_phys_area",
    "vcpu_time_phys_area",
    "dm_msix_all_writes",
];
