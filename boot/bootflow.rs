// SPDX-License-Identifier: GPL-2.0-or-later
//! Looking for something to boot: every disk, every partition, every boot method.
//!
//! Disks are tried by interface and number, partitions that are marked bootable
//! before the others, a disk without a partition table as a whole. Something
//! that is broken is told and left out.
//!
//! Behaviour: U-Boot, `doc/develop/bootstd/overview.rst`. Unlike there,
//! partitions that are not bootable are tried too, and there is a method for a
//! kernel without any configuration.

use crate::bootm::{self, Failed, Images};
#[cfg(CONFIG_BOOTMETH_EXTLINUX)]
use crate::bootmeth_extlinux;
#[cfg(CONFIG_BOOTMETH_IMAGE)]
use crate::bootmeth_image;
use crate::loader::Loader;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use arch::mem::Ram;
use common::{Error, println};
use core::ops::ControlFlow;
use disk::{PartType, Partition};
use dm::Model;
use dm::blk::Disk;
use env::Env;
use fs::{FileSystem, FileType};

/// Takes loaded images on; returns only if they do not boot, or as [`bootm::start`] does.
type Boot<'a> = &'a mut dyn FnMut(&mut Loader<'_>, &Images) -> Result<(), Failed>;

/// A way to boot.
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// The files that show that a partition can be booted so.
    files: &'static [&'static str],
    boot: fn(&mut Loader<'_>, &str, Boot<'_>) -> Result<(), Failed>,
}

/// The methods, in the order they are tried on each partition.
static METHODS: &[Method] = &[
    #[cfg(CONFIG_BOOTMETH_EXTLINUX)]
    Method {
        name: "extlinux",
        files: bootmeth_extlinux::FILES,
        boot: bootmeth_extlinux::boot,
    },
    #[cfg(CONFIG_BOOTMETH_IMAGE)]
    Method {
        name: "image",
        files: bootmeth_image::FILES,
        boot: bootmeth_image::boot,
    },
];

/// Something that can be booted.
pub struct Bootflow {
    /// How.
    pub method: &'static Method,
    /// The disk.
    pub disk: Disk,
    /// The partition; 0 is the whole disk.
    pub part: u32,
    /// The file that the method found.
    pub file: &'static str,
    files: Box<dyn FileSystem>,
}

impl Bootflow {
    /// Its name, by the place where it was found.
    pub fn name(&self) -> String {
        name(&self.disk, self.part)
    }

    /// Boots it; returns only if that does not work, or as [`bootm::start`] does.
    ///
    /// # Errors
    /// If it does not work.
    pub fn boot(&self, ram: &mut Ram, env: &mut Env, model: &Model) -> Result<(), Failed> {
        println!(
            "** Booting bootflow '{}' with {}",
            self.name(),
            self.method.name
        );
        let folder = self.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut loader = Loader::new(ram, env, self.files.as_ref(), folder);
        (self.method.boot)(&mut loader, self.file, &mut |loader, images| {
            let handover = bootm::prepare(loader.ram, loader.env, images)?;
            bootm::start(loader.ram, model, handover)
        })
        .inspect_err(|_| println!("Boot failed"))
    }
}

/// Calls `each` for all that can be booted, until it breaks. With `only`, just
/// the disks of that interface (`pvblock`) or that disk (`pvblock1`) count.
pub fn scan(model: &Model, only: Option<&str>, each: &mut dyn FnMut(Bootflow) -> ControlFlow<()>) {
    for interface in dm::blk::interfaces(model) {
        for number in dm::blk::numbers(model, interface) {
            let wanted = |only: &str| only == interface || only == format!("{interface}{number}");
            if !only.is_none_or(wanted) {
                continue;
            }
            let flow = match dm::blk::get(model, interface, number) {
                Ok(disk) => scan_disk(&disk, each),
                Err(error) => {
                    println!("{interface} {number}: {error}");
                    ControlFlow::Continue(())
                }
            };
            if flow.is_break() {
                return;
            }
        }
    }
}

fn scan_disk(disk: &Disk, each: &mut dyn FnMut(Bootflow) -> ControlFlow<()>) -> ControlFlow<()> {
    let partitions = partitions(disk).unwrap_or_else(|error| {
        println!("{} {}: {error}", disk.interface, disk.number);
        Vec::new()
    });
    for partition in partitions {
        for method in METHODS {
            if common::console::ctrlc() {
                println!("<INTERRUPT>");
                return ControlFlow::Break(());
            }
            match find(disk, &partition, method) {
                Ok(Some(flow)) => each(flow)?,
                Ok(None) => {}
                Err(error) => println!("{}: {error}", name(disk, partition.number)),
            }
        }
    }
    ControlFlow::Continue(())
}

/// The bootable partitions first; the whole disk if it has no table.
fn partitions(disk: &Disk) -> common::Result<Vec<Partition>> {
    let (kind, mut partitions) = disk::list(disk)?;
    if kind == PartType::Unknown {
        return Ok(alloc::vec![Partition::whole_disk(disk)]);
    }
    partitions.sort_by_key(|partition| (!partition.bootable, partition.number));
    Ok(partitions)
}

/// What a method finds on a partition. One without a file system has nothing.
fn find(
    disk: &Disk,
    partition: &Partition,
    method: &'static Method,
) -> common::Result<Option<Bootflow>> {
    let files = match fs::open(disk, partition) {
        Ok(files) => files,
        Err(Error::Unsupported(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    for file in method.files {
        match files.metadata(file) {
            Ok(metadata) if metadata.kind == FileType::Regular => {
                let (disk, part) = (disk.clone(), partition.number);
                return Ok(Some(Bootflow {
                    method,
                    disk,
                    part,
                    file,
                    files,
                }));
            }
            Ok(_) | Err(Error::NotFound | Error::NotADirectory) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn name(disk: &Disk, part: u32) -> String {
    let part = if part == 0 {
        String::from("whole")
    } else {
        format!("part_{part:x}")
    };
    format!("{}{}.bootdev.{part}", disk.interface, disk.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extlinux_comes_before_the_bare_image() {
        let names: Vec<_> = METHODS.iter().map(|method| method.name).collect();
        assert_eq!(names, ["extlinux", "image"]);
        assert!(
            METHODS
                .iter()
                .all(|method| method.files.iter().all(|file| file.starts_with('/')))
        );
    }
}
