// SPDX-License-Identifier: GPL-2.0-or-later
//! Disks as their users see them: partition tables, names of partitions, byte ranges.
//!
//! - [`list`] reads a disk's partition table, with one file per kind of table;
//! - [`locate`] understands U-Boot's way to name a partition, `pvblock 0:1`;
//! - [`BlockRange`] reads any bytes of a partition with few device requests.
//!
//! Below is the block uclass ([`dm::blk`]), above are the file systems and the
//! commands.
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(CONFIG_DOS_PARTITION)]
pub mod dos;
#[cfg(CONFIG_EFI_PARTITION)]
pub mod efi;
pub mod le;
pub mod number;
mod part;
mod range;
mod signature;
mod spec;
#[cfg(test)]
mod testing;

pub use part::{PartType, Partition, PartitionKind, detect, list, print, set_type, table_names};
pub use range::{BlockRange, RangePiece};
pub use signature::signature;
pub use spec::{Location, SpecError, Whole, device, locate, locate_by_name};
