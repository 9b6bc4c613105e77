// SPDX-License-Identifier: GPL-2.0-or-later
//! Finds the initramfs of `bootm` and `booti`.

use super::{Os, Search, Select, Source, legacy, with_configuration};
use crate::bootm::{Failed, failed};
use crate::fit_load::RAMDISK;
use crate::image_names as names;
use crate::spec::{Format, Part, Spec};
use common::println;
use core::ops::Range;
use include::uimage::*;

impl Search<'_> {
    /// Finds the initramfs.
    ///
    /// # Errors
    /// If the one that is wanted is not there; the console has been told.
    pub fn ramdisk(
        &mut self,
        select: Select<'_>,
        os: Option<&Os>,
    ) -> Result<Option<Range<u64>>, Failed> {
        let found = match (select, os) {
            (Select::None, _) | (Select::Default, None) => Ok(None),
            (Select::Default, Some(os)) => self.default_ramdisk(os),
            (Select::Spec(spec), os) => self.named_ramdisk(spec, os).map(Some),
        };
        let found = found.inspect_err(|_| println!("Ramdisk image is corrupt or invalid"))?;
        let found = found.filter(|range| range.start != 0 && !range.is_empty());
        self.keep("ramdisk", found.clone());
        Ok(found)
    }

    fn default_ramdisk(&mut self, os: &Os) -> Result<Option<Range<u64>>, Failed> {
        match &os.source {
            Source::Fit(Some(configuration)) if self.has(os, configuration, RAMDISK) => {
                let part = Part::Configuration(configuration);
                self.fit_ramdisk(os.container.start, part).map(Some)
            }
            Source::Legacy(parts) if os.kind == TYPE_MULTI => {
                println!(
                    "## Loading init Ramdisk from multi component Legacy Image at {:08x} ...",
                    os.container.start
                );
                Ok(parts.get(1).cloned())
            }
            _ => Ok(None),
        }
    }

    fn named_ramdisk(&mut self, spec: Spec<'_>, os: Option<&Os>) -> Result<Range<u64>, Failed> {
        let default = os.and_then(Os::fit_address).unwrap_or(self.load_address);
        let address = spec.address.unwrap_or(default);
        let bytes = self
            .ram
            .slice_from(address)
            .map_err(|error| failed("Cannot read the initramfs", error))?;
        match (Format::of(bytes), spec.part.size()) {
            (Format::Legacy, _) => {
                println!("## Loading init Ramdisk from Legacy Image at {address:08x} ...");
                let image = legacy(bytes, self.verify)?;
                let what = (image.os, image.arch, image.kind);
                if what != (OS_LINUX, ARCH_ARM64, TYPE_RAMDISK) {
                    println!("No Linux {} Ramdisk Image", names::arch(ARCH_ARM64));
                    return Err(Failed);
                }
                let data = address.saturating_add(HEADER_LEN as u64);
                Ok(data..data.saturating_add(image.data.len() as u64))
            }
            (Format::Tree, _) => self.fit_ramdisk(address, with_configuration(spec.part, os)),
            (Format::Unknown, Some(size)) => Ok(address..address.saturating_add(size)),
            (Format::Unknown, None) => {
                println!("Wrong Ramdisk Image Format");
                Err(Failed)
            }
        }
    }

    fn fit_ramdisk(&mut self, address: u64, part: Part<'_>) -> Result<Range<u64>, Failed> {
        let range = self.load(address, RAMDISK, part)?.0;
        self.ramdisk_fit = Some(address);
        Ok(range)
    }
}
