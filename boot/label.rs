// SPDX-License-Identifier: GPL-2.0-or-later
//! Boots what an [`extlinux`] configuration says: for the boot method of this
//! name and for `sysboot`.
//!
//! A kernel in one of U-Boot's own images goes the way of `bootm`, any other
//! that of `booti`. Neighbours: [`crate::loader`] brings the files into RAM,
//! [`tree`] makes the device tree.
//!
//! Behaviour: U-Boot, `boot/pxe_utils.c`.

mod tree;

use crate::bootargs::expand;
use crate::booti;
use crate::bootm::{Failed, Handover};
use crate::extlinux::{self, Config, Label};
use crate::find::Select;
use crate::image_names::printable;
use crate::loader::{ANYWHERE, Loader};
use crate::menu::{Choice, choose};
use crate::place::len;
use crate::spec::{Format, Part, Spec};
use crate::stages::{ALL, Bootm, Next, Selection};
use crate::standalone;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use arch::mem::Ram;
use common::println;
use core::ops::Range;

/// What the caller wants besides the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The user is asked, whatever the configuration says.
    pub prompt: bool,
    /// The label of `fallback` is meant instead of the default one.
    pub fallback: bool,
}

/// How it ended, if it was no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A kernel was started, on a machine that cannot run one, such as the sandbox.
    Started,
    /// The commands in the variable `localcmd` are to be run.
    LocalCommand,
    /// Nothing is to be done.
    Nothing,
}

/// Leaves for a kernel; returns only as [`bootm::start`] does.
///
/// [`bootm::start`]: crate::bootm::start
pub type Start<'a> = &'a mut dyn FnMut(&mut Loader<'_>, Handover) -> Result<(), Failed>;

/// Boots what the text of a configuration says: what the user chooses or the
/// default, and if that fails the others.
///
/// # Errors
/// If nothing of it could be booted, or the user wants none of it; the console has been
/// told. After Ctrl-C while a file was read, [`Loader::is_interrupted`].
pub fn boot(
    loader: &mut Loader<'_>,
    text: &[u8],
    options: Options,
    start: Start<'_>,
) -> Result<Outcome, Failed> {
    let config = configuration(loader, text, options);
    go_on(loader)?;
    let (chosen, order) = order(&config, choose(&config, loader.env));
    for index in order {
        let Some(label) = config.labels.get(index) else {
            continue;
        };
        let title = printable(label.title().as_bytes());
        println!("{}:\t{title}", index.saturating_add(1));
        match label.localboot {
            None => {}
            Some(0..) => match local(loader, label) {
                Err(Failed) if chosen != Some(index) => continue,
                local => return local,
            },
            Some(_) if chosen == Some(index) => return Ok(Outcome::Nothing),
            Some(_) => continue,
        }
        // A label that fails must not leave its command line to the next one.
        let bootargs = loader.env.get("bootargs").map(String::from);
        loader.forget();
        let loaded = load(loader, label).and_then(|loaded| go_on(loader).map(|()| loaded));
        let booted = loaded.and_then(|loaded| loaded.start(loader, start));
        let bootargs = bootargs.as_deref().unwrap_or("");
        _ = loader.env.set("bootargs", bootargs);
        if booted.is_ok() {
            return Ok(Outcome::Started);
        }
        go_on(loader)?;
    }
    Err(Failed)
}

/// What was not loaded because of Ctrl-C is not done without, and nothing else is tried.
fn go_on(loader: &Loader<'_>) -> Result<(), Failed> {
    match loader.is_interrupted() {
        true => Err(Failed),
        false => Ok(()),
    }
}

fn configuration(loader: &mut Loader<'_>, text: &[u8], options: Options) -> Config {
    let text = String::from_utf8_lossy(text);
    let mut config = extlinux::parse(&text, &mut |path| {
        let bytes = loader.read(path, extlinux::MAX_LEN).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    });
    config.prompt |= options.prompt;
    if options.fallback {
        match config.fallback.take() {
            Some(label) => {
                println!("Setting use of fallback");
                config.default = Some(label);
            }
            None => println!("Selected fallback option, but not set"),
        }
    }
    config
}

/// The label that was chosen, and the order in which all of them are tried.
fn order(config: &Config, choice: Choice) -> (Option<usize>, Vec<usize>) {
    let all = 0..config.labels.len();
    match choice {
        Choice::Label(chosen) => {
            let others = all.filter(|&index| index != chosen);
            (Some(chosen), [chosen].into_iter().chain(others).collect())
        }
        Choice::None => (None, all.collect()),
        Choice::Interrupted => (None, Vec::new()),
    }
}

/// A label that starts no kernel itself.
fn local(loader: &mut Loader<'_>, label: &Label) -> Result<Outcome, Failed> {
    if loader.env.get("localcmd").is_none() {
        println!("missing environment variable: localcmd");
        return Err(Failed);
    }
    if let Some(append) = &label.append {
        let bootargs = expand(append, loader.env);
        _ = loader.env.set("bootargs", &bootargs);
    }
    Ok(Outcome::LocalCommand)
}

/// A label whose files are in RAM.
struct Loaded<'a> {
    kernel: Range<u64>,
    /// The configuration of a FIT image.
    configuration: Option<&'a str>,
    initrd: Source,
    fdt: Source,
}

/// Where an image is that goes with a kernel.
enum Source {
    /// Nothing is said about it.
    Default,
    /// It is in the FIT image of the kernel.
    InKernel,
    /// It is here.
    At(Range<u64>),
}

fn load<'a>(loader: &mut Loader<'_>, label: &'a Label) -> Result<Loaded<'a>, Failed> {
    let name = printable(label.name.as_bytes());
    let skip = |what: &str| {
        println!("Skipping {name} for failure retrieving {what}");
        Failed
    };
    let Some((kernel, configuration)) = label.kernel_parts() else {
        println!("No kernel given, skipping {name}");
        return Err(Failed);
    };
    // What an image with a header says of its place is most often low: it must not be in its own way.
    let variable = match loader.format_of(kernel) {
        Format::Unknown => "kernel_addr_r",
        Format::Legacy | Format::Tree => ANYWHERE,
    };
    let kernel = loader.load(kernel, variable);
    let kernel = kernel.map_err(|_| skip("kernel"))?;
    let initrd = match &label.initrd_files()[..] {
        [] => Source::Default,
        [file] if label.is_kernel(file) => Source::InKernel,
        files => {
            let place = loader.load_all(files, "ramdisk_addr_r");
            let place = place.map_err(|_| skip("initrd"))?;
            may_be_joined(loader.ram, &place, files)?;
            Source::At(place)
        }
    };
    if let Some(append) = &label.append {
        let bootargs = expand(append, loader.env);
        println!("append: {bootargs}");
        _ = loader.env.set("bootargs", &bootargs);
    }
    let fdt = match &label.fdt {
        Some(path) if label.is_kernel(path) => Source::InKernel,
        _ => {
            let brings_its_own = format_at(loader.ram, kernel.start) == Format::Tree;
            let place = tree::load(loader, label, brings_its_own);
            let place = place.map_err(|_| skip("FDT"))?;
            place.map_or(Source::Default, Source::At)
        }
    };
    Ok(Loaded {
        kernel,
        configuration,
        initrd,
        fdt,
    })
}

/// Of an image with a header only as much is used as that says: others behind it would be lost.
fn may_be_joined(ram: &Ram, place: &Range<u64>, files: &[&str]) -> Result<(), Failed> {
    if files.len() > 1 && format_at(ram, place.start) != Format::Unknown {
        let first = files.first().unwrap_or(&"");
        let first = printable(first.as_bytes());
        println!("{first}: an initramfs with a header cannot be joined with others");
        return Err(Failed);
    }
    Ok(())
}

fn format_at(ram: &Ram, address: u64) -> Format {
    Format::of(ram.slice_from(address).unwrap_or(&[]))
}

impl Loaded<'_> {
    fn start(&self, loader: &mut Loader<'_>, start: Start<'_>) -> Result<(), Failed> {
        match self.prepare(loader)? {
            Next::Linux(handover) => start(loader, handover),
            Next::Program(entry) => standalone::run(loader.ram, entry, &[]),
            Next::Stay => Ok(()),
        }
    }

    fn prepare(&self, loader: &mut Loader<'_>) -> Result<Next, Failed> {
        let (ram, env) = (&mut *loader.ram, &mut *loader.env);
        let load_address = env.get_hex("loadaddr", self.kernel.start);
        let kernel = Spec {
            address: Some(self.kernel.start),
            part: self.configuration.map_or(Part::Any, Part::Configuration),
        };
        // One image of a FIT image may be used without the others.
        let ramdisk_default = match &self.fdt {
            Source::Default => Select::Default,
            _ => Select::None,
        };
        let ramdisk_len = match &self.initrd {
            Source::At(place) => format!("{:x}", len(place)),
            _ => String::new(),
        };
        let ramdisk = select(&self.initrd, kernel, &ramdisk_len, ramdisk_default);
        let fdt = select(&self.fdt, kernel, "", Select::Default);
        if format_at(ram, self.kernel.start) == Format::Unknown {
            let selection = booti::Selection {
                kernel: self.kernel.start,
                kernel_len: Some(len(&self.kernel)),
                ramdisk,
                fdt,
                load_address,
            };
            return booti::prepare(ram, env, selection).map(Next::Linux);
        }
        let selection = Selection {
            kernel: Select::Spec(kernel),
            ramdisk,
            fdt,
            load_address,
        };
        let mut bootm = Bootm::default();
        let mut next = Next::Stay;
        for &stage in ALL {
            next = bootm.run(stage, ram, env, selection)?;
        }
        Ok(next)
    }
}

/// What `bootm` and `booti` call an image, of which a length may be known.
fn select<'a>(source: &Source, kernel: Spec<'a>, len: &'a str, default: Select<'a>) -> Select<'a> {
    match source {
        Source::Default => default,
        Source::InKernel => Select::Spec(kernel),
        Source::At(place) => Select::Spec(Spec {
            address: Some(place.start),
            part: match len {
                "" => Part::Any,
                len => Part::Image(len),
            },
        }),
    }
}

#[cfg(test)]
mod tests;
