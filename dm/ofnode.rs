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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_tree::Tree;
    use alloc::vec::Vec;

    #[test]
    fn nodes_are_found_and_tell_what_they_hold() {
        let tree = Tree::new()
            .begin("soc")
            .cells("#address-cells", &[1])
            .cells("#size-cells", &[1])
            .begin("uart@9000")
            .text("compatible", "arm,pl011\0arm,primecell")
            .cells("reg", &[0x9000, 0x1000, 0xa000, 0x20])
            .property("empty", b"")
            .end()
            .begin("off")
            .text("status", "disabled")
            .end()
            .end()
            .begin("hypervisor")
            .text("compatible", "xen,xen-4.17\0xen,xen")
            .text("status", "ok")
            .cells("reg", &[1, 0x3800_0000, 0, 0x4_0000])
            .end()
            .build();
        let node = |path: &str| OfNode::find(tree, path).unwrap();
        let uart = node("/soc/uart@9000");
        assert_eq!(uart.name(), "uart@9000");
        let compatible: Vec<_> = uart.compatible().collect();
        assert_eq!(compatible, ["arm,pl011", "arm,primecell"]);
        assert_eq!(uart.string("compatible"), Some("arm,pl011"));
        assert_eq!(uart.property("empty"), Some(&b""[..]));
        assert_eq!(uart.property("none"), None);
        let names: Vec<_> = uart.property_names().collect();
        assert_eq!(names, ["compatible", "reg", "empty"]);

        let names: Vec<_> = node("/soc").children().map(OfNode::name).collect();
        assert_eq!(names, ["uart@9000", "off"]);
        assert!(uart.is_enabled() && node("/hypervisor").is_enabled());
        assert!(!node("/soc/off").is_enabled());
        assert!(OfNode::find(tree, "/soc/none").is_none());
        assert_eq!(uart, node("/soc/uart@9000"));
        assert_ne!(uart, node("/soc"));
    }

    #[test]
    fn registers_are_read_by_the_parents_cells() {
        let tree = Tree::new()
            .begin("soc")
            .cells("#address-cells", &[1])
            .cells("#size-cells", &[1])
            .begin("uart")
            .cells("reg", &[0x9000, 0x1000, 0xa000, 0x20])
            .end()
            .end()
            .begin("hypervisor")
            .cells("reg", &[1, 0x3800_0000, 0, 0x4_0000])
            .end()
            .build();
        let reg = |path: &str, index| OfNode::find(tree, path).unwrap().reg(index);
        let (start, size) = (0xa000, 0x20);
        assert_eq!(reg("/soc/uart", 1), Ok(Reg { start, size }));
        let (start, size) = (0x1_3800_0000, 0x4_0000);
        assert_eq!(reg("/hypervisor", 0), Ok(Reg { start, size }));
        assert_eq!(reg("/hypervisor", 1), Err(Error::NotFound));
        assert_eq!(reg("/soc", 0), Err(Error::NotFound));
    }
}
