// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootm` and `booti` up to the jump, with images of mkimage.

use crate::{Folder, Machine, content};
use boot::fdt_support::{chosen_initrd, tree_at};
use include::image as raw;
use std::sync::LazyLock;
use tests::tool::{arg, run, run_with_input};

/// The device tree of the machine, and where it is.
const CONTROL: u64 = 0x4300_0000;
pub const TREE: &str = r#"/dts-v1/;
/ {
	compatible = "xen,xenvm-4.17", "xen,xenvm"; #address-cells = <2>; #size-cells = <2>;
	memory@40000000 { device_type = "memory"; reg = <0 0x40000000 0 0x4000000>; };
	soc: soc { };
};
"#;
const OVERLAY: &str = "/dts-v1/; /plugin/; &soc { added = \"yes\"; };";

pub fn dtc(source: &str, folder: &Folder, name: &str) {
    let path = folder.path().join(name);
    let words = ["-q", "-@", "-I", "dts", "-O", "dtb", "-o", arg(&path), "-"];
    run_with_input("dtc", &words, source);
}

/// An arm64 `Image` that does not compress well.
fn kernel() -> Vec<u8> {
    let mut bytes = content(300_000, 5);
    let mut put = |offset: usize, value: u64| {
        bytes[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
    };
    put(raw::TEXT_OFFSET, 0);
    put(raw::IMAGE_SIZE, 1 << 20);
    put(raw::FLAGS, raw::FLAG_ANYWHERE);
    put(raw::MAGIC, raw::ARM64_MAGIC.into());
    bytes
}

pub fn machine(image: &[u8]) -> Machine {
    static COMPILED: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let folder = Folder::new();
        dtc(TREE, &folder, "control");
        std::fs::read(folder.path().join("control")).unwrap()
    });
    let mut machine = Machine::with(image);
    machine.put(CONTROL, &COMPILED);
    machine.ctx.env.set_hex("fdtcontroladdr", CONTROL).unwrap();
    machine.ctx.env.set("bootargs", "console=hvc0").unwrap();
    machine
}

/// A FIT image whose kernel a tool packed, with an initramfs, a device tree and an overlay.
fn fit(folder: &Folder, compression: &str, tool: &[&str], options: &[&str]) -> Vec<u8> {
    let path = folder.file("kernel", &kernel());
    match tool {
        [] => _ = std::fs::copy(&path, folder.path().join("packed")).unwrap(),
        [tool, words @ ..] => {
            let line = format!("{tool} {} <{} >packed", words.join(" "), arg(&path));
            let line = format!("cd {} && {line}", arg(folder.path()));
            run("sh", &["-c", &line]);
        }
    }
    folder.file("ramdisk", &content(9000, 6));
    dtc(TREE, folder, "tree");
    dtc(OVERLAY, folder, "overlay");
    let path = folder.path().display();
    let source = format!(
        r#"/dts-v1/;
/ {{
	description = "Linux"; #address-cells = <1>;
	images {{
		kernel {{
			data = /incbin/("{path}/packed"); type = "kernel"; arch = "arm64"; os = "linux";
			compression = "{compression}"; load = <0x41800000>; entry = <0x41800000>;
			hash-1 {{ algo = "sha256"; }};
		}};
		ramdisk {{
			data = /incbin/("{path}/ramdisk"); type = "ramdisk"; arch = "arm64"; os = "linux";
			compression = "none"; load = <0x42000000>; hash-1 {{ algo = "sha1"; }};
		}};
		tree {{
			data = /incbin/("{path}/tree"); type = "flat_dt"; arch = "arm64"; compression = "none";
			hash-1 {{ algo = "crc32"; }};
		}};
		overlay {{
			data = /incbin/("{path}/overlay"); type = "flat_dt"; arch = "arm64"; compression = "none";
			hash-1 {{ algo = "crc32"; }};
		}};
	}};
	configurations {{
		default = "plain";
		plain {{ kernel = "kernel"; ramdisk = "ramdisk"; fdt = "tree"; }};
		added {{ kernel = "kernel"; fdt = "tree", "overlay"; }};
		more {{ fdt = "overlay"; }};
		bare {{ kernel = "kernel"; }};
	}};
}};
"#
    );
    folder.fit(&source, options)
}

#[test]
fn fit_images_of_each_compression_come_to_the_jump() {
    for (compression, tool) in [
        ("none", &[][..]),
        ("gzip", &["gzip"]),
        ("lzma", &["xz", "--format=lzma"]),
        ("lz4", &["lz4", "-q"]),
        ("zstd", &["zstd", "-q"]),
    ] {
        for options in [&[][..], &["-E"]] {
            let image = fit(&Folder::new(), compression, tool, options);
            let mut machine = machine(&image);
            let (status, text) = machine.run("bootm 40800000");
            assert_eq!(status, 0, "{compression}: {text}");
            assert!(text.contains("   Using 'plain' configuration\n"));
            assert!(text.contains("   Verifying Hash Integrity ... sha256+ OK\n"));
            assert!(text.contains("\nStarting kernel ...\n"), "{text}");
            let entry = "## Transferring control to Linux (at address 41800000)...\n";
            assert!(text.contains(entry), "{text}");
            let bytes = machine.bytes(0x4180_0000, 300_000);
            assert!(bytes == kernel(), "{compression}");
            let fdt = machine.ctx.env.get_hex("fdtaddr", 0);
            let tree = tree_at(&machine.ctx.ram, fdt).unwrap();
            let initrd = chosen_initrd(tree).unwrap();
            assert_eq!(machine.bytes(initrd.start, 9000), content(9000, 6));
            let chosen = tree.find("/chosen").unwrap();
            assert_eq!(chosen.string("bootargs"), Some("console=hvc0"));
            assert_eq!(chosen.string("u-boot,bootconf"), Some("plain"));
        }
    }
}

#[test]
fn configurations_bring_overlays() {
    let mut machine = machine(&fit(&Folder::new(), "none", &[], &[]));
    for (command, expected) in [
        ("bootm 40800000#added", Some("yes")),
        ("bootm 40800000#plain#more", Some("yes")),
        ("bootm 40800000#plain", None),
        ("bootm 40800000#bare", None),
        ("bootm 40800000#bare - 40800000#added", Some("yes")),
    ] {
        let (status, text) = machine.run(command);
        assert_eq!(status, 0, "{command}: {text}");
        let fdt = machine.ctx.env.get_hex("fdtaddr", 0);
        let tree = tree_at(&machine.ctx.ram, fdt).unwrap();
        let added = tree.find("/soc").unwrap().string("added");
        assert_eq!(added, expected, "{command}");
    }
}

#[test]
fn stages_let_the_device_tree_be_changed() {
    let mut machine = machine(&fit(&Folder::new(), "gzip", &["gzip"], &[]));
    for stage in ["start ${loadaddr}", "loados", "ramdisk", "fdt"] {
        let (status, text) = machine.run(&format!("bootm {stage}"));
        assert_eq!(status, 0, "{stage}: {text}");
    }
    assert_eq!(machine.run("fdt set /soc mine yes").0, 0);
    let (status, text) = machine.run("bootm ramdisk");
    assert_eq!(status, 1);
    assert!(text.starts_with("Trying to execute a command out of order\n"));
    assert_eq!(machine.run("bootm bdt").1, "subcommand failed (err=-1)\n");
    assert_eq!(machine.run("bootm prep; bootm fake; bootm go").0, 0);
    let fdt = machine.ctx.env.get_hex("fdtaddr", 0);
    let tree = tree_at(&machine.ctx.ram, fdt).unwrap();
    assert_eq!(tree.find("/soc").unwrap().string("mine"), Some("yes"));
    assert!(chosen_initrd(tree).is_some());
    assert!(machine.run("bootm nonsense").1.contains("Usage:\nbootm "));
}

#[test]
fn legacy_images_come_to_the_jump() {
    let folder = Folder::new();
    folder.file("kernel", &kernel());
    run("gzip", &["-kf", arg(&folder.path().join("kernel"))]);
    let packed = std::fs::read(folder.path().join("kernel.gz")).unwrap();
    let kernel_words = [
        "-T",
        "kernel",
        "-C",
        "gzip",
        "-a",
        "0x41800000",
        "-e",
        "0x41800000",
    ];
    let image = folder.legacy(&kernel_words, &[&packed]);
    let ramdisk = folder.legacy(&["-T", "ramdisk", "-C", "none"], &[&content(9000, 6)]);
    let mut machine = machine(&image);
    machine.put(0x4200_0000, &ramdisk);
    let (status, text) = machine.run("bootm 40800000 42000000");
    assert_eq!(status, 0, "{text}");
    for line in [
        "## Booting kernel from Legacy Image at 40800000 ...\n   Image Name:   a test\n",
        "   Image Type:   AArch64 Linux Kernel Image (gzip compressed)\n",
        "   Verifying Checksum ... OK\n",
        "## Loading init Ramdisk from Legacy Image at 42000000 ...\n",
        "   Uncompressing Kernel Image to 41800000\n",
        "## Transferring control to Linux (at address 41800000)...\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    // The same initramfs for a kernel without a header, moved below an address.
    machine.put(0x4100_0000, &kernel());
    let (status, text) =
        machine.run("setenv initrd_high 41800000; booti 41000000 42000000 ${fdtcontroladdr}");
    assert_eq!(status, 0, "{text}");
    assert!(
        text.contains("   Loading Ramdisk to 417fd000, end 417ff328 ... OK\n"),
        "{text}"
    );
    assert_eq!(machine.bytes(0x417f_d000, 9000), content(9000, 6));
    let raw = machine.run("booti 41000000 417fd000:2328; printenv initrd_end");
    assert_eq!(raw.0, 0);
    // A damaged one is refused.
    machine.ctx.ram.slice_mut(0x4200_1000, 1).unwrap()[0] ^= 1;
    let (status, text) = machine.run("booti 41000000 42000000");
    assert_eq!(status, 1);
    assert!(text.ends_with("Bad Data CRC\nRamdisk image is corrupt or invalid\n"));
}
