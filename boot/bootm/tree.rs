// SPDX-License-Identifier: GPL-2.0-or-later
//! The device tree that the kernel's is made from.

use super::{Failed, Images, failed, refuse_overlap};
use crate::fdt_support::{self as support, tree_at};
use alloc::vec::Vec;
use arch::mem::Ram;
use common::println;
use core::ops::Range;
use env::Env;

/// Where the device tree is that the kernel's is made from.
pub fn fdt_address(env: &Env, images: &Images) -> Option<u64> {
    images
        .fdt
        .or_else(|| Some(env.get_hex("fdtcontroladdr", 0)).filter(|&address| address != 0))
}

/// Says which device tree the kernel's is made from, and makes it the working one.
///
/// # Errors
/// If there is none.
pub fn announce_fdt(ram: &Ram, env: &mut Env, images: &Images) -> Result<(), Failed> {
    let Some(address) = fdt_address(env, images) else {
        println!("ERROR: no device tree is given, and fdtcontroladdr is not set");
        println!("Could not find a valid device tree");
        return Err(Failed);
    };
    tree_at(ram, address).map_err(|error| {
        println!("ERROR: Did not find a cmdline Flattened Device Tree");
        println!("{address:#x}: {error}");
        println!("Could not find a valid device tree");
        Failed
    })?;
    println!("## Flattened Device Tree blob at {address:08x}");
    use_fdt(env, address);
    Ok(())
}

/// Says where the device tree is, wherever it was found, and makes it the working one.
pub fn use_fdt(env: &mut Env, address: u64) {
    println!("   Booting using the fdt blob at {address:#08x}");
    set_working_fdt(env, address);
}

/// What is known of the device tree that the kernel's is made from.
pub struct Tree {
    /// Where it is.
    pub range: Range<u64>,
    /// What it says must stay untouched.
    pub keep: Vec<Range<u64>>,
    /// Whether it is the loader's own.
    pub own: bool,
}

/// The tree that the kernel's is made from.
pub fn find_fdt(
    ram: &Ram,
    env: &Env,
    images: &Images,
    kernel: &Range<u64>,
) -> Result<Tree, Failed> {
    let address = fdt_address(env, images).unwrap_or(0);
    let tree = tree_at(ram, address)
        .map_err(|error| failed("Could not find a valid device tree", error))?;
    let range = address..address.saturating_add(tree.bytes().len() as u64);
    refuse_overlap("FDT", &range, kernel)?;
    let mut keep = support::reserved(tree);
    // A reservation for the tree's own place ends with the tree.
    keep.retain(|range| range.start != address);
    if images.initrd.is_none()
        && let Some(initrd) = support::chosen_initrd(tree)
    {
        refuse_overlap("RD", &initrd, kernel)?;
        keep.push(initrd);
    }
    let own = address == env.get_hex("fdtcontroladdr", 0);
    Ok(Tree { range, keep, own })
}

/// Makes an address the one that the `fdt` command works on.
pub fn set_working_fdt(env: &mut Env, address: u64) {
    println!("Working FDT set to {address:x}");
    // Only a bad name could fail.
    _ = env.set_hex("fdtaddr", address);
}
