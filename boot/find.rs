// SPDX-License-Identifier: GPL-2.0-or-later
//! Finds the kernel, the initramfs, the device tree and all else that the
//! arguments of `bootm` and `booti` name, and puts those where they belong that
//! say where that is.
//!
//! The lines on the console are U-Boot's. Neighbours: `fit_load`, `uimage`.

mod fdt;
mod kernel;
mod ramdisk;

use crate::bootm::Failed;
use crate::fdt_support::tree_at;
use crate::fit::Fit;
use crate::fit_load::{self as fit, Choice, Chosen, LOADABLE, Purpose};
use crate::image_load::Busy;
use crate::spec::{Part, Spec};
use crate::uimage::Legacy;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use arch::mem::Ram;
use common::{print, println};
use core::ops::Range;
use env::Env;

/// Which image is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select<'a> {
    /// The one that comes with the kernel, if there is one.
    Default,
    /// None.
    None,
    /// This one.
    Spec(Spec<'a>),
}

/// A kernel or another program that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Os {
    /// Where its bytes are.
    pub place: Range<u64>,
    /// Where the image is that it is in.
    pub container: Range<u64>,
    /// Where it is to be loaded.
    pub load: u64,
    /// Where it is entered.
    pub entry: u64,
    /// Its operating system.
    pub os: u8,
    /// Its processor.
    pub arch: u8,
    /// Its kind.
    pub kind: u8,
    /// Its compression.
    pub compression: u8,
    /// What it is in.
    pub source: Source,
}

/// What kind of image a kernel is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A legacy image, with all files of it if it has several.
    Legacy(Vec<Range<u64>>),
    /// A FIT image, of which a configuration was used or not.
    Fit(Option<String>),
}

impl Os {
    /// The configuration of a FIT image that was used.
    pub fn configuration(&self) -> Option<&str> {
        match &self.source {
            Source::Fit(configuration) => configuration.as_deref(),
            Source::Legacy(_) => None,
        }
    }

    fn fit_address(&self) -> Option<u64> {
        matches!(self.source, Source::Fit(_)).then_some(self.container.start)
    }
}

/// A search in memory.
pub struct Search<'a> {
    ram: &'a mut Ram,
    env: &'a mut Env,
    load_address: u64,
    verify: bool,
    compatible: Vec<String>,
    /// The FIT image that the initramfs is in.
    ramdisk_fit: Option<u64>,
    /// What was found, and must not be overwritten by what is found next.
    busy: Vec<Busy>,
}

impl<'a> Search<'a> {
    /// Begins; images without an address are at `load_address`.
    pub fn new(ram: &'a mut Ram, env: &'a mut Env, load_address: u64) -> Search<'a> {
        let control = tree_at(ram, env.get_hex("fdtcontroladdr", 0)).ok();
        let compatible = control.and_then(|tree| tree.root().property("compatible"));
        let compatible = compatible.map(crate::fdt::strings).into_iter().flatten();
        Search {
            load_address,
            verify: env.get_yesno("verify") != Some(false),
            compatible: compatible.map(String::from).collect(),
            ramdisk_fit: None,
            busy: Vec::new(),
            ram,
            env,
        }
    }

    /// What was found besides the kernel.
    pub fn into_busy(self) -> Vec<Busy> {
        self.busy
    }

    /// Puts all else that the kernel's configuration wants where it belongs.
    ///
    /// # Errors
    /// If it is not there, or cannot be put there; the console has been told.
    pub fn loadables(&mut self, os: &Os) -> Result<(), Failed> {
        let Some(configuration) = os.configuration() else {
            return Ok(());
        };
        let address = os.container.start;
        let wanted: Vec<String> = {
            let fit = fit::fit_at(self.ram, address, LOADABLE)?;
            let node = fit.configuration(Some(configuration));
            let value = node.and_then(|node| node.property("loadables"));
            let names = value.map(crate::fdt::strings).into_iter().flatten();
            names.map(String::from).collect()
        };
        for name in &wanted {
            let (range, image) = self
                .load(address, LOADABLE, Part::Image(name))
                .inspect_err(|_| println!("Loadable(s) is corrupt or invalid"))?;
            if image.load.is_none() {
                println!("WARNING: the loadable '{name}' has no load address, it is not moved");
            }
            self.keep(name, Some(range));
        }
        Ok(())
    }

    fn load(
        &mut self,
        address: u64,
        purpose: Purpose,
        part: Part<'_>,
    ) -> Result<(Range<u64>, Chosen), Failed> {
        let (range, image, _) = self.load_chosen(address, purpose, part)?;
        Ok((range, image))
    }

    fn load_chosen(
        &mut self,
        address: u64,
        purpose: Purpose,
        part: Part<'_>,
    ) -> Result<(Range<u64>, Chosen, Range<u64>), Failed> {
        let (image, container) = self.choose(address, purpose, part)?;
        let range = fit::load(self.ram, &image, purpose, &container, &self.busy)?;
        Ok((range, image, container))
    }

    fn choose(
        &self,
        address: u64,
        purpose: Purpose,
        part: Part<'_>,
    ) -> Result<(Chosen, Range<u64>), Failed> {
        let fit = fit::fit_at(self.ram, address, purpose)?;
        let compatible: Vec<&str> = self.compatible.iter().map(String::as_str).collect();
        let choice = Choice {
            verify: self.verify,
            compatible: &compatible,
        };
        let chosen = fit::choose(fit, purpose, part, choice)?;
        Ok((chosen, address..address.saturating_add(fit.extent())))
    }

    /// Whether the configuration of the kernel names an image for a purpose.
    fn has(&self, os: &Os, configuration: &str, purpose: Purpose) -> bool {
        let bytes = self.ram.slice_from(os.container.start).unwrap_or(&[]);
        let fit = Fit::parse(bytes, os.container.start).ok();
        let node = fit.and_then(|fit| fit.configuration(Some(configuration)));
        node.is_some_and(|node| node.property(purpose.property).is_some())
    }

    /// What is found next must not be put there.
    pub fn keep(&mut self, what: &str, range: Option<Range<u64>>) {
        self.busy.extend(range.map(|range| Busy {
            what: what.to_string(),
            range,
        }));
    }
}

/// A legacy image, shown, with its checksums compared.
fn legacy(bytes: &[u8], verify: bool) -> Result<Legacy<'_>, Failed> {
    let image = Legacy::parse(bytes).map_err(|error| {
        println!("{error}");
        Failed
    })?;
    image.print();
    if verify {
        print!("   Verifying Checksum ... ");
        if !image.is_intact() {
            println!("Bad Data CRC");
            return Err(Failed);
        }
        println!("OK");
    }
    Ok(image)
}

/// What is not said is what the kernel's configuration says.
fn with_configuration<'a>(part: Part<'a>, os: Option<&'a Os>) -> Part<'a> {
    match (part, os.and_then(Os::configuration)) {
        (Part::Any, Some(configuration)) => Part::Configuration(configuration),
        _ => part,
    }
}
