// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot flows: what was found that can be booted, and looking for it.
//!
//! Of each disk, partitions that are marked bootable are tried before the
//! others, and a disk without a partition table as a whole. Something that is
//! broken keeps nothing else from being tried.
//!
//! Behaviour: U-Boot, `doc/develop/bootstd/overview.rst`. Unlike there,
//! partitions that are not bootable are tried too, and there is a method for a
//! kernel without any configuration.

use crate::bootdev::Bootdev;
use crate::bootm::{self, Failed, Images};
use crate::bootmeth::{BootMethod, Machine};
use crate::loader::Loader;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use common::{Error, Result, console, println};
use core::ops::ControlFlow;
use disk::{PartType, Partition, PartitionKind};
use dm::Model;
use dm::blk::Disk;
use fs::FileSystem;
use include::errno;

/// How much of what a boot said last is its reason to fail.
const REASON_LINES: usize = 2;

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
    /// The user has pressed Ctrl-C: nothing else is to be tried.
    Interrupted,
}

impl BootError {
    /// The number that stands for it.
    pub fn number(self) -> i32 {
        match self {
            BootError::Failed => -errno::EFAULT,
            BootError::Status(status) => status,
            BootError::Interrupted => Error::Interrupted.errno(),
        }
    }
}

impl From<Failed> for BootError {
    fn from(Failed: Failed) -> BootError {
        BootError::Failed
    }
}

/// What was done to find a flow or to boot it, and how many microseconds it took.
pub type Step = (&'static str, u64);

/// What a method found on a partition, or how far it came.
#[derive(Clone)]
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
    /// The folder that a script is told, with a slash at the end.
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
    /// What was done. What several flows have in common is told with the first of them.
    pub steps: Vec<Step>,
    /// Why it did not boot, if that was tried.
    pub failure: Option<String>,
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
            steps: Vec::new(),
            failure: None,
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
    /// If it does not work; the console has been told.
    pub fn boot(&mut self, machine: &mut dyn Machine) -> core::result::Result<(), BootError> {
        println!(
            "** Booting bootflow '{}' with {}",
            self.name, self.method.name
        );
        if self.state != State::Ready {
            println!("Bootflow not loaded (state '{}')", self.state.name());
            return Err(BootError::Status(-errno::EPROTO));
        }
        let start = arch::time::us();
        console::begin_transcript();
        let booted = (self.method.boot)(machine, self);
        let said = console::end_transcript();
        self.steps.retain(|(step, _)| *step != "boot");
        self.steps.push(since("boot", start));
        self.failure = booted.err().map(|_| reason(&said));
        let number = booted.err().unwrap_or(BootError::Failed).number();
        println!("Boot failed (err={number})");
        booted
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
        load(&mut loader, model).map_err(|Failed| match loader.is_interrupted() {
            true => BootError::Interrupted,
            false => BootError::Failed,
        })
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

/// What a scan tells.
pub enum Event<'a> {
    /// It goes on with this device.
    Bootdev(&'a Bootdev),
    /// What a method found, or how far it came.
    Flow(Box<Bootflow>),
}

/// A look at disks.
pub struct Scan<'a> {
    /// The devices.
    pub model: &'a Model,
    /// How to boot, in the order of trying.
    pub methods: &'a [&'static BootMethod],
    /// The only partition to look at.
    pub part: Option<u32>,
}

/// What is told of everything.
type Each<'a> = &'a mut dyn FnMut(Event<'_>) -> ControlFlow<Result<()>>;

impl Scan<'_> {
    /// Looks at disks in this order; tells `each` everything, until that breaks.
    ///
    /// # Errors
    /// [`Error::Interrupted`] by Ctrl-C, or what `each` breaks with.
    pub fn run(&self, bootdevs: &[Bootdev], each: Each<'_>) -> Result<()> {
        let _begun = dm::blk::begin(self.model, |interface, number| {
            let mut wanted = bootdevs.iter();
            wanted.any(|bootdev| bootdev.interface == interface && bootdev.number == number)
        });
        let end = bootdevs.iter().try_for_each(|bootdev| {
            each(Event::Bootdev(bootdev))?;
            self.disk(bootdev, each)
        });
        end.break_value().unwrap_or(Ok(()))
    }

    fn disk(&self, bootdev: &Bootdev, each: Each<'_>) -> ControlFlow<Result<()>> {
        let start = arch::time::us();
        let disk = bootdev.disk(self.model);
        let mut steps = alloc::vec![since("disk", start)];
        let disk = match disk {
            Ok(disk) => disk,
            Err(error) => return self.no_disk(bootdev, (State::Base, error), steps, each),
        };
        let start = arch::time::us();
        let partitions = self.partitions(&disk);
        steps.push(since("partitions", start));
        let (whole, partitions) = match partitions {
            Ok(partitions) => partitions,
            Err(error) => return self.no_disk(bootdev, (State::Media, error), steps, each),
        };
        if !whole {
            let steps = core::mem::take(&mut steps);
            self.no_disk(bootdev, (State::Media, Error::NotFound), steps, each)?;
        }
        partitions
            .iter()
            .try_for_each(|partition| self.partition(bootdev, partition, &mut steps, each))
    }

    /// What each method is told of a disk that cannot be used as a whole.
    fn no_disk(
        &self,
        bootdev: &Bootdev,
        (state, error): (State, Error),
        mut steps: Vec<Step>,
        each: Each<'_>,
    ) -> ControlFlow<Result<()>> {
        for method in self.methods {
            let mut flow = Bootflow::new(bootdev, method, &no_partition());
            flow.state = state;
            flow.error = Some(error);
            flow.steps.append(&mut steps);
            each(Event::Flow(Box::new(flow)))?;
        }
        ControlFlow::Continue(())
    }

    /// The bootable partitions first; the whole disk if it has no table, and whether it has none.
    fn partitions(&self, disk: &Disk) -> Result<(bool, Vec<Partition>)> {
        let (kind, mut partitions) = disk::list(disk)?;
        let whole = kind == PartType::Unknown;
        if whole {
            partitions = alloc::vec![Partition::whole_disk(disk)];
        }
        partitions.retain(|partition| self.part.is_none_or(|part| part == partition.number));
        partitions.sort_by_key(|partition| (!partition.bootable, partition.number));
        Ok((whole, partitions))
    }

    fn partition(
        &self,
        bootdev: &Bootdev,
        partition: &Partition,
        steps: &mut Vec<Step>,
        each: Each<'_>,
    ) -> ControlFlow<Result<()>> {
        let start = arch::time::us();
        let open = || fs::open(&bootdev.disk(self.model)?, partition);
        let mut files = open();
        steps.push(since("file system", start));
        for method in self.methods {
            if console::ctrlc() {
                return ControlFlow::Break(Err(Error::Interrupted));
            }
            let mut flow = Bootflow::new(bootdev, method, partition);
            flow.steps.append(steps);
            match &files {
                Ok(files) => {
                    let start = arch::time::us();
                    flow.state = State::Fs;
                    flow.error = (method.read)(&mut flow, files.as_ref()).err();
                    flow.steps.push(since("files", start));
                }
                Err(error) => {
                    flow.state = State::Part;
                    flow.error = Some(*error);
                }
            }
            let may_boot = flow.state == State::Ready;
            each(Event::Flow(Box::new(flow)))?;
            if may_boot {
                // A hand-over that was given up has stopped all devices.
                files = open();
            }
        }
        ControlFlow::Continue(())
    }
}

fn since(step: &'static str, start: u64) -> Step {
    (step, arch::time::us().saturating_sub(start))
}

/// Stands for the whole of a disk of which nothing is known.
fn no_partition() -> Partition {
    Partition {
        number: 0,
        start: 0,
        blocks: 0,
        block_size: 0,
        name: String::new(),
        kind: PartitionKind::WholeDisk,
        uuid: String::new(),
        bootable: false,
    }
}

/// Why a boot failed: what was said last.
fn reason(said: &str) -> String {
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut last: Vec<&str> = lines.rev().take(REASON_LINES).collect();
    last.reverse();
    match last.is_empty() {
        true => String::from("no reason was given"),
        false => last.join("; "),
    }
}
