// SPDX-License-Identifier: GPL-2.0-or-later
//! Device trees, kernels and boot flows, against dtc, fdtget, fdtput, fdtoverlay and gzip.

#[cfg(CONFIG_BOOTCOUNT_FS)]
mod bootcount;
mod flows;
mod packed;
mod trees;

use arch::mem::{Access, Ram, Reserved};
use boot::bootm::{Images, prepare};
use boot::fdt::{Fdt, FdtMut, Node, Reservation, open_into, overlay};
use boot::fdt_support::tree_at;
use cmd::Context;
use cmd::testing::{RAM_BASE, RAM_SIZE, capture};
use env::Env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tests::image::{self, HUNTED, ImageDisk};
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
    assert_eq!(get("s", "stdout-path"), "/pl011\n");
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
    let rows: Vec<&str> = text.lines().skip(3).collect();
    assert_eq!(
        rows[..8],
        [
            &format!("Hunting with: {HUNTED}"),
            "Scanning bootdev 'pvblock0.bootdev':",
            "Scanning bootdev 'pvblock1.bootdev':",
            "  0  extlinux     ready   pvblock      1  pvblock1.bootdev.part_1   /boot/extlinux/extlinux.conf",
            "  1  image        ready   pvblock      1  pvblock1.bootdev.part_1   /boot/Image",
            "  2  extlinux     ready   pvblock      2  pvblock1.bootdev.part_2   /boot/extlinux/extlinux.conf",
            "  3  image        ready   pvblock      2  pvblock1.bootdev.part_2   /boot/Image",
            "No more bootdevs",
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
        "/none: not found\nSkipping broken for failure retrieving kernel\nBoot failed (err=-14)\n",
        "** Booting bootflow 'pvblock1.bootdev.part_1' with image\n",
        "Bad Linux ARM64 Image magic!\nBoot failed (err=-14)\n",
        "** Booting bootflow 'pvblock1.bootdev.part_2' with extlinux\n",
        "2:\tgood\nRetrieving file: /boot/extlinux/../Image\nRetrieving file: /boot/extlinux/../initrd\n",
        "append: root=/dev/xvda2 quiet\n",
        "## Flattened Device Tree blob at 43300000\n   Booting using the fdt blob at 0x43300000\n",
        "   Loading Device Tree to 00000000",
        " ... OK\nWorking FDT set to ",
        "\nStarting kernel ...\n\n",
        "## Transferring control to Linux (at address 40000000)...\n",
        "Boot failed (err=-14)\n",
    ] {
        let at = rest
            .find(line)
            .unwrap_or_else(|| panic!("{line:?} is missing in:\n{text}"));
        rest = &rest[at + line.len()..];
    }
}
