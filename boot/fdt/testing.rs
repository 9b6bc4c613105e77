// SPDX-License-Identifier: GPL-2.0-or-later
//! Trees for tests, written by hand, and mutations of them.

use super::*;
use alloc::string::String;
use alloc::vec::Vec;

/// A node of a tree to be built.
#[derive(Clone, Default)]
pub struct Source {
    pub name: String,
    pub properties: Vec<(String, Vec<u8>)>,
    pub children: Vec<Source>,
}

/// A node with properties and children.
pub fn node(name: &str, properties: &[(&str, &[u8])], children: &[Source]) -> Source {
    let properties = properties
        .iter()
        .map(|(n, v)| (String::from(*n), v.to_vec()))
        .collect();
    Source {
        name: name.into(),
        properties,
        children: children.to_vec(),
    }
}

/// What Xen passes to a guest, in short.
pub fn xen_guest() -> Vec<u8> {
    let two = 2u32.to_be_bytes();
    let bank0: Vec<u8> = [0u32, 0x4000_0000, 0, 0x0400_0000]
        .iter()
        .flat_map(|c| c.to_be_bytes())
        .collect();
    let bank1: Vec<u8> = [2u32, 0, 0, 0x4000_0000]
        .iter()
        .flat_map(|c| c.to_be_bytes())
        .collect();
    let memory = |name, reg: &[u8]| node(name, &[("device_type", b"memory\0"), ("reg", reg)], &[]);
    let root = node(
        "",
        &[
            ("#address-cells", &two),
            ("#size-cells", &two),
            ("compatible", b"xen,xenvm-4.17\0xen,xenvm\0"),
        ],
        &[
            node("chosen", &[("bootargs", b"console=hvc0\0")], &[]),
            node("aliases", &[("hyp", b"/hypervisor\0")], &[]),
            memory("memory@40000000", &bank0),
            memory("memory@200000000", &bank1),
            node(
                "hypervisor",
                &[("compatible", b"xen,xen-4.17\0xen,xen\0")],
                &[],
            ),
        ],
    );
    build(&root, &[], 0)
}

/// The bytes of a tree, with `pad` bytes to spare.
pub fn build(root: &Source, reservations: &[(u64, u64)], pad: usize) -> Vec<u8> {
    let (mut structure, mut strings) = (Vec::new(), Vec::new());
    write(root, &mut structure, &mut strings);
    structure.extend(END.to_be_bytes());
    let rsv = HEADER_LEN;
    let off_struct = rsv + (reservations.len() + 1) * RESERVATION;
    let off_strings = off_struct + structure.len();
    let total = off_strings + strings.len() + pad;
    let header = [
        MAGIC as usize,
        total,
        off_struct,
        off_strings,
        rsv,
        17,
        16,
        0,
        strings.len(),
        structure.len(),
    ];
    let mut blob: Vec<u8> = header
        .iter()
        .flat_map(|&f| (f as u32).to_be_bytes())
        .collect();
    for (start, size) in reservations.iter().chain(&[(0, 0)]) {
        blob.extend(start.to_be_bytes());
        blob.extend(size.to_be_bytes());
    }
    blob.extend(structure);
    blob.extend(strings);
    blob.resize(total, 0);
    blob
}

fn write(node: &Source, structure: &mut Vec<u8>, strings: &mut Vec<u8>) {
    structure.extend(BEGIN_NODE.to_be_bytes());
    structure.extend(node.name.as_bytes());
    structure.push(0);
    structure.resize(structure.len().next_multiple_of(4), 0);
    for (name, value) in &node.properties {
        structure.extend(PROP.to_be_bytes());
        structure.extend((value.len() as u32).to_be_bytes());
        structure.extend((strings.len() as u32).to_be_bytes());
        strings.extend(name.as_bytes());
        strings.push(0);
        structure.extend(value);
        structure.resize(structure.len().next_multiple_of(4), 0);
    }
    node.children
        .iter()
        .for_each(|child| write(child, structure, strings));
    structure.extend(END_NODE.to_be_bytes());
}

/// A small generator of numbers for mutations, always the same ones.
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit
    }
}

/// Changes a few bytes, preferring the values that break parsers.
pub fn mutate(random: &mut Random, bytes: &mut [u8]) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        bytes[at] = [0, 1, 2, 3, 4, 9, 0x7f, 0xff, b'/', b'@'][random.below(10)];
    }
}
