// SPDX-License-Identifier: GPL-2.0-or-later
//! Device trees, against dtc, fdtget, fdtput and fdtoverlay.

use super::*;

/// A tree with labels, and two overlays, the second of which refers to the first.
const BASE: &str = r#"/dts-v1/;
/ {
	model = "base";
	soc: soc { bus: bus@1000 { status = "disabled"; #clock-cells = <1>; }; };
	clk: clock { };
};
"#;
const OVERLAY_1: &str = r#"/dts-v1/; /plugin/;
&bus {
	status = "okay";
	dev: device@1 { clocks = <&clk 1 &own 2>, <&own 3>; };
	own: clock@2 { #clock-cells = <1>; };
};
/ { fragment@9 { target-path = "/"; __overlay__ { model = "changed"; extra { empty; }; }; }; };
"#;
const OVERLAY_2: &str = r#"/dts-v1/; /plugin/;
&dev { parent = <&soc>; more: sub { me = <&more>; }; };
"#;

#[test]
fn trees_are_read_as_fdtget_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = dtc(XEN_GUEST, folder.path(), "guest.dtb");
    let blob = std::fs::read(&path).unwrap();
    let fdt = Fdt::new(&blob).unwrap();
    let lines = |option: &str, node: &str| -> Vec<String> {
        run("fdtget", &[option, arg(&path), node])
            .lines()
            .map(String::from)
            .collect()
    };
    let mut seen = 0;
    for (_, node) in fdt.nodes() {
        let name = fdt.path(node.offset()).unwrap();
        assert_eq!(
            lines("-l", &name),
            node.children()
                .map(|c| c.name().to_string())
                .collect::<Vec<_>>()
        );
        assert_eq!(
            lines("-p", &name),
            node.properties()
                .map(|p| p.name.to_string())
                .collect::<Vec<_>>()
        );
        for property in node.properties().filter(|p| !p.value.is_empty()) {
            let bytes = run("fdtget", &["-t", "bx", arg(&path), &name, property.name]);
            let bytes: Vec<u8> = bytes
                .split_whitespace()
                .map(|b| u8::from_str_radix(b, 16).unwrap())
                .collect();
            assert_eq!(bytes, property.value, "{name} {}", property.name);
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
    assert_eq!(decompiled(&with_room(&blob, 100)), decompiled(&blob));
}

#[test]
fn edits_are_those_of_libfdt() {
    let folder = tempfile::tempdir().unwrap();
    let path = dtc(XEN_GUEST, folder.path(), "guest.dtb");
    let mut blob = with_room(&std::fs::read(&path).unwrap(), 4096);
    let mut tree = FdtMut::new(&mut blob).unwrap();
    let set = |tree: &mut FdtMut<'_>, node: &str, name: &str, value: &str| {
        let offset = tree.find(node).unwrap();
        tree.set_property(offset, name, &[value.as_bytes(), b"\0"].concat())
            .unwrap();
        run("fdtput", &["-t", "s", arg(&path), node, name, value]);
    };
    set(
        &mut tree,
        "/chosen",
        "bootargs",
        "a command line that is longer than the one before",
    );
    set(&mut tree, "/chosen", "bootargs", "short");
    set(&mut tree, "/chosen", "new", "property");
    for (parent, name) in [
        ("/", "reserved-memory"),
        ("/reserved-memory", "buffer@1000"),
        ("/cpus", "cpu@1"),
    ] {
        let offset = tree.find(parent).unwrap();
        tree.add_node(offset, name).unwrap();
        run(
            "fdtput",
            &[
                "-c",
                arg(&path),
                &format!("{}/{name}", parent.trim_end_matches('/')),
            ],
        );
    }
    set(&mut tree, "/reserved-memory/buffer@1000", "label", "x");
    let offset = tree.find("/timer").unwrap();
    tree.delete_property(offset, "interrupts").unwrap();
    run("fdtput", &["-d", arg(&path), "/timer", "interrupts"]);
    let offset = tree.find("/psci").unwrap();
    tree.delete_node(offset).unwrap();
    run("fdtput", &["-r", arg(&path), "/psci"]);
    assert_eq!(
        decompiled(&blob),
        decompiled(&std::fs::read(&path).unwrap())
    );
}

#[test]
fn overlays_give_what_fdtoverlay_gives() {
    let folder = tempfile::tempdir().unwrap();
    let base = dtc(BASE, folder.path(), "base.dtb");
    let overlays = [
        dtc(OVERLAY_1, folder.path(), "1.dtbo"),
        dtc(OVERLAY_2, folder.path(), "2.dtbo"),
    ];
    let expected = folder.path().join("expected.dtb");
    run(
        "fdtoverlay",
        &[
            "-i",
            arg(&base),
            "-o",
            arg(&expected),
            arg(&overlays[0]),
            arg(&overlays[1]),
        ],
    );
    let mut blob = with_room(&std::fs::read(&base).unwrap(), 4096);
    let mut tree = FdtMut::new(&mut blob).unwrap();
    for overlay in &overlays {
        let overlay = std::fs::read(overlay).unwrap();
        overlay::apply(&mut tree, Fdt::new(&overlay).unwrap()).unwrap();
    }
    assert_eq!(
        decompiled(&blob),
        decompiled(&std::fs::read(expected).unwrap())
    );
}

#[test]
fn mutated_trees_and_overlays_are_survived() {
    let (base, overlay) = (compiled(BASE), compiled(OVERLAY_1));
    let guest = compiled(XEN_GUEST);
    let mut random = Random::new(77);
    let mut survived = 0;
    for round in 0..3_000 {
        let mut blobs = [
            with_room(&base, 1024),
            overlay.clone(),
            with_room(&guest, 512),
        ];
        for _ in 0..=round % 3 {
            let blob = &mut blobs[round % 3];
            let at = random.below(blob.len() as u64) as usize;
            blob[at] = random.below(256) as u8;
        }
        let [mut base, overlay, mut guest] = blobs;
        if let (Ok(mut base), Ok(overlay)) = (FdtMut::new(&mut base), Fdt::new(&overlay)) {
            _ = overlay::apply(&mut base, overlay);
            Fdt::new(base.fdt().bytes()).unwrap();
        }
        if let Ok(mut guest) = FdtMut::new(&mut guest) {
            _ = boot::fdt_support::chosen(&mut guest, Some("root=/dev/xvda2"));
            _ = boot::fdt_support::initrd(&mut guest, &(0x4200_0000..0x4300_0000));
            _ = boot::fdt_support::memory(
                &mut guest,
                std::slice::from_ref(&(0x4000_0000..0x4400_0000)),
            );
            _ = boot::fdt_support::reserved(guest.fdt());
            _ = guest.add_reservation(Reservation { start: 1, size: 1 });
            let fdt = Fdt::new(guest.fdt().bytes()).unwrap();
            for (_, node) in fdt.nodes() {
                _ = Node::properties(node).count();
                survived += 1;
            }
        }
    }
    assert!(survived > 5_000, "{survived}");
}
