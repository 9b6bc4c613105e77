// SPDX-License-Identifier: GPL-2.0-or-later
//! Finds the kernel of `bootm`.

use super::{Os, Search, Select, Source, legacy};
use crate::bootm::{Failed, failed};
use crate::fdt_support::tree_at;
use crate::fit_hash;
use crate::fit_load::KERNEL;
use crate::spec::{Format, Part, Spec};
use crate::uimage::Legacy;
use alloc::vec::Vec;
use common::println;
use core::ops::Range;
use include::errno;
use include::uimage::*;

impl Search<'_> {
    /// Finds the kernel.
    ///
    /// # Errors
    /// If there is none; the console has been told.
    pub fn kernel(&self, select: Select<'_>) -> Result<Os, Failed> {
        let spec = match select {
            Select::Spec(spec) => spec,
            _ => Spec {
                address: None,
                part: Part::Any,
            },
        };
        let address = spec.address.unwrap_or(self.load_address);
        let bytes = self
            .ram
            .slice_from(address)
            .map_err(|error| failed("Cannot read the kernel image", error))?;
        let found = match Format::of(bytes) {
            Format::Legacy => self.legacy_kernel(bytes, address),
            Format::Tree => self.fit_kernel(address, spec.part),
            Format::Unknown => Err(wrong_type()),
        };
        found.map_err(|number| {
            println!("ERROR -{number}E: can't get kernel image!");
            Failed
        })
    }

    fn legacy_kernel(&self, bytes: &[u8], address: u64) -> Result<Os, i32> {
        println!("## Booting kernel from Legacy Image at {address:08x} ...");
        let image = legacy(bytes, self.verify).map_err(|_| errno::EINVAL)?;
        if image.arch != ARCH_ARM64 {
            println!("Unsupported Architecture {:#x}", image.arch);
            return Err(errno::EINVAL);
        }
        if image.os >= OS_COUNT {
            println!("Unsupported OS type {}", image.os);
            return Err(errno::EINVAL);
        }
        let data = address.saturating_add(HEADER_LEN as u64);
        let end = data.saturating_add(image.data.len() as u64);
        let parts = match image.kind {
            TYPE_KERNEL | TYPE_KERNEL_NOLOAD | TYPE_STANDALONE => alloc::vec![data..end],
            TYPE_MULTI => files(&image, data).map_err(|_| errno::EINVAL)?,
            _ => return Err(wrong_type()),
        };
        let Some(place) = parts.first().cloned() else {
            println!("The image has no files");
            return Err(errno::EINVAL);
        };
        Ok(at_its_place(Os {
            place,
            container: address..end,
            load: image.load,
            entry: image.entry,
            os: image.os,
            arch: image.arch,
            kind: image.kind,
            compression: image.compression,
            source: Source::Legacy(parts),
        }))
    }

    fn fit_kernel(&self, address: u64, part: Part<'_>) -> Result<Os, i32> {
        if let Ok(control) = tree_at(self.ram, self.env.get_hex("fdtcontroladdr", 0)) {
            fit_hash::warn_of_required_keys(control);
        }
        let (image, container) = self
            .choose(address, KERNEL, part)
            .map_err(|_| errno::ENOENT)?;
        let missing = |what: &str| {
            println!("Can't get {what}");
            errno::ENOENT
        };
        let stays = image.kind == TYPE_KERNEL_NOLOAD;
        let compression = image.compression;
        let compression = compression.ok_or_else(|| missing("image compression!"))?;
        if image.arch == u8::MAX {
            return Err(missing("image ARCH!"));
        }
        if stays && image.load.is_some_and(|load| load != 0) {
            println!("WARNING: load address set for kernel_noload image, ignoring");
        }
        let load = image.load.or(stays.then_some(0));
        let entry = image.entry.or(stays.then_some(0));
        Ok(at_its_place(Os {
            place: image.place,
            container,
            load: load.ok_or_else(|| missing("image load address!"))?,
            entry: entry.ok_or_else(|| missing("entry point property!"))?,
            os: image.os,
            arch: image.arch,
            kind: image.kind,
            compression,
            source: Source::Fit(image.configuration),
        }))
    }
}

/// Where the files of an image are whose data are at `data`.
fn files(image: &Legacy<'_>, data: u64) -> Result<Vec<Range<u64>>, Failed> {
    let parts = image.parts().map_err(|error| failed("Bad image", error))?;
    let place = |part: Range<usize>| {
        let [start, end] = [part.start, part.end].map(|at| data.saturating_add(at as u64));
        start..end
    };
    Ok(parts.into_iter().map(place).collect())
}

/// A kernel that runs where it is, if it is one.
fn at_its_place(mut os: Os) -> Os {
    if os.kind == TYPE_KERNEL_NOLOAD {
        os.load = os.place.start;
        os.entry = os.entry.saturating_add(os.place.start);
    }
    os
}

fn wrong_type() -> i32 {
    println!("Wrong Image Type for bootm command");
    errno::EPROTOTYPE
}
