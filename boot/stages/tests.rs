// SPDX-License-Identifier: GPL-2.0-or-later
//! Kernels in legacy and FIT images, stage by stage.

use super::*;
use crate::decompress::gzip::testing::pack;
use crate::fdt::testing::{Random, Source, mutate, node, xen_guest};
use crate::fdt_support::{chosen_initrd, tree_at};
use crate::fit::testing::{cells, fit_with};
use crate::hash::CRC32;
use crate::image::testing::image;
use crate::spec::Spec;
use crate::uimage::testing::{legacy, parts};
use arch::mem::{Access, Reserved};
use common::testing::{Captured, capture};
use include::image::FLAG_ANYWHERE;

const RAM: u64 = 0x4000_0000;
const CONTROL: u64 = RAM + 50 * MIB;
const IMAGE: u64 = RAM + 24 * MIB;
const LOAD: u32 = 0x4020_0000;

struct Machine {
    ram: Ram,
    env: Env,
    bootm: Bootm,
    console: Captured,
}

/// A guest of 64 MiB with the loader at the top, Xen's tree below it, and an image.
fn machine(bytes: &[u8]) -> Machine {
    let console = capture();
    let reserved = |start, end, what, access| Reserved {
        range: start..end,
        what,
        access,
    };
    let loader = reserved(RAM + 52 * MIB, RAM + 64 * MIB, "loader", Access::Private);
    let tree = reserved(CONTROL, CONTROL + 0x1000, "device tree", Access::NoLoad);
    let ram = Ram::in_buffer(RAM, 64 << 20, alloc::vec![loader, tree]);
    let mut env = Env::empty();
    env.set_hex("fdtcontroladdr", CONTROL).unwrap();
    let mut machine = Machine {
        ram,
        env,
        bootm: Bootm::default(),
        console,
    };
    machine.put(CONTROL, &xen_guest());
    machine.put(IMAGE, bytes);
    machine
}

impl Machine {
    fn put(&mut self, address: u64, bytes: &[u8]) {
        let place = self.ram.slice_mut(address, bytes.len()).unwrap();
        place.copy_from_slice(bytes);
    }

    fn stage(&mut self, stage: Stage, args: [&str; 3]) -> Result<Next, Failed> {
        let [kernel, ramdisk, fdt] = args.map(|arg| match arg {
            "" => Select::Default,
            "-" => Select::None,
            arg => Select::Spec(Spec::parse(arg).unwrap()),
        });
        let selection = Selection {
            kernel,
            ramdisk,
            fdt,
            load_address: IMAGE,
        };
        self.bootm
            .run(stage, &mut self.ram, &mut self.env, selection)
    }

    /// All stages, and what was printed.
    fn boot(&mut self, args: [&str; 3]) -> (Result<Handover, Failed>, String) {
        let stages = [Stage::Start, Stage::LoadOs, Stage::Ramdisk, Stage::Prep];
        let done = stages.map(|stage| self.stage(stage, args));
        let failed = done.iter().any(Result::is_err);
        let last = match failed {
            true => Err(Failed),
            false => self.stage(Stage::Go, args),
        };
        let handover = last.map(|next| match next {
            Next::Linux(handover) => handover,
            next => panic!("no Linux is to be started: {next:?}"),
        });
        (handover, self.console.take())
    }
}

fn kernel() -> Vec<u8> {
    image(3 << 20, 0, 4 * MIB, FLAG_ANYWHERE)
}

fn hash(data: &[u8]) -> Source {
    let sum = CRC32.checksum(data).to_be_bytes();
    node("hash-1", &[("algo", b"crc32\0"), ("value", &sum)], &[])
}

fn part(name: &str, kind: &[u8], data: &[u8], load: Option<u32>, compression: &[u8]) -> Source {
    let load = load.map(|load| cells(&[load]));
    let mut properties = alloc::vec![
        ("description", &b"a part\0"[..]),
        ("data", data),
        ("type", kind),
        ("arch", b"arm64\0"),
        ("os", b"linux\0"),
        ("compression", compression),
    ];
    if let Some(load) = &load {
        properties.push(("load", load));
        properties.push(("entry", load));
    }
    node(name, &properties, &[hash(data)])
}

/// A FIT image with all that Linux needs.
fn full_fit(load: u32, kernel: &[u8], compression: &[u8]) -> Vec<u8> {
    let images = [
        part("kernel-1", b"kernel\0", kernel, Some(load), compression),
        part("ramdisk-1", b"ramdisk\0", &[0x5a; 5000], None, b"none\0"),
        part("fdt-1", b"flat_dt\0", &xen_guest(), None, b"none\0"),
        part(
            "extra",
            b"firmware\0",
            b"extra",
            Some(0x4030_0000 + (20 << 20)),
            b"none\0",
        ),
    ];
    let configuration = node(
        "conf-1",
        &[
            ("kernel", b"kernel-1\0"),
            ("ramdisk", b"ramdisk-1\0"),
            ("fdt", b"fdt-1\0"),
            ("loadables", b"extra\0"),
        ],
        &[],
    );
    fit_with(&images, b"conf-1\0", &[configuration])
}

#[test]
fn a_legacy_kernel() {
    let bytes = legacy(TYPE_KERNEL, COMP_NONE, LOAD, LOAD, &kernel());
    let mut machine = machine(&bytes);
    machine.env.set("bootargs", "quiet").unwrap();
    let (handover, text) = machine.boot(["41800000", "42800000:1000", ""]);
    let handover = handover.unwrap();
    assert_eq!(handover.kernel, u64::from(LOAD)..u64::from(LOAD) + 4 * MIB);
    assert!(machine.ram.slice(LOAD.into(), 3 << 20).unwrap() == kernel());
    let tree = tree_at(&machine.ram, handover.fdt).unwrap();
    assert_eq!(chosen_initrd(tree), Some(0x4280_0000..0x4280_1000));
    assert_eq!(
        tree.find("/chosen").unwrap().string("bootargs"),
        Some("quiet")
    );
    assert_eq!(machine.env.get("initrd_start"), Some("42800000"));
    assert!(text.starts_with(
        "## Booting kernel from Legacy Image at 41800000 ...\n   Image Name:   test\n"
    ));
    assert!(text.contains("   Verifying Checksum ... OK\n"));
    assert!(text.contains("   Loading Kernel Image to 40200000\n"));
}

#[test]
fn a_legacy_image_of_several_files() {
    let files = parts(&[&kernel(), &[0x77; 4096], &xen_guest()]);
    let bytes = legacy(TYPE_MULTI, COMP_NONE, LOAD, LOAD, &files);
    let mut machine = machine(&bytes);
    let (handover, text) = machine.boot(["", "", ""]);
    let tree = tree_at(&machine.ram, handover.unwrap().fdt).unwrap();
    let initrd = chosen_initrd(tree).unwrap();
    assert_eq!(machine.ram.slice(initrd.start, 4096).unwrap(), [0x77; 4096]);
    assert!(text.contains("## Loading init Ramdisk from multi component Legacy Image at 41800000"));
    assert!(text.contains("## Flattened Device Tree from multi component Image at 41800000\n"));
    // Linux's own memory nodes are those of this machine.
    assert!(tree.find("/memory@200000000").is_err());
}

#[test]
fn a_fit_image() {
    for (data, compression) in [(kernel(), &b"none\0"[..]), (pack(&kernel()), b"gzip\0")] {
        let mut machine = machine(&full_fit(LOAD, &data, compression));
        let (handover, text) = machine.boot(["41800000", "", ""]);
        let handover = handover.expect(&text);
        assert_eq!(handover.kernel.start, LOAD.into());
        assert!(machine.ram.slice(LOAD.into(), 3 << 20).unwrap() == kernel());
        assert_eq!(machine.ram.slice(0x4170_0000, 5).unwrap(), b"extra");
        let tree = tree_at(&machine.ram, handover.fdt).unwrap();
        let initrd = chosen_initrd(tree).unwrap();
        assert_eq!(machine.ram.slice(initrd.start, 5000).unwrap(), [0x5a; 5000]);
        let chosen = tree.find("/chosen").unwrap();
        assert_eq!(chosen.string("u-boot,bootconf"), Some("conf-1"));
        for line in [
            "## Loading kernel (any) from FIT Image at 41800000 ...\n   Using 'conf-1' configuration\n   \
             Trying 'kernel-1' kernel subimage\n     Description:  a part\n",
            "   Verifying Hash Integrity ... crc32+ OK\n",
            "## Loading ramdisk (any) from FIT Image at 41800000 ...\n",
            "## Loading fdt (any) from FIT Image at 41800000 ...\n",
            "## Loading loadables (any) from FIT Image at 41800000 ...\n   Trying 'extra' loadables subimage\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}

#[test]
fn nothing_that_is_needed_is_overwritten() {
    // To its own image, to the loader, to Xen's tree, to an initramfs.
    for (load, expected) in [
        (0x4178_0000, "it would overwrite the kernel image"),
        (0x4330_0000, "it would overwrite the loader"),
        (0x4310_0000, "it would overwrite the device tree"),
        (0x7000_0000, "is not in RAM"),
    ] {
        let image = full_fit(load, &pack(&kernel()), b"gzip\0");
        let mut machine = machine(&image);
        let before = machine.ram.slice(IMAGE, image.len()).unwrap().to_vec();
        let (handover, text) = machine.boot(["", "", ""]);
        assert_eq!(handover, Err(Failed));
        assert!(text.contains(expected), "{load:x} {text}");
        assert!(machine.ram.slice(IMAGE, image.len()).unwrap() == before);
        assert_eq!(machine.ram.slice(CONTROL, 64).unwrap(), &xen_guest()[..64]);
    }
    let bytes = legacy(TYPE_KERNEL, COMP_NONE, LOAD, LOAD, &kernel());
    let (handover, text) = machine(&bytes).boot(["", "40300000:1000", ""]);
    assert_eq!(handover, Err(Failed));
    assert!(text.contains("it would overwrite the ramdisk (0x40300000..0x40301000)"));
}

#[test]
fn a_kernel_without_a_load_address() {
    let image = |kernel: &[u8], compression| {
        let images = [part(
            "kernel-1",
            b"kernel_noload\0",
            kernel,
            Some(0),
            compression,
        )];
        fit_with(
            &images,
            b"c\0",
            &[node("c", &[("kernel", b"kernel-1\0")], &[])],
        )
    };
    let mut random = Random(77);
    let mut kernel = kernel();
    kernel[64..].fill_with(|| random.below(256) as u8);
    for (data, compression) in [(kernel.clone(), &b"none\0"[..]), (pack(&kernel), b"gzip\0")] {
        let mut machine = machine(&image(&data, compression));
        let (handover, text) = machine.boot(["", "", ""]);
        let start = handover.expect(&text).kernel.start;
        assert!(machine.ram.slice(start, 3 << 20).unwrap() == kernel);
        assert_eq!(start % (2 * MIB), 0);
    }
    let zeros = pack(&alloc::vec![0; 8 << 20]);
    let (handover, text) = machine(&image(&zeros, b"gzip\0")).boot(["", "", ""]);
    assert_eq!(handover, Err(Failed));
    assert!(
        text.contains("Image too large for the per-image decompression buffer (0x100000 bytes)")
    );
}

#[test]
fn a_program_is_called_only_if_the_user_wants_that() {
    let load = cells(&[LOAD]);
    let properties = [
        ("description", &b"a program\0"[..]),
        ("data", &[0x5a; 0x123]),
        ("type", b"kernel\0"),
        ("arch", b"arm64\0"),
        ("os", b"u-boot\0"),
        ("compression", b"none\0"),
        ("load", &load),
        ("entry", &load),
    ];
    let program = node("program", &properties, &[]);
    let mut machine = machine(&fit_with(&[program], b"none\0", &[]));
    let args = ["41800000:program", "", ""];
    for (autostart, next) in [("no", Next::Stay), ("yes", Next::Program(LOAD.into()))] {
        machine.env.set("autostart", autostart).unwrap();
        for stage in [Stage::Start, Stage::LoadOs, Stage::Prep] {
            assert_eq!(machine.stage(stage, args), Ok(Next::Stay));
        }
        assert_eq!(machine.stage(Stage::Go, args), Ok(next));
        assert_eq!(machine.env.get_hex("filesize", 0), 0x123);
    }
    assert_eq!(machine.ram.slice(LOAD.into(), 2).unwrap(), [0x5a; 2]);
}

#[test]
fn stages_come_in_order_and_can_be_left_out() {
    let mut machine = machine(&full_fit(LOAD, &kernel(), b"none\0"));
    let none = ["", "", ""];
    assert_eq!(machine.stage(Stage::LoadOs, none), Err(Failed));
    assert_eq!(machine.stage(Stage::Start, none), Ok(Next::Stay));
    assert!(machine.bootm.may(Stage::LoadOs) && machine.bootm.may(Stage::Start));
    machine.stage(Stage::LoadOs, none).unwrap();
    machine.stage(Stage::Fdt, none).unwrap();
    assert!(!machine.bootm.may(Stage::Ramdisk) && machine.bootm.may(Stage::Prep));
    let tree = machine.env.get_hex("fdtaddr", 0);
    assert_eq!(machine.stage(Stage::Cmdline, none), Err(Failed));
    assert!(
        machine
            .console
            .take()
            .ends_with("subcommand failed (err=-1)\n")
    );
    machine.stage(Stage::Prep, none).unwrap();
    machine.stage(Stage::Fake, none).unwrap();
    assert!(
        machine
            .console
            .take()
            .contains("Starting kernel ... (fake run")
    );
    match machine.stage(Stage::Go, none) {
        Ok(Next::Linux(handover)) => assert_eq!(handover.fdt, tree),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_started_is_refused() {
    let said = |bytes: &[u8], args| {
        let (handover, text) = machine(bytes).boot(args);
        assert_eq!(handover, Err(Failed), "{text}");
        text
    };
    let none = ["", "", ""];
    assert_eq!(
        said(b"no image", none),
        "Wrong Image Type for bootm command\nERROR -91E: can't get kernel image!\n\
         ERROR: 'bootm start' has to find the images first\n"
            .replacen(
                "ERROR: 'bootm start' has to find the images first\n",
                &"ERROR: 'bootm start' has to find the images first\n".repeat(3),
                1
            )
    );
    let mut arm = legacy(TYPE_KERNEL, COMP_NONE, LOAD, LOAD, &kernel());
    assert!(said(&legacy(TYPE_SCRIPT, 0, 0, 0, b"x"), none).contains("Wrong Image Type"));
    arm[100] ^= 1;
    assert!(said(&arm, none).contains("Verifying Checksum ... Bad Data CRC\nERROR -22E: "));
    let lzo = legacy(TYPE_KERNEL, COMP_LZO, LOAD, LOAD, &kernel());
    assert!(said(&lzo, none).contains("Unimplemented compression type 4\n"));
    let image = full_fit(LOAD, &kernel(), b"none\0");
    let text = said(&image, ["41800000#conf-9", "", ""]);
    assert!(text.contains("Could not find configuration node 'conf-9'\nERROR -2E: "));
    let text = said(&image, ["41800000:fdt-1", "", ""]);
    assert!(
        text.contains("No Linux AArch64 Kernel Image Image\n"),
        "{text}"
    );
    let text = said(&image, ["", "41800000:fdt-1", ""]);
    assert!(text.contains("Ramdisk image is corrupt or invalid\n"));
    let text = said(&image, ["", "", "41800000:ramdisk-1"]);
    assert!(text.contains("Could not find a valid device tree\n"));
}

#[test]
fn a_damaged_image_is_named_and_not_started() {
    let good = full_fit(LOAD, &kernel(), b"none\0");
    let ramdisk = good.windows(5000).position(|w| w == [0x5a; 5000]).unwrap();
    let mut bad = good.clone();
    bad[ramdisk + 4000] ^= 4;
    let (handover, text) = machine(&bad).boot(["", "", ""]);
    assert_eq!(handover, Err(Failed));
    assert!(text.contains(
        "Bad hash value for 'hash-1' hash node in 'ramdisk-1' image node\nBad Data Hash\n\
         Ramdisk image is corrupt or invalid\n"
    ));
    let mut unchecked = machine(&bad);
    unchecked.env.set("verify", "n").unwrap();
    assert!(unchecked.boot(["", "", ""]).0.is_ok());
}

#[test]
fn mutated_images_do_no_harm() {
    let small = image(4096, 0, MIB, FLAG_ANYWHERE);
    let goods = [
        full_fit(LOAD, &small, b"none\0"),
        full_fit(LOAD, &pack(&small), b"gzip\0"),
        legacy(
            TYPE_MULTI,
            0,
            LOAD,
            LOAD,
            &parts(&[&small, b"x", &xen_guest()]),
        ),
    ];
    let mut random = Random(23);
    for good in goods {
        for round in 0..150 {
            let mut bytes = good.clone();
            // Mostly the tree, not the data.
            let end = if round % 4 == 0 {
                bytes.len()
            } else {
                bytes.len().min(900)
            };
            mutate(&mut random, &mut bytes[..end]);
            let mut machine = machine(&bytes);
            if round % 2 == 0 {
                machine.env.set("verify", "no").unwrap();
            }
            _ = machine.boot(["", "", ""]);
            assert_eq!(machine.ram.slice(CONTROL, 64).unwrap(), &xen_guest()[..64]);
        }
    }
}
