// SPDX-License-Identifier: GPL-2.0-or-later
//! The device tree that goes with a label of an extlinux configuration.

use crate::bootm::{Failed, failed};
use crate::extlinux::Label;
use crate::fdt::{self, Fdt, FdtError, FdtMut};
use crate::fdt_support::{tree_at, with_overlay};
use crate::image_names::printable;
use crate::loader::Loader;
use crate::seed::{self, NO_SEED};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use common::println;
use core::ops::Range;
use env::Env;

/// Device trees and overlays longer than this are refused: Linux takes no more.
const FDT_MAX: u64 = 2 << 20;
/// Room in a tree for the random number.
const SEED_ROOM: usize = 512;

/// Where the label's device tree is. `None` is the one that the kernel's image
/// brings, or else the loader's own; what is to be changed in that of an image
/// is not, as in U-Boot.
pub fn load(
    loader: &mut Loader<'_>,
    label: &Label,
    brings_its_own: bool,
) -> Result<Option<Range<u64>>, Failed> {
    let file = read(loader, label)?;
    let address = loader.env.get_hex("fdt_addr", 0);
    if file.is_none() && (label.overlays.is_empty() || brings_its_own) {
        if address == 0 {
            return Ok(None);
        }
        return Ok(Some(address..address));
    }
    let mut tree = match file {
        Some(file) => file,
        None => base(loader, address)?,
    };
    // Each kernel gets a random number, but here also in the place of one in the file.
    if label.kaslrseed {
        tree = with_seed(loader, tree);
    }
    let tree = with_overlays(loader, label, tree);
    Ok(Some(loader.put(&tree, "fdt_addr_r")?))
}

/// The file that the label names, or of a folder the one for this board, if it is there.
fn read(loader: &mut Loader<'_>, label: &Label) -> Result<Option<Vec<u8>>, Failed> {
    match (label.fdt.as_deref(), &label.fdtdir) {
        (Some("-"), _) => Ok(None),
        (Some(path), _) => Ok(Some(loader.read(path, FDT_MAX)?)),
        (None, Some(folder)) => {
            let path = in_folder(folder, &file_name(loader.env));
            let read = loader.read(&path, FDT_MAX);
            if read.is_err() {
                let folder = printable(folder.as_bytes());
                println!("Skipping fdtdir {folder} for failure retrieving dts");
            }
            Ok(read.ok())
        }
        (None, None) => Ok(None),
    }
}

fn in_folder(folder: &str, name: &str) -> String {
    match folder {
        folder if folder.ends_with('/') => format!("{folder}{name}"),
        folder => format!("{folder}/{name}"),
    }
}

/// The name of the board's device tree in a folder of many.
fn file_name(env: &Env) -> String {
    if let Some(name) = env.get("fdtfile") {
        return name.into();
    }
    let board = env.get("board").unwrap_or("");
    match env.get("soc").filter(|_| !board.is_empty()) {
        Some(soc) => format!("{soc}-{board}.dtb"),
        None => format!("{board}.dtb"),
    }
}

/// The tree at `fdt_addr` or else the loader's own, to be changed.
fn base(loader: &Loader<'_>, address: u64) -> Result<Vec<u8>, Failed> {
    let address = match address {
        0 => loader.env.get_hex("fdtcontroladdr", 0),
        address => address,
    };
    let tree = tree_at(loader.ram, address).and_then(|tree| Ok(tree.to_vec()?));
    tree.map_err(|error| failed(&format!("{address:#x}"), error))
}

/// The tree with a random number, if the toolstack gave what one can be made of.
fn with_seed(loader: &Loader<'_>, tree: Vec<u8>) -> Vec<u8> {
    let control = tree_at(loader.ram, loader.env.get_hex("fdtcontroladdr", 0)).ok();
    let Some(seed) = control.and_then(seed::of) else {
        println!("{NO_SEED}");
        return tree;
    };
    match seeded(&tree, &seed) {
        Ok(seeded) => seeded,
        Err(error) => {
            println!("WARNING: could not set kaslr-seed {error}.");
            tree
        }
    }
}

fn seeded(tree: &[u8], seed: &[u8]) -> Result<Vec<u8>, FdtError> {
    let mut seeded = fdt::zeroed(tree.len().saturating_add(SEED_ROOM))?;
    fdt::open_into(Fdt::new(tree)?, &mut seeded)?;
    seed::place(&mut FdtMut::new(&mut seeded)?, seed)?;
    Ok(seeded)
}

/// An overlay that does not fit is left out, as in U-Boot.
fn with_overlays(loader: &mut Loader<'_>, label: &Label, mut tree: Vec<u8>) -> Vec<u8> {
    for path in &label.overlays {
        let name = printable(path.as_bytes());
        let Ok(bytes) = loader.read(path, FDT_MAX) else {
            println!("Failed loading overlay {name}");
            continue;
        };
        let Ok(overlay) = Fdt::new(&bytes) else {
            println!("Invalid overlay {name}, skipping");
            continue;
        };
        match with_overlay(&tree, overlay) {
            Ok(merged) => tree = merged,
            Err(error) => {
                println!("failed on fdt_overlay_apply(): {error}");
                let base = Fdt::new(&tree);
                if base.is_ok_and(|base| base.find("/__symbols__").is_err()) {
                    println!("base fdt does not have a /__symbols__ node");
                    println!("make sure you've compiled with -@");
                }
                println!("Failed to apply overlay {name}, skipping");
            }
        }
    }
    tree
}
