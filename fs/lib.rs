// SPDX-License-Identifier: GPL-2.0-or-later
//! File systems: one folder for each, behind one trait.
//!
//! [`open`] finds out what a partition holds. A file system reads through a
//! [`BlockRange`]: its own structures in small pieces, which are cached, and
//! the contents of files in runs as long as the layout allows, straight into
//! the caller's buffer. Writing is optional: what a file system cannot do, it
//! says.
//!
//! All of them are our own. The crates that exist copy files through
//! small buffers, cannot say which block of a disk failed, or refuse features
//! that Debian's `mke2fs` and a guest that was ended without a shutdown leave.
#![no_std]
// `forbid` would also forbid the registrations, which place a static in a section.
#![deny(unsafe_code)]
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

#[macro_use]
mod register;
mod pieces;

#[cfg(CONFIG_FS_EXT4)]
pub mod ext4;
#[cfg(CONFIG_FS_FAT)]
pub mod fat;
#[cfg(CONFIG_FS_SANDBOX)]
mod sandbox;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::{Error, Result};
use disk::{BlockRange, Partition};
use dm::blk::Disk;

pub use register::{Driver, FILE_SYSTEMS, INTERFACES, Interface, Probe};

#[doc(hidden)]
pub use linkme;

/// What a name in a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// A file with contents.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A device, a pipe or a socket.
    Other,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: FileType,
    /// Bytes of its contents.
    pub size: u64,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The name; not every file system says that it is UTF-8.
    pub name: Vec<u8>,
    /// What it is; a symbolic link is not followed.
    pub kind: FileType,
    /// Bytes of its contents.
    pub size: u64,
}

/// How much a file system can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes of the unit in which room is given to files.
    pub unit: u64,
    /// How many units there are for files.
    pub total: u64,
    /// How many of them are free.
    pub free: u64,
}

/// What a file system answers that cannot be written to.
const NO_WRITING: Error = Error::Unsupported("writing to this file system");

/// A file system on a partition.
///
/// Paths start at the root directory, with or without a slash; symbolic links
/// are followed.
///
/// All methods fail with [`Error::Io`] when the device does, with
/// [`Error::Corrupt`] when the file system's own rules are broken, and with
/// [`Error::Unsupported`] when it uses a feature that is unknown here.
///
/// The methods that change something also fail with [`Error::ReadOnly`] and
/// [`Error::NoSpace`]; but for an I/O error in the middle, they have done all
/// or nothing, and what they have done is durable. A file system that cannot
/// do one of them says [`Error::Unsupported`].
pub trait FileSystem: Send + Sync {
    /// What it is called: `fat`, `ext4`.
    fn name(&self) -> &'static str;

    /// The label of the volume; empty if it has none.
    fn label(&self) -> String;

    /// The identity of the volume, as `/dev/disk/by-uuid` has it.
    fn uuid(&self) -> String;

    /// What a path leads to.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotADirectory`] for a part of the path
    /// that is not the last one, or as the trait says.
    fn metadata(&self, path: &str) -> Result<Metadata>;

    /// Reads a file from `offset` on and returns how many bytes there were,
    /// fewer than `buf` holds only at the end of the file.
    ///
    /// # Errors
    /// [`Error::IsADirectory`], [`Error::Unsupported`] for devices and the
    /// like, or as [`FileSystem::metadata`].
    fn read(&self, path: &str, offset: u64, buf: &mut [u8]) -> Result<usize>;

    /// Calls `each` for the names in a directory, in the order of the disk,
    /// until it fails.
    ///
    /// # Errors
    /// [`Error::NotADirectory`], what `each` says, or as [`FileSystem::metadata`].
    fn list(&self, path: &str, each: &mut dyn FnMut(DirEntry) -> Result<()>) -> Result<()>;

    /// Writes to a file from `offset` on. The file then ends with `data`,
    /// whether it was shorter or longer; one that is not there is made, if the
    /// file system can.
    ///
    /// # Errors
    /// [`Error::IsADirectory`]; [`Error::NotFound`] for a missing directory;
    /// [`Error::Invalid`] for an impossible name, or an offset beyond the end
    /// of the file; or as the trait says.
    fn write(&self, _path: &str, _offset: u64, _data: &[u8]) -> Result<()> {
        Err(NO_WRITING)
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::NotFound`] for a missing parent,
    /// [`Error::Invalid`] for an impossible name, or as the trait says.
    fn mkdir(&self, _path: &str) -> Result<()> {
        Err(NO_WRITING)
    }

    /// Removes a file or an empty directory.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotEmpty`], [`Error::Invalid`] for what
    /// cannot go, or as the trait says.
    fn remove(&self, _path: &str) -> Result<()> {
        Err(NO_WRITING)
    }

    /// Gives a file or directory another path; a file, or an empty directory,
    /// of the same kind that is there already is replaced.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotEmpty`], [`Error::NotADirectory`] and
    /// [`Error::IsADirectory`] for a target of the other kind,
    /// [`Error::Invalid`] for a directory that would move into itself or an
    /// impossible name, or as the trait says.
    fn rename(&self, _from: &str, _to: &str) -> Result<()> {
        Err(NO_WRITING)
    }

    /// Makes a symbolic link at `path` that leads to `target`.
    ///
    /// # Errors
    /// As the trait says.
    fn symlink(&self, _target: &str, _path: &str) -> Result<()> {
        Err(Error::Unsupported(
            "making symbolic links on this file system",
        ))
    }

    /// How much it can hold, and how much of that is free.
    ///
    /// # Errors
    /// As the trait says.
    fn space(&self) -> Result<Space> {
        Err(Error::Unsupported(
            "this file system does not say how much is free",
        ))
    }

    /// Whether a path leads to something.
    fn exists(&self, path: &str) -> bool {
        self.metadata(path).is_ok()
    }

    /// Bytes of a file; 0 for a directory.
    ///
    /// # Errors
    /// As [`FileSystem::metadata`].
    fn size(&self, path: &str) -> Result<u64> {
        let metadata = self.metadata(path)?;
        Ok(if metadata.kind == FileType::Directory {
            0
        } else {
            metadata.size
        })
    }
}

/// Opens the file system of a partition, whichever it is.
///
/// # Errors
/// [`Error::Unsupported`] if there is none that is known, or what its driver says.
pub fn open(disk: &Disk, partition: &Partition) -> Result<Box<dyn FileSystem>> {
    open_as(disk, partition, None)
}

/// As [`open`]; with a name, only that file system is looked for.
///
/// # Errors
/// As [`open`].
pub fn open_as(
    disk: &Disk,
    partition: &Partition,
    name: Option<&str>,
) -> Result<Box<dyn FileSystem>> {
    probe(&Arc::new(BlockRange::new(disk, partition)?), name)
}

/// As [`open_as`], for any range of bytes.
///
/// # Errors
/// As [`open`].
pub fn probe(range: &Arc<BlockRange>, name: Option<&str>) -> Result<Box<dyn FileSystem>> {
    find(range, name)?.ok_or(Error::Unsupported("no file system that is known"))
}

/// As [`probe`], but it is no error if there is none that is known.
///
/// # Errors
/// What a driver says of its own file system, or the device.
pub fn find(range: &Arc<BlockRange>, name: Option<&str>) -> Result<Option<Box<dyn FileSystem>>> {
    for driver in drivers()
        .into_iter()
        .filter(|driver| name.is_none_or(|name| name == driver.name))
    {
        if let Some(found) = (driver.probe)(range)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The file system of an interface that has no disks; `None` for all others.
pub fn on_interface(name: &str) -> Option<Box<dyn FileSystem>> {
    let interface = INTERFACES.iter().find(|interface| interface.name == name)?;
    Some((interface.open)())
}

/// What the file systems of this image are called: in the order they are
/// tried, then those that need no disk.
pub fn names() -> Vec<&'static str> {
    let on_disks = drivers().into_iter().map(|driver| driver.name);
    let mut others: Vec<_> = INTERFACES.iter().map(|i| (i.open)().name()).collect();
    others.sort_unstable();
    others.dedup();
    on_disks.chain(others).collect()
}

/// The file systems of this image, in the order they are tried.
pub fn drivers() -> Vec<&'static Driver> {
    let mut drivers: Vec<_> = FILE_SYSTEMS.iter().collect();
    drivers.sort_by_key(|driver| (driver.order, driver.name));
    drivers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_systems_are_registered_in_their_order() {
        let names: Vec<_> = drivers().iter().map(|driver| driver.name).collect();
        let expected = [("fat", cfg!(CONFIG_FS_FAT)), ("ext4", cfg!(CONFIG_FS_EXT4))];
        let expected: Vec<_> = expected
            .iter()
            .filter(|(_, on)| *on)
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(names, expected);
        assert!(super::names().starts_with(&names));
    }
}
