// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot flows: what was found that can be booted, and looking for it.
//!
//! Disks are tried by interface and number, partitions that are marked bootable
//! before the others, a disk without a partition table as a whole. Something
//! that is broken keeps nothing else from being tried.
//!
//! Behaviour: U-Boot, `doc/develop/bootstd/overview.rst`. Unlike there,
//! partitions that are not bootable are tried too, and there is a method for a
//! kernel without any configuration.

use crate::bootdev::{self, Bootdev};
use crate::bootm::{self, Failed, Images};
use crate::bootmeth::{BootMethod, Machine};
use crate::loader::Loader;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use common::{Error, Result, println};
use core::ops::ControlFlow;
use disk::{PartType, Partition};
use dm::Model;
use dm::blk::Disk;
use fs::FileSystem;

/// How far a method came with a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing is known.
    Base,
    /// There is a disk.
    Media,
    /// There is a partition.
    Part,
    /// There is a file system.
    Fs,
    /// There is the method's file.
    File,
    /// It can be booted.
    Ready,
}

impl State {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            State::Base => "base",
            State::Media => "media",
            State::Part => "part",
            State::Fs => "fs",
            State::File => "file",
            State::Ready => "ready",
        }
    }
}

/// Why a boot did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootError {
    /// It did not; the console has been told why.
    Failed,
    /// A script ended with this status.
    Status(i32),
}

impl From<Failed> for BootError {
    fn from(Failed: Failed) -> BootError {
        BootError::Failed
    }
}

/// What a method found on a partition, or how far it came.
pub struct Bootflow {
    /// Where.
    pub bootdev: Bootdev,
    /// How to boot it.
    pub method: &'static BootMethod,
    /// The partition; number 0 is the whole disk.
    pub partition: Partition,
    /// Its name: `pvblock0.bootdev.part_1`.
    pub name: String,
    /// How far it came.
    pub state: State,
    /// Why it came no further.
    pub error: Option<Error>,
    /// The prefix below which the file was found, with a slash at the end.
    pub subdir: Option<String>,
    /// The file that was found, or the last one that was looked for.
    pub file: Option<String>,
    /// Bytes of the file.
    pub size: u64,
    /// The contents of the file, of methods that read it at once.
    pub buffer: Option<Vec<u8>>,
    /// What the method knows of the system's name.
    pub os_name: Option<String>,
    /// The command line that the user or the method wants.
    pub cmdline: Option<String>,
}

impl Bootflow {
    fn new(bootdev: &Bootdev, method: &'static BootMethod, partition: &Partition) -> Bootflow {
        let part = match partition.number {
            0 => String::from("whole"),
            number => format!("part_{number:x}"),
        };
        Bootflow {
            name: format!("{}.{part}", bootdev.name),
            bootdev: bootdev.clone(),
            method,
            partition: partition.clone(),
            state: State::Media,
            error: None,
            subdir: None,
            file: None,
            size: 0,
            buffer: None,
            os_name: None,
            cmdline: None,
        }
    }

    /// Its file system, opened anew: the disk may have changed since the flow was found.
    ///
    /// # Errors
    /// If the disk or its file system cannot be used any more.
    pub fn open(&self, model: &Model) -> Result<Box<dyn FileSystem>> {
        fs::open(&self.bootdev.disk(model)?, &self.partition)
    }

    /// The folder of the file: paths that do not begin at the root begin there.
    pub fn folder(&self) -> &str {
        let path = self.file.as_deref().unwrap_or_default();
        path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Boots it; returns only if that does not work, or as [`bootm::start`] does.
    ///
    /// # Errors
    /// If it does not work.
    pub fn boot(&mut self, machine: &mut dyn Machine) -> core::result::Result<(), BootError> {
        println!(
            "** Booting bootflow '{}' with {}",
            self.name, self.method.name
        );
        (self.method.boot)(machine, self).inspect_err(|_| println!("Boot failed"))
    }

    /// Calls `load` with a loader of its files, for methods that load images.
    ///
    /// # Errors
    /// If the file system cannot be used any more, or what `load` says.
    pub fn with_loader(
        &self,
        machine: &mut dyn Machine,
        load: impl FnOnce(&mut Loader<'_>, &Model) -> core::result::Result<(), Failed>,
    ) -> core::result::Result<(), BootError> {
        let (ram, env, model) = machine.parts();
        let files = self
            .open(model)
            .map_err(|error| bootm::failed(&self.name, error))?;
        let mut loader = Loader::new(ram, env, files.as_ref(), self.folder());
        Ok(load(&mut loader, model)?)
    }
}

/// Starts loaded images; returns only if that does not work, or as [`bootm::start`] does.
///
/// # Errors
/// As [`bootm::prepare`] and [`bootm::start`].
pub fn start(
    loader: &mut Loader<'_>,
    model: &Model,
    images: &Images,
) -> core::result::Result<(), Failed> {
    let handover = bootm::prepare(loader.ram, loader.env, images)?;
    bootm::start(loader.ram, model, handover)
}

/// Calls `each` for all that can be booted with these methods, until it
/// breaks. With `only`, just the disks of that interface (`pvblock`) or that
/// disk (`pvblock1`) count.
pub fn scan(
    model: &Model,
    methods: &[&'static BootMethod],
    only: Option<&str>,
    each: &mut dyn FnMut(Bootflow) -> ControlFlow<()>,
) {
    let is_wanted = |interface: &str, number: i32| {
        only.is_none_or(|only| only == interface || only == format!("{interface}{number}"))
    };
    let _begun = dm::blk::begin(model, is_wanted);
    for bootdev in bootdev::all(model) {
        if !is_wanted(bootdev.interface, bootdev.number) {
            continue;
        }
        let flow = match bootdev.disk(model) {
            Ok(disk) => scan_disk(&bootdev, &disk, methods, each),
            Err(error) => {
                println!("{} {}: {error}", bootdev.interface, bootdev.number);
                ControlFlow::Continue(())
            }
        };
        if flow.is_break() {
            return;
        }
    }
}

fn scan_disk(
    bootdev: &Bootdev,
    disk: &Disk,
    methods: &[&'static BootMethod],
    each: &mut dyn FnMut(Bootflow) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let partitions = partitions(disk).unwrap_or_else(|error| {
        println!("{} {}: {error}", disk.interface, disk.number);
        Vec::new()
    });
    for partition in partitions {
        let files = fs::open(disk, &partition);
        for method in methods {
            if common::console::ctrlc() {
                println!("<INTERRUPT>");
                return ControlFlow::Break(());
            }
            let mut flow = Bootflow::new(bootdev, method, &partition);
            match &files {
                Ok(files) => read(&mut flow, files.as_ref()),
                Err(error) => {
                    flow.state = State::Part;
                    flow.error = Some(*error);
                }
            }
            match flow.error {
                None => each(flow)?,
                Some(Error::NotFound | Error::Unsupported(_)) => {}
                Some(error) => println!("{}: {error}", flow.name),
            }
        }
    }
    ControlFlow::Continue(())
}

fn read(flow: &mut Bootflow, files: &dyn FileSystem) {
    flow.state = State::Fs;
    flow.error = (flow.method.read)(flow, files).err();
}

/// The bootable partitions first; the whole disk if it has no table.
fn partitions(disk: &Disk) -> Result<Vec<Partition>> {
    let (kind, mut partitions) = disk::list(disk)?;
    if kind == PartType::Unknown {
        return Ok(alloc::vec![Partition::whole_disk(disk)]);
    }
    partitions.sort_by_key(|partition| (!partition.bootable, partition.number));
    Ok(partitions)
}
