// SPDX-License-Identifier: GPL-2.0-or-later
//! Choosing an image of a FIT image for a purpose, and putting it where it
//! wants to be.
//!
//! The lines on the console are U-Boot's.

use crate::bootm::{Failed, failed};
use crate::fdt::{Fdt, Node, strings};
use crate::fit::{Fit, SubImage};
use crate::fit_hash;
use crate::fit_print::print_image;
use crate::image_load::{self, Busy};
use crate::image_names::{self as names, printable};
use crate::place::{Free, overlap};
use crate::spec::Part;
use alloc::string::String;
use arch::mem::Ram;
use common::{print, println};
use core::ops::Range;
use include::config::CONFIG_SYS_BOOTM_LEN;
use include::uimage::*;

/// Packed data of other images than kernels may become this many times larger.
const MAX_RATIO: u64 = 20;

/// The properties of a configuration.
const CONFIGURATION: [&str; 12] = [
    "description",
    "compatible",
    "kernel",
    "ramdisk",
    "fdt",
    "loadables",
    "firmware",
    "standalone",
    "script",
    "setup",
    "fpga",
    "load-only",
];

/// What an image is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The property of a configuration that names it.
    pub property: &'static str,
    /// The kind that it has to be.
    pub kind: u8,
}

/// A kernel.
pub const KERNEL: Purpose = Purpose {
    property: "kernel",
    kind: TYPE_KERNEL,
};
/// An initramfs.
pub const RAMDISK: Purpose = Purpose {
    property: "ramdisk",
    kind: TYPE_RAMDISK,
};
/// A device tree.
pub const FDT: Purpose = Purpose {
    property: "fdt",
    kind: TYPE_FLATDT,
};
/// Whatever else is to be in memory.
pub const LOADABLE: Purpose = Purpose {
    property: "loadables",
    kind: TYPE_LOADABLE,
};

/// An image that was chosen and is intact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its name.
    pub name: String,
    /// The configuration that was used, as it was asked for.
    pub configuration: Option<String>,
    /// Where its data are.
    pub place: Range<u64>,
    /// Where it wants to be loaded.
    pub load: Option<u64>,
    /// Where it is entered.
    pub entry: Option<u64>,
    /// Its operating system.
    pub os: u8,
    /// Its processor.
    pub arch: u8,
    /// Its kind.
    pub kind: u8,
    /// Its compression, if that is said.
    pub compression: Option<u8>,
}

/// How an image is chosen.
#[derive(Clone, Copy)]
pub struct Choice<'a> {
    /// Whether hashes must be right.
    pub verify: bool,
    /// What the machine is compatible with, for a configuration that nobody names.
    pub compatible: &'a [&'a str],
}

/// Chooses the image for a purpose, and compares its hashes.
///
/// # Errors
/// If there is none, or it is damaged; the console has been told.
pub fn choose(
    fit: Fit<'_>,
    purpose: Purpose,
    part: Part<'_>,
    choice: Choice<'_>,
) -> Result<Chosen, Failed> {
    let what = purpose.property;
    println!(
        "## Loading {what} (any) from FIT Image at {:08x} ...",
        fit.address
    );
    let (image, configuration) = match part {
        Part::Image(name) => (fit.image(name), None),
        Part::Configuration(name) => configured(fit, purpose, Some(name), choice)?,
        Part::Any => configured(fit, purpose, None, choice)?,
    };
    let Some(image) = image else {
        println!("Could not find subimage node type '{what}'");
        return Err(Failed);
    };
    println!("   Trying '{}' {what} subimage", image.name());
    print_image(image);
    if choice.verify {
        print!("   Verifying Hash Integrity ... ");
        if fit_hash::verify(image).is_err() {
            println!("Bad Data Hash");
            return Err(Failed);
        }
        println!("OK");
    }
    check_kind(image, purpose)?;
    let place = image.place();
    let place = place.map_err(|error| failed("Could not find the data of the subimage", error))?;
    Ok(Chosen {
        name: image.name().into(),
        configuration: configuration.map(|node| match part {
            // What follows a `#` in it are further configurations.
            Part::Configuration(name) => name.into(),
            _ => node.name().into(),
        }),
        place,
        load: image.load(),
        entry: image.entry(),
        os: image.os(),
        arch: image.arch(),
        kind: image.kind(),
        compression: image.stated_compression(),
    })
}

/// A FIT image at an address.
///
/// # Errors
/// If there is none; the console has been told.
pub fn fit_at<'a>(ram: &'a Ram, address: u64, purpose: Purpose) -> Result<Fit<'a>, Failed> {
    let bytes = ram
        .slice_from(address)
        .map_err(|error| failed("Cannot read the FIT image", error))?;
    Fit::parse(bytes, address).map_err(|error| {
        let number = error.errno();
        println!(
            "Bad FIT {} image format! (err=-{number})\n{error}",
            purpose.property
        );
        Failed
    })
}

/// Puts a chosen image where it wants to be, unpacked, and says where it is then.
///
/// # Errors
/// If something is in the way, or it cannot be unpacked; the console has been told.
pub fn load(
    ram: &mut Ram,
    image: &Chosen,
    purpose: Purpose,
    container: &Range<u64>,
    busy: &[Busy],
) -> Result<Range<u64>, Failed> {
    let what = purpose.property;
    let size = crate::place::len(&image.place);
    let is_wish = |&load: &u64| load != 0 || purpose == FDT;
    if let Some(load) = image.load.filter(is_wish) {
        if overlap(&(load..load.saturating_add(size)), container) {
            println!("Error: {what} overwritten");
            return Err(Failed);
        }
        println!(
            "   Loading {what} from 0x{:08x} to 0x{load:08x}",
            image.place.start
        );
    }
    let wish = image.load.filter(is_wish);
    // An initramfs is unpacked by the kernel, a kernel later.
    let is_unpacked = ![TYPE_RAMDISK, TYPE_KERNEL, TYPE_KERNEL_NOLOAD].contains(&purpose.kind);
    let compression = image.compression.unwrap_or(COMP_NONE);
    let (compression, is_packed) = match compression {
        _ if is_unpacked => (compression, compression != COMP_NONE),
        _ => (COMP_NONE, false),
    };
    if purpose == RAMDISK && image.compression.unwrap_or(COMP_NONE) != COMP_NONE {
        println!(
            "WARNING: 'compression' nodes for ramdisks are deprecated, please fix your .its file!"
        );
    }
    let mut busy = busy.to_vec();
    busy.push(Busy {
        what: "FIT image".into(),
        range: container.clone(),
    });
    let limit = match is_packed {
        true => size.saturating_mul(MAX_RATIO).min(CONFIG_SYS_BOOTM_LEN),
        false => size,
    };
    let target = match wish {
        Some(load) => load,
        None if is_packed => free_place(ram, limit, &busy)?,
        None => image.place.start,
    };
    if is_packed {
        println!(
            "   Uncompressing {} to {target:x}",
            names::kind(purpose.kind)
        );
    }
    let size = image_load::load(ram, compression, &image.place, target, limit, &busy);
    let size = size.map_err(|error| match is_packed {
        true => failed("Error decompressing", error_of(what, &error)),
        false => failed("Error loading", error_of(what, &error)),
    })?;
    let range = target..target.saturating_add(size);
    if purpose == FDT {
        check_tree(ram, &range)?;
    }
    Ok(range)
}

fn error_of(what: &str, error: &image_load::LoadError) -> String {
    alloc::format!("{what}: {error}")
}

/// The configuration with a name or that fits the machine, and its image for a purpose.
fn configured<'a>(
    fit: Fit<'a>,
    purpose: Purpose,
    name: Option<&str>,
    choice: Choice<'_>,
) -> Result<(Option<SubImage<'a>>, Option<Node<'a>>), Failed> {
    let best = match name {
        None if cfg!(CONFIG_FIT_BEST_MATCH) => fit.best_match(choice.compatible),
        _ => None,
    };
    let Some(node) = best.or_else(|| fit.configuration(name)) else {
        let name = name.unwrap_or("(null)");
        println!("Could not find configuration node '{name}'");
        return Err(Failed);
    };
    println!("   Using '{}' configuration", node.name());
    check_names(fit, node)?;
    Ok((fit.image_of(node, purpose.property), Some(node)))
}

/// A property that names an image but is not known, or is there twice, is a
/// damaged one: what it was for would be missing without a word.
fn check_names(fit: Fit<'_>, configuration: Node<'_>) -> Result<(), Failed> {
    let names_image = |name| fit.image(name).is_some();
    for property in configuration.properties() {
        let name = property.name;
        let same = configuration
            .properties()
            .filter(|other| other.name == name);
        let is_known = CONFIGURATION.contains(&name) && same.count() == 1;
        if !is_known && strings(property.value).any(names_image) {
            println!(
                "ERROR: the property '{}' of the configuration '{}' names an image, but is not \
                 known or there twice",
                printable(name.as_bytes()),
                configuration.name()
            );
            return Err(Failed);
        }
    }
    Ok(())
}

fn check_kind(image: SubImage<'_>, purpose: Purpose) -> Result<(), Failed> {
    let kind = image.kind();
    let type_ok = kind == purpose.kind
        || [TYPE_FIRMWARE, TYPE_TEE, TYPE_TFA_BL31].contains(&kind)
        || (purpose == KERNEL && kind == TYPE_KERNEL_NOLOAD);
    let systems = [
        OS_LINUX,
        OS_U_BOOT,
        OS_TEE,
        OS_OPENRTOS,
        OS_EFI,
        OS_VXWORKS,
        OS_ELF,
    ];
    let os_ok = purpose == FDT || systems.contains(&image.os());
    if purpose == LOADABLE || (type_ok && os_ok) {
        return Ok(());
    }
    println!(
        "No {} {} {} Image",
        names::os(image.os()),
        names::arch(ARCH_ARM64),
        names::kind(purpose.kind)
    );
    Err(Failed)
}

fn free_place(ram: &Ram, size: u64, busy: &[Busy]) -> Result<u64, Failed> {
    let free = Free::of(ram).without(busy.iter().map(|busy| &busy.range));
    free.highest(ram, size).ok_or_else(|| {
        println!("There is no room in RAM for {size:#x} bytes");
        Failed
    })
}

fn check_tree(ram: &Ram, range: &Range<u64>) -> Result<(), Failed> {
    let len = crate::place::len(range) as usize;
    let bytes = ram
        .slice(range.start, len)
        .map_err(|error| failed("Cannot read the device tree", error))?;
    match Fdt::new(bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(failed("Subimage data is not a FDT", error)),
    }
}
