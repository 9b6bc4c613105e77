// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of changing device trees.

use super::testing::*;
use super::*;
use alloc::string::String;
use alloc::vec;

fn with_room(pad: usize) -> Vec<u8> {
    let small = xen_guest();
    let mut blob = vec![0; small.len() + pad];
    open_into(Fdt::new(&small).unwrap(), &mut blob).unwrap();
    blob
}

fn checked(blob: &[u8]) -> Fdt<'_> {
    Fdt::new(blob).expect("an edit keeps the tree well-formed")
}

#[test]
fn properties_are_set_grown_shrunk_and_deleted() {
    let mut blob = with_room(256);
    let mut tree = FdtMut::new(&mut blob).unwrap();
    let chosen = tree.find("/chosen").unwrap();
    tree.set_property(chosen, "bootargs", b"root=/dev/xvda2 rw console=hvc0\0")
        .unwrap();
    tree.set_property(chosen, "new", &[1, 2, 3]).unwrap();
    tree.set_property(chosen, "empty", &[]).unwrap();
    let names: Vec<&str> = checked(tree.fdt().bytes())
        .find("/chosen")
        .unwrap()
        .properties()
        .map(|p| p.name)
        .collect();
    assert_eq!(names, ["empty", "new", "bootargs"]);
    tree.set_property(chosen, "bootargs", b"x\0").unwrap();
    tree.delete_property(chosen, "new").unwrap();
    assert_eq!(tree.delete_property(chosen, "new"), Err(FdtError::NotFound));
    let node = checked(tree.fdt().bytes()).find("/chosen").unwrap();
    assert_eq!(node.string("bootargs"), Some("x"));
    assert_eq!(node.property("empty"), Some(&[][..]));
    assert_eq!(node.property("new"), None);
    assert_eq!(
        tree.fdt().find("hyp").unwrap().string("compatible"),
        Some("xen,xen-4.17")
    );
}

#[test]
fn nodes_come_and_go() {
    let mut blob = with_room(256);
    let before = blob.clone();
    let mut tree = FdtMut::new(&mut blob).unwrap();
    let root = tree.find("/").unwrap();
    let node = tree.add_node(root, "reserved-memory").unwrap();
    assert_eq!(tree.find("/reserved-memory").unwrap(), node);
    tree.set_property(node, "ranges", &[]).unwrap();
    let child = tree.add_node(node, "buffer@1000").unwrap();
    tree.set_property(child, "reg", &[0; 16]).unwrap();
    assert_eq!(tree.add_node(root, "chosen"), Err(FdtError::Exists));
    assert_eq!(tree.add_node(root, "a/b"), Err(FdtError::BadValue));
    for name in ["", "a\0b", &"x".repeat(NAME_MAX + 1)] {
        assert_eq!(tree.set_property(root, name, b""), Err(FdtError::BadValue));
    }
    assert_eq!(tree.find_or_add_node(root, "reserved-memory"), Ok(node));
    assert_eq!(
        checked(tree.fdt().bytes())
            .root()
            .children()
            .next()
            .unwrap()
            .name(),
        "reserved-memory"
    );
    tree.delete_node(node).unwrap();
    assert_eq!(tree.find("/reserved-memory"), Err(FdtError::NotFound));
    assert_eq!(tree.delete_node(root), Err(FdtError::BadValue));
    // As before but for the strings, which stay for the next use.
    let (old, new) = (checked(&before), checked(&blob));
    assert_eq!(old.field(SIZE_STRUCT), new.field(SIZE_STRUCT));
    assert_eq!(old.nodes().count(), new.nodes().count());
}

#[test]
fn nodes_are_not_nested_too_deep() {
    let mut blob = with_room(4096);
    let mut tree = FdtMut::new(&mut blob).unwrap();
    let mut node = tree.find("/").unwrap();
    for _ in 1..MAX_DEPTH {
        node = tree.add_node(node, "x").unwrap();
    }
    assert_eq!(tree.add_node(node, "x"), Err(FdtError::NoSpace));
    checked(&blob);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut blob = with_room(20);
    let before = blob.clone();
    let mut tree = FdtMut::new(&mut blob).unwrap();
    let chosen = tree.find("/chosen").unwrap();
    assert_eq!(
        tree.set_property(chosen, "new", &[0; 8]),
        Err(FdtError::NoSpace)
    );
    assert_eq!(
        tree.set_property(chosen, "bootargs", &[0; 64]),
        Err(FdtError::NoSpace)
    );
    assert_eq!(
        tree.add_node(chosen, "a-name-that-is-long"),
        Err(FdtError::NoSpace)
    );
    let two = Reservation { start: 1, size: 1 };
    assert_eq!(tree.add_reservation(two), Ok(()));
    assert_eq!(tree.add_reservation(two), Err(FdtError::NoSpace));
    assert_eq!(tree.delete_reservation(0), Ok(()));
    assert_eq!(blob[..before.len() - 20], before[..before.len() - 20]);
}

#[test]
fn reservations_keep_their_order() {
    let mut blob = with_room(64);
    let mut tree = FdtMut::new(&mut blob).unwrap();
    for start in [0x1000, 0x2000, 0x3000] {
        tree.add_reservation(Reservation { start, size: 0x10 })
            .unwrap();
    }
    tree.delete_reservation(1).unwrap();
    assert_eq!(tree.delete_reservation(2), Err(FdtError::NotFound));
    assert_eq!(
        tree.add_reservation(Reservation { start: 0, size: 0 }),
        Err(FdtError::BadValue)
    );
    let starts: Vec<u64> = checked(&blob).reservations().map(|r| r.start).collect();
    assert_eq!(starts, [0x1000, 0x3000]);
    assert!(checked(&blob).find("/chosen").is_ok());
}

#[test]
fn a_name_may_share_the_end_of_another() {
    assert_eq!(find_string(b"linux,phandle\0reg\0", "phandle"), Some(6));
    assert_eq!(find_string(b"linux,phandle\0reg\0", "regs"), None);
    assert_eq!(find_string(b"", "reg"), None);
}

#[test]
fn edits_of_mutated_trees_keep_them_well_formed() {
    let good = with_room(200);
    let mut random = Random(0xed17);
    for _ in 0..5_000 {
        let mut blob = good.clone();
        mutate(&mut random, &mut blob);
        let Ok(mut tree) = FdtMut::new(&mut blob) else {
            continue;
        };
        let root = tree.find("/").unwrap();
        if let Ok(chosen) = tree.find_or_add_node(root, "chosen") {
            _ = tree.set_property(chosen, "bootargs", &good[..random.below(100)]);
            _ = tree.set_property(chosen, "linux,initrd-start", &[0; 8]);
        }
        _ = tree.add_reservation(Reservation { start: 1, size: 2 });
        let victim = tree
            .fdt()
            .nodes()
            .nth(random.below(5))
            .map(|(_, n)| n.offset());
        _ = victim.map(|offset| tree.delete_node(offset));
        let paths: Vec<String> = {
            let fdt = checked(tree.fdt().bytes());
            fdt.nodes()
                .filter_map(|(_, n)| fdt.path(n.offset()))
                .collect()
        };
        assert!(!paths.is_empty());
    }
}
