// SPDX-License-Identifier: GPL-2.0-or-later
//! Nodes of the control device tree.
//!
//! The tree is the one that Xen itself passed: the `fdt` crate panics on
//! malformed trees, so no other tree may come here.

use common::{Error, Result};
use core::fmt;
use fdt::Fdt;
use fdt::node::FdtNode;

/// A node of the control device tree.
#[derive(Clone, Copy)]
pub struct OfNode {
    tree: &'static Fdt<'static>,
    node: FdtNode<'static, 'static>,
}

/// A register range of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reg {
    /// Physical address.
    pub start: u64,
    /// Size in bytes.
    pub size: u64,
}

impl OfNode {
    /// The node at a path.
    pub fn find(tree: &'static Fdt<'static>, path: &str) -> Option<OfNode> {
        Some(OfNode {
            tree,
            node: tree.find_node(path)?,
        })
    }

    /// Its name with the unit address: `uart@22000000`.
    pub fn name(self) -> &'static str {
        self.node.name
    }

    /// Its children, in the order of the tree.
    pub fn children(self) -> impl Iterator<Item = OfNode> {
        let tree = self.tree;
        self.node.children().map(move |node| OfNode { tree, node })
    }

    /// Its `compatible` strings, the most specific one first.
    pub fn compatible(self) -> impl Iterator<Item = &'static str> {
        strings(self.property("compatible").unwrap_or_default())
    }

    /// Whether it is compatible with `name`.
    pub fn is_compatible(self, name: &str) -> bool {
        self.compatible().any(|c| c == name)
    }

    /// Whether its `status` is absent or okay.
    pub fn is_enabled(self) -> bool {
        matches!(self.property("status"), None | Some(b"okay\0" | b"ok\0"))
    }

    /// The bytes of a property.
    pub fn property(self, name: &str) -> Option<&'static [u8]> {
        self.node.property(name).map(|p| p.value)
    }

    /// The names of its properties.
    pub fn property_names(self) -> impl Iterator<Item = &'static str> {
        self.node.properties().map(|p| p.name)
    }

    /// A property that is a string.
    pub fn string(self, name: &str) -> Option<&'static str> {
        strings(self.property(name)?).next()
    }

    /// Its `reg` ranges, by its parent's cell sizes (two and two if it has no parent that says).
    ///
    /// # Errors
    /// If it has no `reg`, or one shorter than a range.
    pub fn reg(self, index: usize) -> Result<Reg> {
        let mut ranges = self.node.reg().ok_or(Error::NotFound)?;
        let range = ranges.nth(index).ok_or(Error::NotFound)?;
        Ok(Reg {
            start: range.starting_address as u64,
            size: range.size.ok_or(Error::NotFound)? as u64,
        })
    }
}

fn strings(value: &'static [u8]) -> impl Iterator<Item = &'static str> {
    value
        .split(|&byte| byte == 0)
        .filter(|s| !s.is_empty())
        .filter_map(|s| core::str::from_utf8(s).ok())
}

impl PartialEq for OfNode {
    fn eq(&self, other: &OfNode) -> bool {
        // A node's name is a slice of the tree at the node's own place.
        core::ptr::eq(self.node.name, other.node.name)
    }
}

impl fmt::Debug for OfNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OfNode({})", self.name())
    }
}
