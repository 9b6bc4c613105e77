// SPDX-License-Identifier: GPL-2.0-or-later
//! Flattened device trees: reading, editing in place, overlays.
//!
//! A tree is a block of bytes that anybody may have written, so it is checked
//! as a whole before anything else is done with it ([`Fdt::new`]); after that
//! no access can go astray. Edits keep within the tree's `totalsize`, and put
//! new properties and nodes where libfdt puts them, so that a tree printed
//! after an edit looks the same as U-Boot's.
//!
//! - `error`: what can be wrong, with libfdt's names
//! - `read`: [`Fdt`], `node`: its nodes and properties
//! - `edit`: [`FdtMut`], `layout`: [`open_into`]
//! - `overlay`: [`overlay::apply`]
//!
//! Source: Devicetree Specification 0.4, chapter 5 (format) and appendix on
//! overlays of the dtc project; behaviour of libfdt.

mod edit;
mod error;
mod layout;
mod node;
pub mod overlay;
mod read;
#[cfg(test)]
pub(crate) mod testing;

pub use edit::FdtMut;
pub use error::FdtError;
pub use layout::{open_into, set_totalsize, zeroed};
pub use node::{Entry, Node, Property, strings};
pub use read::{Fdt, Reservation, header_field};

/// Bytes of the header.
pub const HEADER_LEN: usize = 40;
/// The header's fields, by position.
pub const HEADER_FIELDS: [&str; 10] = [
    "magic",
    "totalsize",
    "off_dt_struct",
    "off_dt_strings",
    "off_mem_rsvmap",
    "version",
    "last_comp_version",
    "boot_cpuid_phys",
    "size_dt_strings",
    "size_dt_struct",
];
/// Position of `totalsize` in the header.
pub const TOTALSIZE: usize = 1;
/// Position of `off_dt_struct` in the header.
pub const OFF_STRUCT: usize = 2;
/// Position of `off_dt_strings` in the header.
pub const OFF_STRINGS: usize = 3;
/// Position of `off_mem_rsvmap` in the header.
pub const OFF_RESERVATIONS: usize = 4;
/// Position of `version` in the header.
pub const VERSION: usize = 5;
/// Position of `last_comp_version` in the header.
pub const LAST_COMPATIBLE: usize = 6;
/// Position of `boot_cpuid_phys` in the header.
pub const BOOT_CPU: usize = 7;
/// Position of `size_dt_strings` in the header.
pub const SIZE_STRINGS: usize = 8;
/// Position of `size_dt_struct` in the header.
pub const SIZE_STRUCT: usize = 9;

/// The magic number.
pub const MAGIC: u32 = 0xd00d_feed;
/// The one version in use since 2005.
pub const SUPPORTED_VERSION: u32 = 17;
/// How deep nodes may be nested; Linux's own limit.
pub const MAX_DEPTH: usize = 64;
/// The longest name of a property, in bytes. Any number of them can share a place, so that without
/// a limit a tree of some MiB could take hours to check.
pub const NAME_MAX: usize = 1023;

const BEGIN_NODE: u32 = 1;
const END_NODE: u32 = 2;
const PROP: u32 = 3;
const NOP: u32 = 4;
const END: u32 = 9;
/// Bytes of a token.
const TOKEN: usize = 4;
/// Bytes of a property before its value: token, length, name.
const PROP_HEADER: usize = 12;
/// Bytes of an entry of the memory reservation block.
const RESERVATION: usize = 16;

fn add(a: usize, b: usize) -> Result<usize, FdtError> {
    a.checked_add(b).ok_or(FdtError::BadStructure)
}

/// Rounds up to whole tokens.
fn align(len: usize) -> Result<usize, FdtError> {
    len.checked_next_multiple_of(TOKEN)
        .ok_or(FdtError::BadStructure)
}

/// A length as the format stores it.
fn to_u32(len: usize) -> Result<u32, FdtError> {
    u32::try_from(len).map_err(|_| FdtError::NoSpace)
}
