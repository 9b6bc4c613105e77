// SPDX-License-Identifier: GPL-2.0-or-later
//! Finds the device tree of `bootm` and `booti`.

use super::{Os, Search, Select, Source, legacy, with_configuration};
use crate::bootm::{self, Failed, Images, failed};
use crate::fdt::Fdt;
use crate::fdt_support::tree_at;
use crate::fit::Fit;
use crate::fit_load::{self as fit, FDT};
use crate::fit_overlay;
use crate::image_load::{self, Busy};
use crate::spec::{Format, Part, Spec};
use alloc::vec::Vec;
use common::println;
use include::uimage::*;

impl Search<'_> {
    /// Finds the device tree, and makes it the working one; `None` means the loader's own.
    ///
    /// # Errors
    /// If the one that is wanted is not there; the console has been told.
    pub fn fdt(&mut self, select: Select<'_>, os: Option<&Os>) -> Result<Option<u64>, Failed> {
        let found = match (select, os) {
            (Select::None, _) | (Select::Default, None) => Ok(None),
            (Select::Default, Some(os)) => self.default_fdt(os),
            (Select::Spec(spec), os) => self.named_fdt(spec, os).map(Some),
        };
        let found = found.inspect_err(|_| println!("Could not find a valid device tree"))?;
        match found {
            Some(address) => {
                bootm::use_fdt(self.env, address);
                let tree = tree_at(self.ram, address);
                let len = tree.map_or(0, |tree| tree.bytes().len() as u64);
                self.keep("device tree", Some(address..address.saturating_add(len)));
            }
            None => bootm::announce_fdt(self.ram, self.env, &Images::default())?,
        }
        Ok(found)
    }

    fn default_fdt(&mut self, os: &Os) -> Result<Option<u64>, Failed> {
        match &os.source {
            Source::Fit(Some(configuration)) if self.has(os, configuration, FDT) => {
                let part = Part::Configuration(configuration);
                self.fit_fdt(os.container.start, part).map(Some)
            }
            Source::Legacy(parts) if os.kind == TYPE_MULTI => {
                println!(
                    "## Flattened Device Tree from multi component Image at {:08X}",
                    os.container.start
                );
                let Some(place) = parts.get(2).filter(|place| !place.is_empty()) else {
                    return Ok(None);
                };
                let tree = tree_at(self.ram, place.start)
                    .map_err(|error| failed("ERROR: image is not a fdt", error))?;
                if tree.bytes().len() as u64 != crate::place::len(place) {
                    println!("ERROR: fdt size != image size");
                    return Err(Failed);
                }
                Ok(Some(place.start))
            }
            _ => Ok(None),
        }
    }

    fn named_fdt(&mut self, spec: Spec<'_>, os: Option<&Os>) -> Result<u64, Failed> {
        let default = self.ramdisk_fit.or(os.and_then(Os::fit_address));
        let address = spec.address.or(default).unwrap_or(self.load_address);
        let missing = "ERROR: Did not find a cmdline Flattened Device Tree";
        let bytes = self.ram.slice_from(address).map_err(|error| {
            println!("{missing}");
            failed("Cannot read the device tree", error)
        })?;
        match Format::of(bytes) {
            Format::Legacy => self.legacy_fdt(address),
            Format::Tree if Fit::parse(bytes, address).is_ok() => {
                self.fit_fdt(address, with_configuration(spec.part, os))
            }
            Format::Tree => match Fdt::new(bytes) {
                Ok(_) => {
                    println!("## Flattened Device Tree blob at {address:08x}");
                    Ok(address)
                }
                Err(error) => Err(failed(missing, error)),
            },
            Format::Unknown => {
                println!("{missing}");
                Err(Failed)
            }
        }
    }

    fn legacy_fdt(&mut self, address: u64) -> Result<u64, Failed> {
        println!("## Flattened Device Tree from Legacy Image at {address:08x}");
        let bytes = self
            .ram
            .slice_from(address)
            .map_err(|error| failed("Cannot read the device tree", error))?;
        let image = legacy(bytes, true)?;
        if image.kind != TYPE_FLATDT || image.compression != COMP_NONE {
            println!("ERROR: uImage is not a fdt, or is compressed");
            return Err(Failed);
        }
        Fdt::new(image.data).map_err(|error| failed("ERROR: uImage data is not a fdt", error))?;
        let data = address.saturating_add(HEADER_LEN as u64);
        let size = image.data.len() as u64;
        let (load, end) = (image.load, data.saturating_add(size));
        if load == address || load == data {
            return Ok(data);
        }
        let mut busy = self.busy.clone();
        busy.push(Busy {
            what: "image of the device tree".into(),
            range: address..end,
        });
        image_load::load(self.ram, COMP_NONE, &(data..end), load, size, &busy)
            .map_err(|error| failed("ERROR: fdt overwritten", error))?;
        Ok(load)
    }

    /// The device tree of a configuration, with its overlays and those of the
    /// configurations that are named after it.
    fn fit_fdt(&mut self, address: u64, part: Part<'_>) -> Result<u64, Failed> {
        let (mut range, image, container) = self.load_chosen(address, FDT, part)?;
        let more = match part {
            Part::Configuration(names) => names.split_once('#').map(|(_, more)| more),
            _ => None,
        };
        let base = image.configuration.as_deref();
        let overlays = {
            let fit = fit::fit_at(self.ram, address, FDT)?;
            fit_overlay::names(fit, base, more)?
        };
        if overlays.is_empty() {
            return Ok(range.start);
        }
        let mut parts = Vec::new();
        for name in &overlays {
            parts.push(self.choose(address, FDT, Part::Image(name))?.0);
        }
        let mut busy = self.busy.clone();
        busy.push(Busy {
            what: "FIT image".into(),
            range: container,
        });
        range = fit_overlay::apply(self.ram, &range, &parts, &busy)?;
        Ok(range.start)
    }
}
