// SPDX-License-Identifier: GPL-2.0-or-later
//! Device trees, kernels and boot flows, against dtc, fdtget, fdtput, fdtoverlay and gzip.

use arch::mem::{Access, Ram, Reserved};
use boot::bootm::{Images, prepare};
use boot::fdt::{Fdt, FdtMut, Node, Reservation, open_into, overlay};
use boot::fdt_support::tree_at;
use cmd::Context;
use cmd::testing::{RAM_BASE, RAM_SIZE, capture};
use env::Env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tests::image::{self, ImageDisk};
use tests::random::Random;
use tests::tool::{arg, run, run_with_input};

const MIB: u64 = 1 << 20;
/// Where the pretended loader and its device tree are.
const LOADER: u64 = RAM_BASE + 52 * MIB;
const CONTROL: u64 = RAM_BASE + 51 * MIB;

/// What Xen passes to a guest with two banks of memory and an initramfs.
const XEN_GUEST: &str = r#"/dts-v1/;
/memreserve/ 0x48000000 0x1000;
/ {
	#address-cells = <2>;
	#size-cells = <2>;
	interrupt-parent = <0xfde8>;
	compatible = "xen,xenvm-4.17", "xen,xenvm";
	chosen { bootargs = "console=hvc0 root=/dev/xvda2"; stdout-path = "/pl011"; };
	aliases { serial0 = "/pl011"; gic = "/interrupt-controller@3001000"; };
	cpus {
		#address-cells = <1>; #size-cells = <0>;
		cpu@0 { device_type = "cpu"; compatible = "arm,armv8"; enable-method = "psci"; reg = <0>; };
	};
	psci { compatible = "arm,psci-1.0", "arm,psci"; method = "hvc"; cpu_on = <2>; };
	memory@40000000 { device_type = "memory"; reg = <0x0 0x40000000 0x0 0xbf000000>; };
	memory@200000000 { device_type = "memory"; reg = <0x2 0x0 0x0 0x40000000>; };
	gic: interrupt-controller@3001000 {
		compatible = "arm,gic-v3"; #interrupt-cells = <3>; #address-cells = <0>; interrupt-controller;
		reg = <0x0 0x3001000 0x0 0x10000>, <0x0 0x3020000 0x0 0x100000>;
		phandle = <0xfde8>;
	};
	timer { compatible = "arm,armv8-timer"; interrupts = <1 13 0xf08>, <1 14 0xf08>, <1 11 0xf08>; };
	hypervisor {
		compatible = "xen,xen-4.17", "xen,xen";
		reg = <0x0 0x38000000 0x0 0x1000000>; interrupts = <1 15 0xf08>; interrupt-parent = <&gic>;
	};
	a-node-whose-name-has-more-than-thirty-one-characters@0 {
		a-property-whose-name-has-more-than-thirty-one-characters = [01 02 03];
	};
};
"#;

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

fn dtc(source: &str, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    run_with_input(
        "dtc",
        &["-q", "-@", "-I", "dts", "-O", "dtb", "-o", arg(&path), "-"],
        source,
    );
    path
}

fn compiled(source: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::read(dtc(source, folder.path(), "tree.dtb")).unwrap()
}

/// The source of a tree, nothing sorted.
fn decompiled(blob: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tree.dtb");
    std::fs::write(&path, blob).unwrap();
    run("dtc", &["-q", "-I", "dtb", "-O", "dts", arg(&path)])
}

fn with_room(blob: &[u8], room: usize) -> Vec<u8> {
    let mut roomy = vec![0; blob.len() + room];
    open_into(Fdt::new(blob).unwrap(), &mut roomy).unwrap();
    roomy
}

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

/// An arm64 `Image` of some bytes that needs `size` bytes of memory.
fn kernel(len: usize, size: u64) -> Vec<u8> {
    let mut bytes = Random::new(3).bytes(len);
    bytes[8..32].fill(0);
    bytes[16..24].copy_from_slice(&size.to_le_bytes());
    bytes[24] = 1 << 3;
    bytes[56..60].copy_from_slice(b"ARM\x64");
    bytes
}

/// 64 MiB with a loader at the top and Xen's tree below it.
fn ram_with_tree() -> Ram {
    let reserved = vec![
        Reserved {
            range: LOADER..RAM_BASE + RAM_SIZE as u64,
            what: "loader",
            access: Access::Private,
        },
        Reserved {
            range: CONTROL..CONTROL + 0x4000,
            what: "device tree",
            access: Access::NoLoad,
        },
    ];
    let mut ram = Ram::in_buffer(RAM_BASE, RAM_SIZE, reserved);
    let blob = compiled(XEN_GUEST);
    ram.slice_mut(CONTROL, blob.len())
        .unwrap()
        .copy_from_slice(&blob);
    ram
}

fn environment() -> Env {
    let mut env = Env::default();
    env.set_layout(RAM_BASE..CONTROL);
    env.set_hex("fdtcontroladdr", CONTROL).unwrap();
    env
}

#[test]
fn a_kernel_packed_by_gzip_finds_its_tree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Image");
    let image = kernel(5_000_000, 36 * MIB);
    std::fs::write(&path, &image).unwrap();
    run("gzip", &["-9", arg(&path)]);
    let packed = std::fs::read(folder.path().join("Image.gz")).unwrap();
    let (mut ram, mut env) = (ram_with_tree(), environment());
    let at = env.get_hex("kernel_addr_r", 0);
    ram.load_region(at, packed.len())
        .unwrap()
        .copy_from_slice(&packed);
    let initrd = RAM_BASE + 40 * MIB..RAM_BASE + 44 * MIB;
    env.set("bootargs", "root=/dev/xvda2 rw").unwrap();
    let _console = capture();
    let images = Images {
        kernel: at,
        initrd: Some(initrd.clone()),
        ..Images::default()
    };
    let handover = prepare(&mut ram, &mut env, &images).unwrap();
    assert_eq!(
        ram.slice(handover.kernel.start, image.len()).unwrap(),
        image
    );
    assert!(handover.kernel.end <= initrd.start || handover.kernel.start >= initrd.end);

    let tree = folder.path().join("tree.dtb");
    std::fs::write(&tree, tree_at(&ram, handover.fdt).unwrap().bytes()).unwrap();
    let get = |kind: &str, name: &str| run("fdtget", &["-t", kind, arg(&tree), "/chosen", name]);
    assert_eq!(get("s", "bootargs"), "root=/dev/xvda2 rw\n");
    assert_eq!(get("x", "linux,initrd-start"), "0 42800000\n");
    assert_eq!(get("x", "linux,initrd-end"), "0 42c00000\n");
    assert_eq!(
        run("fdtget", &["-l", arg(&tree), "/"])
            .matches("memory@")
            .count(),
        2
    );
}

/// A machine whose disk 1 has a broken boot flow and a good one; disk 0 has none.
fn machine_with_disks() -> Context {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("boot/extlinux")).unwrap();
    let write = |path: &str, bytes: &[u8]| std::fs::write(root.join(path), bytes).unwrap();
    let config = "default good\ntimeout 50\nlabel broken\n kernel ../none\n\
        label good\n kernel ../Image\n initrd ../initrd\n append root=/dev/xvda${part} quiet\n";
    write("boot/extlinux/extlinux.conf", config.as_bytes());
    write("boot/Image", &kernel(3_000_000, 4 * MIB));
    write("boot/initrd", &Random::new(9).bytes(100_000));
    let good = tests::tool::image(folder.path(), "good", 16 * MIB);
    run(
        "mke2fs",
        &["-q", "-F", "-t", "ext4", "-d", arg(&root), arg(&good)],
    );
    write(
        "boot/extlinux/extlinux.conf",
        b"label broken\n kernel /none\n",
    );
    write(
        "boot/Image",
        b"this is no kernel, though it is named like one; booti says so, nothing else happens",
    );
    let broken = tests::tool::image(folder.path(), "broken", 16 * MIB);
    run(
        "mke2fs",
        &["-q", "-F", "-t", "ext4", "-d", arg(&root), arg(&broken)],
    );

    let disk = tests::tool::image(folder.path(), "disk", 40 * MIB);
    run(
        "sgdisk",
        &["-n", "1:2048:+16M", "-n", "2:36864:+16M", arg(&disk)],
    );
    let mut bytes = std::fs::read(disk).unwrap();
    for (at, part) in [(MIB, broken), (18 * MIB, good)] {
        bytes[at as usize..][..16 << 20].copy_from_slice(&std::fs::read(part).unwrap());
    }
    let disks = [
        ImageDisk::new(vec![0; 1 << 20], 512),
        ImageDisk::new(bytes, 512),
    ];
    let mut env = environment();
    env.set("part", "2").unwrap();
    Context::new(ram_with_tree(), Arc::new(image::model(&disks)), env)
}

#[test]
fn boot_flows_are_listed() {
    let console = capture();
    let mut machine = machine_with_disks();
    assert_eq!(machine.run_script("bootflow scan -l"), 0);
    let text = console.take();
    let rows: Vec<&str> = text.lines().skip(3).take(4).collect();
    assert_eq!(
        rows,
        [
            "  0  extlinux     ready   pvblock      1  pvblock1.bootdev.part_1   /boot/extlinux/extlinux.conf",
            "  1  image        ready   pvblock      1  pvblock1.bootdev.part_1   /boot/Image",
            "  2  extlinux     ready   pvblock      2  pvblock1.bootdev.part_2   /boot/extlinux/extlinux.conf",
            "  3  image        ready   pvblock      2  pvblock1.bootdev.part_2   /boot/Image",
        ]
    );
    assert!(text.ends_with("(4 bootflows, 4 valid)\n"), "{text}");
}

/// A host process is no machine for a kernel: it says what it would have done, and goes on.
#[test]
fn the_first_boot_flow_that_works_is_started() {
    let console = capture();
    let mut machine = machine_with_disks();
    assert_eq!(machine.run_script("bootflow scan -lb"), 0);
    let text = console.take();
    let mut rest = text.as_str();
    for line in [
        "** Booting bootflow 'pvblock1.bootdev.part_1' with extlinux\n",
        "/none: not found\nSkipping broken for failure retrieving kernel\nBoot failed\n",
        "** Booting bootflow 'pvblock1.bootdev.part_1' with image\n",
        "Bad Linux ARM64 Image magic!\nBoot failed\n",
        "** Booting bootflow 'pvblock1.bootdev.part_2' with extlinux\n",
        "2:\tgood\nRetrieving file: /boot/Image\nRetrieving file: /boot/initrd\n",
        "append: root=/dev/xvda2 quiet\n",
        "## Flattened Device Tree blob at 43300000\n   Booting using the fdt blob at 0x43300000\n",
        "   Loading Device Tree to 00000000",
        " ... OK\nWorking FDT set to ",
        "\nStarting kernel ...\n\n",
        "## Transferring control to Linux (at address 40000000)...\n",
    ] {
        let at = rest
            .find(line)
            .unwrap_or_else(|| panic!("{line:?} is missing in:\n{text}"));
        rest = &rest[at + line.len()..];
    }
}
