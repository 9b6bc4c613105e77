// SPDX-License-Identifier: GPL-2.0-or-later
//! Device trees for tests, written down in the code; source: the Devicetree
//! Specification, "Flattened Devicetree (DTB) Format".

use alloc::vec::Vec;
use fdt::Fdt;

const MAGIC: u32 = 0xd00d_feed;
const VERSION: u32 = 17;
const COMPATIBLE_VERSION: u32 = 16;
const BEGIN_NODE: u32 = 1;
const END_NODE: u32 = 2;
const PROPERTY: u32 = 3;
const END: u32 = 9;
/// Header, and an empty list of reservations behind it.
const STRUCTURE: u32 = 40 + 16;

/// A tree being written.
pub struct Tree {
    structure: Vec<u8>,
    strings: Vec<u8>,
}

impl Tree {
    /// A tree whose root has two cells for addresses and two for sizes.
    pub fn new() -> Tree {
        let tree = Tree {
            structure: Vec::new(),
            strings: Vec::new(),
        };
        tree.begin("")
            .cells("#address-cells", &[2])
            .cells("#size-cells", &[2])
    }

    /// Begins a node; its properties come before its children.
    pub fn begin(mut self, name: &str) -> Tree {
        self.word(BEGIN_NODE);
        self.bytes(name.as_bytes());
        self.bytes(b"\0");
        self.align();
        self
    }

    /// Ends a node.
    pub fn end(mut self) -> Tree {
        self.word(END_NODE);
        self
    }

    /// A property of bytes.
    pub fn property(mut self, name: &str, value: &[u8]) -> Tree {
        let name_at = self.strings.len() as u32;
        self.strings.extend_from_slice(name.as_bytes());
        self.strings.push(0);
        self.word(PROPERTY);
        self.word(value.len() as u32);
        self.word(name_at);
        self.bytes(value);
        self.align();
        self
    }

    /// A property that is a string.
    pub fn text(self, name: &str, value: &str) -> Tree {
        let value = alloc::format!("{value}\0");
        self.property(name, value.as_bytes())
    }

    /// A property of 32-bit numbers.
    pub fn cells(self, name: &str, cells: &[u32]) -> Tree {
        let value: Vec<u8> = cells.iter().flat_map(|cell| cell.to_be_bytes()).collect();
        self.property(name, &value)
    }

    /// Ends the root; the tree lives as long as the test's process.
    pub fn build(self) -> &'static Fdt<'static> {
        let mut tree = self.end();
        tree.word(END);
        let structure = tree.structure.len() as u32;
        let strings = tree.strings.len() as u32;
        let header = [
            MAGIC,
            STRUCTURE + structure + strings,
            STRUCTURE,
            STRUCTURE + structure,
            40,
            VERSION,
            COMPATIBLE_VERSION,
            0,
            strings,
            structure,
        ];
        let mut blob: Vec<u8> = header.iter().flat_map(|word| word.to_be_bytes()).collect();
        blob.extend([0; 16]);
        blob.extend(tree.structure);
        blob.extend(tree.strings);
        let fdt = Fdt::new(Vec::leak(blob)).unwrap();
        alloc::boxed::Box::leak(alloc::boxed::Box::new(fdt))
    }

    fn word(&mut self, word: u32) {
        self.bytes(&word.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.structure.extend_from_slice(bytes);
    }

    fn align(&mut self) {
        self.structure
            .resize(self.structure.len().next_multiple_of(4), 0);
    }
}
