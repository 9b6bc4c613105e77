// SPDX-License-Identifier: GPL-2.0-or-later
//! A FIT image with one damaged byte, whichever it is: either it is refused and
//! what is wrong is named, or the kernel gets what it would have got.

use crate::bootm::{TREE, dtc, machine};
use crate::{Folder, IMAGE, content};
use boot::fdt::{Fdt, Node};
use boot::fdt_support::{chosen_initrd, tree_at};
use std::ops::Range;

const KERNEL: &str = "load = <0x41800000>; entry = <0x41800000>;";
const LOADED: u64 = 0x4200_0000;

/// Words of the messages that say why something is not booted.
const REASONS: [&str; 10] = [
    "ERROR",
    "Error",
    "error",
    "Bad ",
    "Could not",
    "Can't get",
    "Wrong ",
    "Unimplemented",
    "No Linux",
    "No Unknown",
];

/// The images by name: the kernel, the initramfs, a device tree, something else.
struct Parts {
    kernel: Vec<u8>,
    ramdisk: Vec<u8>,
    more: Vec<u8>,
    fit: Vec<u8>,
}

fn parts() -> Parts {
    let folder = Folder::new();
    let mut kernel = content(160, 1);
    kernel[8..32].fill(0);
    kernel[18] = 0x10;
    kernel[24] = 8;
    kernel[56..60].copy_from_slice(b"ARM\x64");
    let (ramdisk, more) = (content(90, 2), content(40, 3));
    for (name, bytes) in [("k", &kernel), ("r", &ramdisk), ("m", &more)] {
        folder.file(name, bytes);
    }
    dtc(TREE, &folder, "t");
    let path = folder.path().display();
    let image = |name: &str, file: &str, rest: &str, hashes: &str| {
        format!(
            "{name} {{ description = \"the {name}\"; data = /incbin/(\"{path}/{file}\"); \
             arch = \"arm64\"; compression = \"none\"; {rest} {hashes} }};"
        )
    };
    let hash = |algorithm: &str| format!("hash-1 {{ algo = \"{algorithm}\"; }};");
    let images = [
        image(
            "kernel-1",
            "k",
            &format!("type = \"kernel\"; os = \"linux\"; {KERNEL}"),
            &hash("sha256"),
        ),
        image(
            "ramdisk-1",
            "r",
            "type = \"ramdisk\"; os = \"linux\";",
            &hash("crc32"),
        ),
        image("fdt-1", "t", "type = \"flat_dt\";", &hash("sha1")),
        image(
            "more-1",
            "m",
            "type = \"firmware\"; os = \"linux\"; load = <0x42000000>;",
            &hash("md5"),
        ),
    ];
    let source = format!(
        "/dts-v1/; / {{ description = \"damaged\"; #address-cells = <1>; images {{ {} }}; \
         configurations {{ default = \"conf-1\"; conf-1 {{ description = \"all\"; \
         kernel = \"kernel-1\"; ramdisk = \"ramdisk-1\"; fdt = \"fdt-1\"; \
         loadables = \"more-1\"; }}; }}; }};",
        images.concat()
    );
    Parts {
        kernel,
        ramdisk,
        more,
        fit: folder.fit(&source, &[]),
    }
}

/// What came of it: the console's text, and what the kernel would have got if it was started.
fn boot(parts: &Parts, fit: &[u8]) -> (String, Option<Vec<&'static str>>) {
    let mut machine = machine(fit);
    let (status, text) = machine.run(&format!("bootm {IMAGE:x}"));
    if status != 0 || !text.contains("## Transferring control to Linux") {
        return (text, None);
    }
    let (_, entry) = text.split_once("(at address ").unwrap();
    let entry = u64::from_str_radix(entry.split(')').next().unwrap(), 16).unwrap();
    let mut wrong = Vec::new();
    if machine.bytes(entry, parts.kernel.len()) != parts.kernel {
        wrong.push("kernel");
    }
    let fdt = machine.ctx.env.get_hex("fdtaddr", 0);
    let tree = tree_at(&machine.ctx.ram, fdt).unwrap();
    match chosen_initrd(tree) {
        Some(Range { start, end }) => {
            if machine.bytes(start, (end - start) as usize) != parts.ramdisk {
                wrong.push("ramdisk");
            }
        }
        None => wrong.push("no ramdisk"),
    }
    // It is the image's tree, not the machine's own.
    if tree.find("/soc").is_err() || tree.find("/__symbols__").is_err() {
        wrong.push("tree");
    }
    if !text.contains("Loading fdt (any)") {
        wrong.push("no tree");
    }
    let is_named = text.contains("WARNING: the loadable 'more-1' has no load address");
    if !is_named && machine.bytes(LOADED, parts.more.len()) != parts.more {
        wrong.push("loadable");
    }
    (text, Some(wrong))
}

/// Where the values of properties with a name are in a tree, with their nodes' names.
fn values(fit: &[u8], property: &str) -> Vec<(String, Range<usize>)> {
    fn walk(fdt: Fdt<'_>, node: Node<'_>, property: &str, all: &mut Vec<(String, Range<usize>)>) {
        if let Some(value) = node.property(property) {
            let start = fdt.offset_of(value).unwrap();
            all.push((node.name().into(), start..start + value.len()));
        }
        for child in node.children() {
            walk(fdt, child, property, all);
        }
    }
    let (fdt, mut all) = (Fdt::new(fit).unwrap(), Vec::new());
    walk(fdt, fdt.root(), property, &mut all);
    all
}

#[test]
fn damaged_data_and_hashes_are_refused_by_name() {
    let parts = parts();
    for property in ["data", "value"] {
        for (name, range) in values(&parts.fit, property) {
            for at in range {
                let mut fit = parts.fit.clone();
                fit[at] ^= 1 << (at % 8);
                let (text, started) = boot(&parts, &fit);
                assert_eq!(started, None, "{name} {property} {at}: {text}");
                let named = match property {
                    "data" => {
                        format!("Bad hash value for 'hash-1' hash node in '{name}' image node")
                    }
                    _ => format!("Bad hash value for '{name}' hash node in '"),
                };
                assert!(text.contains(&named), "{name} {property} {at}: {text}");
            }
        }
    }
}

#[test]
fn any_other_damage_is_refused_or_does_no_harm() {
    let parts = parts();
    let (text, started) = boot(&parts, &parts.fit);
    assert_eq!(started, Some(vec![]), "{text}");
    // No hash covers where something is loaded; the console says where that is.
    let loads = values(&parts.fit, "load");
    let loads = loads.into_iter().filter(|(name, _)| name == "more-1");
    let covered: Vec<Range<usize>> = ["data", "value"]
        .iter()
        .flat_map(|property| values(&parts.fit, property))
        .chain(loads)
        .map(|(_, range)| range)
        .collect();
    let mut wrong = Vec::new();
    for at in 0..parts.fit.len() {
        if covered.iter().any(|range| range.contains(&at)) {
            continue;
        }
        let mut fit = parts.fit.clone();
        fit[at] ^= 1 << (at % 8);
        let (text, started) = boot(&parts, &fit);
        let harm = match started {
            None if REASONS.iter().any(|reason| text.contains(reason)) => continue,
            None => vec!["nothing is said"],
            Some(harm) if harm.is_empty() => continue,
            Some(harm) => harm,
        };
        let tail: Vec<&str> = text.lines().rev().take(4).collect();
        wrong.push(format!("{at}: {harm:?} {tail:?}\n"));
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}
