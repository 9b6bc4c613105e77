// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of reading device trees.

use super::testing::*;
use super::*;
use alloc::string::ToString;
use alloc::vec;

#[test]
fn nodes_and_properties_are_found() {
    let blob = xen_guest();
    let fdt = Fdt::new(&blob).unwrap();
    assert_eq!(fdt.find("/memory").unwrap().name(), "memory@40000000");
    assert_eq!(
        fdt.find("/memory@200000000").unwrap().string("device_type"),
        Some("memory")
    );
    assert_eq!(fdt.find("hyp").unwrap().name(), "hypervisor");
    assert_eq!(
        fdt.find("//chosen/").unwrap().property("bootargs"),
        Some(&b"console=hvc0\0"[..])
    );
    assert_eq!(fdt.find("nobody").err(), Some(FdtError::BadPath));
    assert_eq!(fdt.find("/nobody").err(), Some(FdtError::NotFound));
    assert_eq!(fdt.root().u32("#size-cells"), Some(2));
    assert_eq!(fdt.root().children().count(), 5);
    let depths: Vec<_> = fdt.nodes().map(|(depth, _)| depth).collect();
    assert_eq!(depths, [0, 1, 1, 1, 1, 1]);
    let memory = fdt.find("/memory@200000000").unwrap();
    assert_eq!(
        fdt.path(memory.offset()),
        Some("/memory@200000000".to_string())
    );
    assert_eq!(fdt.path(fdt.root().offset()), Some("/".to_string()));
}

#[test]
fn reservations_and_phandles() {
    let two = 7u32.to_be_bytes();
    let root = node(
        "",
        &[],
        &[node("a", &[], &[node("b@1", &[("phandle", &two)], &[])])],
    );
    let blob = build(&root, &[(0x1000, 0x10), (0x2000, 0x20)], 8);
    let fdt = Fdt::new(&blob).unwrap();
    assert_eq!(fdt.by_phandle(7).unwrap().name(), "b@1");
    assert!(fdt.by_phandle(8).is_none());
    assert_eq!(
        fdt.path(fdt.by_phandle(7).unwrap().offset()).unwrap(),
        "/a/b@1"
    );
    let all: Vec<_> = fdt.reservations().collect();
    assert_eq!(
        all,
        [
            Reservation {
                start: 0x1000,
                size: 0x10
            },
            Reservation {
                start: 0x2000,
                size: 0x20
            }
        ]
    );
    assert_eq!(fdt.used(), blob.len() - 8);
}

#[test]
fn what_is_not_a_tree_is_refused() {
    assert_eq!(Fdt::new(&[]).err(), Some(FdtError::BadMagic));
    assert_eq!(
        Fdt::new(&MAGIC.to_be_bytes()).err(),
        Some(FdtError::Truncated)
    );
    let mut blob = xen_guest();
    let whole = blob.len();
    assert_eq!(
        Fdt::new(&blob[..whole - 1]).err(),
        Some(FdtError::Truncated)
    );
    blob[23] = 16;
    assert_eq!(Fdt::new(&blob).err(), Some(FdtError::BadVersion));

    let mut deep = node("x", &[], &[]);
    for _ in 0..MAX_DEPTH - 2 {
        deep = node("x", &[], &[deep]);
    }
    assert!(Fdt::new(&build(&node("", &[], &[deep.clone()]), &[], 0)).is_ok());
    let deeper = node("", &[], &[node("x", &[], &[deep])]);
    assert_eq!(
        Fdt::new(&build(&deeper, &[], 0)).err(),
        Some(FdtError::BadStructure)
    );
    assert!(Fdt::new(&build(&node("named", &[], &[]), &[], 0)).is_err());
    assert!(Fdt::new(&build(&node("", &[], &[node("", &[], &[])]), &[], 0)).is_err());
}

#[test]
fn long_names_of_real_trees_are_accepted() {
    let name = "a-property-name-with-many-more-than-31-characters";
    let blob = build(&node("", &[(name, b"x\0")], &[]), &[], 0);
    assert_eq!(Fdt::new(&blob).unwrap().root().string(name), Some("x"));
}

#[test]
fn names_without_end_are_not_looked_for() {
    for (len, result) in [
        (NAME_MAX, Ok(())),
        (NAME_MAX + 1, Err(FdtError::BadStructure)),
    ] {
        let blob = build(&node("", &[(&"x".repeat(len), b"")], &[]), &[], 0);
        assert_eq!(Fdt::new(&blob).map(drop), result);
    }
}

#[test]
fn mutated_trees_never_panic_and_never_hang() {
    let good = xen_guest();
    let mut random = Random(0x5eed);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let mut blob = good.clone();
        mutate(&mut random, &mut blob);
        let keep = if random.below(4) == 0 {
            random.below(blob.len())
        } else {
            blob.len()
        };
        let Ok(fdt) = Fdt::new(&blob[..keep]) else {
            continue;
        };
        accepted += 1;
        let names: Vec<String> = fdt
            .nodes()
            .filter_map(|(_, n)| fdt.path(n.offset()))
            .collect();
        for path in names {
            let node = fdt.find(&path).unwrap();
            assert!(node.properties().all(|p| p.value.len() <= blob.len()));
        }
        _ = fdt.reservations().count();
    }
    assert!(
        accepted > 100,
        "{accepted} of the mutated trees were still trees"
    );
    assert_eq!(strings(b"a\0\0b\0").collect::<Vec<_>>(), vec!["a", "b"]);
}
