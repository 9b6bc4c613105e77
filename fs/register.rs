// SPDX-License-Identifier: GPL-2.0-or-later
//! How a file system registers: the last item of its folder's `mod.rs`.

use crate::FileSystem;
use alloc::boxed::Box;
use alloc::sync::Arc;
use common::Result;
use disk::BlockRange;
use linkme::distributed_slice;

/// The file systems of this image; [`file_system!`](crate::file_system) adds to it.
#[allow(unsafe_code)]
#[distributed_slice]
pub static FILE_SYSTEMS: [Driver];

/// Opens a file system, if the range holds one of its kind.
pub type Probe = fn(&Arc<BlockRange>) -> Result<Option<Box<dyn FileSystem>>>;

/// A kind of file system.
pub struct Driver {
    /// What it is called.
    pub name: &'static str,
    /// Its place in the order of trying: a file system leaves traces of an
    /// older one on the disk when it does not use the place of its mark.
    pub order: u8,
    /// Opens it; `None` if the range holds something else.
    pub probe: Probe,
}

/// The file systems that need no disk; [`file_system_interface!`](crate::file_system_interface) adds to it.
#[allow(unsafe_code)]
#[distributed_slice]
pub static INTERFACES: [Interface];

/// A file system that is found by an interface's name alone.
pub struct Interface {
    /// The name, as commands use it: `hostfs`.
    pub name: &'static str,
    /// Opens it.
    pub open: fn() -> Box<dyn FileSystem>,
}

/// Registers a file system that needs no disk; takes the fields of an [`Interface`](crate::Interface).
#[macro_export]
macro_rules! file_system_interface {
    ($($field:ident: $value:expr),+ $(,)?) => {
        const _: () = {
            #[allow(unsafe_code)]
            #[$crate::linkme::distributed_slice($crate::INTERFACES)]
            #[linkme(crate = $crate::linkme)]
            static ENTRY: $crate::Interface = $crate::Interface { $($field: $value),+ };
        };
    };
}

/// Registers a file system; takes the fields of a [`Driver`](crate::Driver).
#[macro_export]
macro_rules! file_system {
    ($($field:ident: $value:expr),+ $(,)?) => {
        const _: () = {
            #[allow(unsafe_code)]
            #[$crate::linkme::distributed_slice($crate::FILE_SYSTEMS)]
            #[linkme(crate = $crate::linkme)]
            static ENTRY: $crate::Driver = $crate::Driver { $($field: $value),+ };
        };
    };
}
