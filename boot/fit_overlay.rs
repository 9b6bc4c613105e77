// SPDX-License-Identifier: GPL-2.0-or-later
//! Device tree overlays in FIT images: those that a configuration names after
//! its device tree, and those of further configurations.

use crate::bootm::{Failed, failed};
use crate::fdt::{Fdt, strings, zeroed};
use crate::fdt_support::with_overlay;
use crate::fit::Fit;
use crate::fit_load::Chosen;
use crate::image_load::Busy;
use crate::place::{Free, len};
use alloc::string::String;
use alloc::vec::Vec;
use arch::mem::Ram;
use common::println;
use core::ops::Range;
use include::uimage::COMP_NONE;

/// More than this is no use: Linux takes no larger tree.
const MAX_LEN: usize = 2 << 20;
/// More overlays than this are a sign of damage.
const MAX_OVERLAYS: usize = 64;

/// The names of the overlays for a configuration and those whose names follow, separated by `#`.
///
/// # Errors
/// If a configuration is not there; the console has been told.
pub fn names(
    fit: Fit<'_>,
    configuration: Option<&str>,
    more: Option<&str>,
) -> Result<Vec<String>, Failed> {
    let trees = |name: &str| -> Result<Vec<String>, Failed> {
        let node = fit.configuration(Some(name)).ok_or_else(|| {
            println!("Could not find configuration node '{name}'");
            Failed
        })?;
        let value = node.property("fdt").unwrap_or(&[]);
        Ok(strings(value).map(String::from).collect())
    };
    let mut all = Vec::new();
    if let Some(configuration) = configuration {
        all.extend(trees(configuration)?.into_iter().skip(1));
    }
    for name in more.into_iter().flat_map(|more| more.split('#')) {
        all.extend(trees(name)?);
    }
    if all.len() > MAX_OVERLAYS {
        println!("{} overlays are too many", all.len());
        return Err(Failed);
    }
    Ok(all)
}

/// Makes a device tree of one and its overlays, at a free place.
///
/// # Errors
/// If an overlay does not fit, or there is no room; the console has been told.
pub fn apply(
    ram: &mut Ram,
    base: &Range<u64>,
    overlays: &[Chosen],
    busy: &[Busy],
) -> Result<Range<u64>, Failed> {
    let bytes = read(ram, base)?;
    let tree = zeroed(bytes.len());
    let mut tree = tree.map_err(|error| failed("Cannot read the device tree", error))?;
    tree.copy_from_slice(bytes);
    for image in overlays {
        if image.compression.unwrap_or(COMP_NONE) != COMP_NONE {
            println!("The overlay '{}' is compressed", image.name);
            return Err(Failed);
        }
        let overlay = Fdt::new(read(ram, &image.place)?);
        let merged = overlay.and_then(|overlay| with_overlay(&tree, overlay));
        tree = merged.map_err(|error| {
            println!("failed to apply the overlay '{}': {error}", image.name);
            Failed
        })?;
        if tree.len() > MAX_LEN {
            println!("The device tree and its overlays are larger than {MAX_LEN:#x} bytes");
            return Err(Failed);
        }
    }
    let size = tree.len() as u64;
    let free = Free::of(ram).without(busy.iter().map(|busy| &busy.range));
    let start = free.without([base]).highest(ram, size).ok_or_else(|| {
        println!("There is no room in RAM for a device tree of {size:#x} bytes");
        Failed
    })?;
    let target = ram
        .load_region(start, tree.len())
        .map_err(|error| failed("Cannot place the device tree", error))?;
    target.copy_from_slice(&tree);
    Ok(start..start.saturating_add(size))
}

fn read<'a>(ram: &'a Ram, range: &Range<u64>) -> Result<&'a [u8], Failed> {
    ram.slice(range.start, len(range) as usize)
        .map_err(|error| failed("Cannot read the device tree", error))
}
