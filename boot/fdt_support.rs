// SPDX-License-Identifier: GPL-2.0-or-later
//! Device trees in RAM, and what an operating system has to find in one.
//!
//! The tree that Xen passed already describes the guest; it gets the command
//! line and the initramfs. A tree from a disk also gets the RAM.
//!
//! Source: Devicetree Specification 0.4, chapter 3; Linux,
//! `Documentation/devicetree/bindings/chosen.txt` (the schema of `/chosen`).

use crate::fdt::{self, Fdt, FdtError, FdtMut, HEADER_LEN, Node};
use crate::place::{self, overlap};
use alloc::format;
use alloc::vec::Vec;
use arch::mem::{MemError, Ram};
use core::fmt;
use core::ops::Range;
use include::PLAIN_VERSION;

/// Room in a tree for what an overlay adds, for each of its bytes.
const OVERLAY_GROWTH: usize = 2;

/// Why there is no usable tree at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeError {
    /// The address is no good.
    Memory(MemError),
    /// What is there is no good.
    Tree(FdtError),
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TreeError::Memory(error) => error.fmt(f),
            TreeError::Tree(error) => error.fmt(f),
        }
    }
}

impl From<MemError> for TreeError {
    fn from(error: MemError) -> TreeError {
        TreeError::Memory(error)
    }
}

impl From<FdtError> for TreeError {
    fn from(error: FdtError) -> TreeError {
        TreeError::Tree(error)
    }
}

/// The tree at an address.
///
/// # Errors
/// If all of it is not in RAM that may be looked at, or it is not a tree.
pub fn tree_at(ram: &Ram, address: u64) -> Result<Fdt<'_>, TreeError> {
    let total = Fdt::size_from_header(ram.slice(address, HEADER_LEN)?)?;
    Ok(Fdt::new(ram.slice(address, total)?)?)
}

/// The tree at an address, to be changed.
///
/// # Errors
/// As [`tree_at`], or if it cannot be edited in place.
pub fn tree_at_mut(ram: &mut Ram, address: u64) -> Result<FdtMut<'_>, TreeError> {
    let total = Fdt::size_from_header(ram.slice(address, HEADER_LEN)?)?;
    Ok(FdtMut::new(ram.slice_mut(address, total)?)?)
}

/// A tree with an overlay applied to it.
///
/// # Errors
/// If it does not fit.
pub fn with_overlay(tree: &[u8], overlay: Fdt<'_>) -> Result<Vec<u8>, FdtError> {
    let room = overlay.bytes().len().saturating_mul(OVERLAY_GROWTH);
    let mut merged = fdt::zeroed(tree.len().saturating_add(room))?;
    fdt::open_into(Fdt::new(tree)?, &mut merged)?;
    fdt::overlay::apply(&mut FdtMut::new(&mut merged)?, overlay)?;
    Ok(merged)
}

/// Gives `/chosen` the loader's version and the command line; without one it keeps what it has.
///
/// # Errors
/// If there is no room.
pub fn chosen(tree: &mut FdtMut<'_>, bootargs: Option<&str>) -> Result<(), FdtError> {
    let root = tree.fdt().root().offset();
    let chosen = tree.find_or_add_node(root, "chosen")?;
    if let Some(bootargs) = bootargs {
        tree.set_property(chosen, "bootargs", &text(bootargs))?;
    }
    tree.set_property(chosen, "u-boot,version", &text(PLAIN_VERSION))
}

/// Tells `/chosen` which configuration of a FIT image was booted.
///
/// # Errors
/// If there is no room.
pub fn configuration(tree: &mut FdtMut<'_>, name: &str) -> Result<(), FdtError> {
    let root = tree.fdt().root().offset();
    let chosen = tree.find_or_add_node(root, "chosen")?;
    tree.set_property(chosen, "u-boot,bootconf", &text(name))
}

/// The value of a property of text.
fn text(value: &str) -> Vec<u8> {
    value.bytes().chain([0]).collect()
}

/// Tells `/chosen` where the initramfs is, and reserves it.
///
/// # Errors
/// If there is no room.
pub fn initrd(tree: &mut FdtMut<'_>, initrd: &Range<u64>) -> Result<(), FdtError> {
    let root = tree.fdt().root().offset();
    tree.find_or_add_node(root, "chosen")?;
    let old = chosen_initrd(tree.fdt()).map(|old| old.start);
    for start in old.into_iter().chain([initrd.start]) {
        drop_reservation(tree, start)?;
    }
    tree.add_reservation(fdt::Reservation {
        start: initrd.start,
        size: place::len(initrd),
    })?;
    let chosen = tree.find("/chosen")?;
    let wide = tree.fdt().root().u32("#address-cells") == Some(2);
    for (name, value) in [
        ("linux,initrd-start", initrd.start),
        ("linux,initrd-end", initrd.end),
    ] {
        match u32::try_from(value) {
            Ok(value) if !wide => tree.set_property(chosen, name, &value.to_be_bytes())?,
            _ => tree.set_property(chosen, name, &value.to_be_bytes())?,
        }
    }
    Ok(())
}

/// Deletes the reservation that begins at an address, if there is one.
///
/// # Errors
/// None of a well-formed tree.
pub fn drop_reservation(tree: &mut FdtMut<'_>, start: u64) -> Result<(), FdtError> {
    let mut entries = tree.fdt().reservations();
    let index = entries.position(|entry| entry.start == start);
    drop(entries);
    index.map_or(Ok(()), |index| tree.delete_reservation(index))
}

/// The initramfs that `/chosen` names, as Xen's does if the guest was given one.
pub fn chosen_initrd(tree: Fdt<'_>) -> Option<Range<u64>> {
    let chosen = tree.find("/chosen").ok()?;
    let range = chosen.number("linux,initrd-start")?..chosen.number("linux,initrd-end")?;
    (!range.is_empty()).then_some(range)
}

/// What the tree says must not be overwritten: its reservations and `/reserved-memory`.
pub fn reserved(tree: Fdt<'_>) -> Vec<Range<u64>> {
    let entries = tree
        .reservations()
        .map(|r| r.start..r.start.saturating_add(r.size));
    let mut all: Vec<Range<u64>> = entries.collect();
    if let Ok(node) = tree.find("/reserved-memory") {
        let enabled =
            |child: &Node<'_>| matches!(child.string("status"), None | Some("okay" | "ok"));
        all.extend(
            node.children()
                .filter(enabled)
                .flat_map(|child| reg(node, child)),
        );
    }
    all
}

/// Makes the memory nodes say what RAM there is, unless they do already.
///
/// # Errors
/// If there is no room.
pub fn memory(tree: &mut FdtMut<'_>, banks: &[Range<u64>]) -> Result<(), FdtError> {
    let described: Vec<Range<u64>> = memory_nodes(tree.fdt())
        .flat_map(|node| reg(tree.fdt().root(), node))
        .collect();
    if described == banks {
        return Ok(());
    }
    let Some(first) = banks.first() else {
        return Ok(());
    };
    // From the last one on, so that the offsets of the others hold.
    let nodes: Vec<usize> = memory_nodes(tree.fdt()).skip(1).map(Node::offset).collect();
    for node in nodes.into_iter().rev() {
        tree.delete_node(node)?;
    }
    let root = tree.fdt().root();
    let (address, size) = cells(root);
    let (root, existing) = (
        root.offset(),
        memory_nodes(tree.fdt()).next().map(Node::offset),
    );
    let node = match existing {
        Some(node) => node,
        None => tree.add_node(root, &format!("memory@{:x}", first.start))?,
    };
    let mut value = Vec::new();
    for bank in banks {
        push_cells(&mut value, bank.start, address)?;
        push_cells(&mut value, place::len(bank), size)?;
    }
    tree.set_property(node, "reg", &value)?;
    tree.set_property(node, "device_type", b"memory\0")
}

/// Makes a node below `/reserved-memory`, for RAM that the kernel must not even map.
///
/// Source: Devicetree Specification 0.4, chapter 3.5; Linux, `drivers/of/fdt.c`,
/// which ignores all of `/reserved-memory` if its cells are not those of the root.
///
/// # Errors
/// If there is no room, or what is there already is such that Linux ignores it.
pub fn withhold(tree: &mut FdtMut<'_>, name: &str, ranges: &[Range<u64>]) -> Result<(), FdtError> {
    let Some(first) = ranges.first() else {
        return Ok(());
    };
    let root = tree.fdt().root();
    let (root, (address, size)) = (root.offset(), cells(root));
    if tree.find("/reserved-memory").is_err() {
        let parent = tree.add_node(root, "reserved-memory")?;
        for (name, cells) in [("#address-cells", address), ("#size-cells", size)] {
            tree.set_property(parent, name, &(cells as u32).to_be_bytes())?;
        }
        tree.set_property(parent, "ranges", &[])?;
    }
    let parent = tree.fdt().find("/reserved-memory")?;
    if cells(parent) != (address, size) || parent.property("ranges").is_none() {
        return Err(FdtError::BadValue);
    }
    let mut value = Vec::new();
    for range in ranges {
        push_cells(&mut value, range.start, address)?;
        push_cells(&mut value, place::len(range), size)?;
    }
    let parent = parent.offset();
    let node = tree.find_or_add_node(parent, &format!("{name}@{:x}", first.start))?;
    tree.set_property(node, "reg", &value)?;
    tree.set_property(node, "no-map", &[])
}

fn memory_nodes(tree: Fdt<'_>) -> impl Iterator<Item = Node<'_>> {
    tree.root().children().filter(|node| {
        node.string("device_type") == Some("memory")
            || node.name().split('@').next() == Some("memory")
    })
}

/// The cells of addresses and sizes in a node's children.
fn cells(parent: Node<'_>) -> (usize, usize) {
    let cells = |name, default| parent.u32(name).unwrap_or(default) as usize;
    (cells("#address-cells", 2), cells("#size-cells", 1))
}

/// The ranges of a node; those that are empty, or of which nothing can be said, are left out.
fn reg(parent: Node<'_>, node: Node<'_>) -> Vec<Range<u64>> {
    let (address, size) = cells(parent);
    if !(1..=2).contains(&address) || !(1..=2).contains(&size) {
        return Vec::new();
    }
    let value = node.property("reg").unwrap_or(&[]);
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0u64, |number, &byte| (number << 8) | u64::from(byte))
    };
    let entry = address.saturating_add(size).saturating_mul(4);
    let entries = value.chunks_exact(entry).filter_map(|entry| {
        let (start, len) = entry.split_at_checked(address.saturating_mul(4))?;
        let start = number(start);
        Some(start..start.checked_add(number(len))?)
    });
    entries
        .filter(|range| overlap(range, &(0..u64::MAX)))
        .collect()
}

fn push_cells(value: &mut Vec<u8>, number: u64, cells: usize) -> Result<(), FdtError> {
    match cells {
        1 => value.extend(
            u32::try_from(number)
                .map_err(|_| FdtError::BadValue)?
                .to_be_bytes(),
        ),
        2 => value.extend(number.to_be_bytes()),
        _ => return Err(FdtError::BadValue),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
