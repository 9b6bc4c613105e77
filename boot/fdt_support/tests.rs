// SPDX-License-Identifier: GPL-2.0-or-later
//! Trees in RAM, and what is put into them.

use super::*;
use crate::fdt::testing::{build, node, xen_guest};

const BANKS: [Range<u64>; 2] = [0x4000_0000..0x4400_0000, 0x2_0000_0000..0x2_4000_0000];

fn edited(blob: &[u8], edit: impl FnOnce(&mut FdtMut<'_>)) -> Vec<u8> {
    let mut roomy = alloc::vec![0; blob.len() + 512];
    fdt::open_into(Fdt::new(blob).unwrap(), &mut roomy).unwrap();
    edit(&mut FdtMut::new(&mut roomy).unwrap());
    roomy
}

#[test]
fn the_command_line_is_set_or_kept() {
    let set = edited(&xen_guest(), |tree| {
        chosen(tree, Some("root=/dev/xvda2")).unwrap()
    });
    let kept = edited(&xen_guest(), |tree| chosen(tree, None).unwrap());
    let made = edited(&build(&node("", &[], &[]), &[], 0), |tree| {
        chosen(tree, Some("quiet")).unwrap()
    });
    for (blob, expected) in [
        (set, "root=/dev/xvda2"),
        (kept, "console=hvc0"),
        (made, "quiet"),
    ] {
        let fdt = Fdt::new(&blob).unwrap();
        assert_eq!(
            fdt.find("/chosen").unwrap().string("bootargs"),
            Some(expected)
        );
        let version = fdt.find("/chosen").unwrap().string("u-boot,version");
        assert!(version.unwrap().starts_with("2026.10"));
    }
}

#[test]
fn an_initramfs_replaces_the_one_of_xen() {
    let blob = edited(&xen_guest(), |tree| {
        initrd(tree, &(0x4800_0000..0x4900_0000)).unwrap();
        initrd(tree, &(0x4200_0000..0x4300_0001)).unwrap();
    });
    let fdt = Fdt::new(&blob).unwrap();
    assert_eq!(chosen_initrd(fdt), Some(0x4200_0000..0x4300_0001));
    assert_eq!(
        fdt.find("/chosen")
            .unwrap()
            .property("linux,initrd-end")
            .unwrap()
            .len(),
        8
    );
    assert!(reserved(fdt).iter().eq([&(0x4200_0000..0x4300_0001)]));
    assert_eq!(chosen_initrd(Fdt::new(&xen_guest()).unwrap()), None);
}

#[test]
fn memory_is_kept_if_right_and_replaced_if_not() {
    let right = edited(&xen_guest(), |tree| memory(tree, &BANKS).unwrap());
    assert_eq!(memory_nodes(Fdt::new(&right).unwrap()).count(), 2);
    let other: Vec<_> = BANKS
        .iter()
        .map(|bank| bank.start..bank.end - 0x1000)
        .collect();
    let replaced = edited(&xen_guest(), |tree| memory(tree, &other).unwrap());
    let fdt = Fdt::new(&replaced).unwrap();
    let nodes: Vec<_> = memory_nodes(fdt).collect();
    assert_eq!(nodes.len(), 1);
    assert_eq!(reg(fdt.root(), nodes[0]), other);
    let one = 1u32.to_be_bytes();
    let narrow = build(
        &node("", &[("#address-cells", &one), ("#size-cells", &one)], &[]),
        &[],
        0,
    );
    let made = edited(&narrow, |tree| {
        assert_eq!(memory(tree, &BANKS), Err(FdtError::BadValue));
        memory(tree, &BANKS[..1]).unwrap();
    });
    let fdt = Fdt::new(&made).unwrap();
    assert_eq!(
        fdt.find("/memory@40000000")
            .unwrap()
            .property("reg")
            .unwrap()
            .len(),
        8
    );
}

#[test]
fn reserved_memory_is_found() {
    let two = 2u32.to_be_bytes();
    let at: Vec<u8> = [0x4100_0000u64, 0x1000]
        .iter()
        .flat_map(|n| n.to_be_bytes())
        .collect();
    let properties: &[(&str, &[u8])] = &[("#address-cells", &two), ("#size-cells", &two)];
    let buffers = [
        node("a@41000000", &[("reg", &at)], &[]),
        node(
            "off@41000000",
            &[("reg", &at), ("status", b"disabled\0")],
            &[],
        ),
        node("dynamic", &[("size", &at[..8])], &[]),
    ];
    let root = node("", &[], &[node("reserved-memory", properties, &buffers)]);
    let blob = build(&root, &[(0x4200_0000, 0x2000)], 0);
    let expected = [0x4200_0000..0x4200_2000, 0x4100_0000..0x4100_1000];
    assert_eq!(reserved(Fdt::new(&blob).unwrap()), expected);
}

#[test]
fn trees_are_found_in_ram() {
    let mut ram = Ram::in_buffer(0x4000_0000, 0x10000, Vec::new());
    let blob = xen_guest();
    ram.slice_mut(0x4000_8000, blob.len())
        .unwrap()
        .copy_from_slice(&blob);
    assert_eq!(tree_at(&ram, 0x4000_8000).unwrap().bytes(), blob);
    assert!(tree_at_mut(&mut ram, 0x4000_8000).is_ok());
    assert_eq!(
        tree_at(&ram, 0x4000_0000).err(),
        Some(TreeError::Tree(FdtError::BadMagic))
    );
    assert!(matches!(
        tree_at(&ram, 0x4001_0000).err(),
        Some(TreeError::Memory(_))
    ));
    // The header promises more than there is RAM.
    ram.slice_mut(0x4000_fff0 - 24, 40)
        .unwrap()
        .copy_from_slice(&blob[..40]);
    assert!(matches!(
        tree_at(&ram, 0x4000_fff0 - 24).err(),
        Some(TreeError::Memory(_))
    ));
}
