// SPDX-License-Identifier: GPL-2.0-or-later
//! Device trees and overlays: read, edited, applied, without a panic; what
//! cannot be applied leaves the tree as it was. The first byte says whether the
//! rest is an overlay for a fixed tree, or a tree that fixed overlay is for.
#![no_main]

mod image;
mod seeds;

use boot::fdt::{Fdt, FdtMut, open_into, overlay};
use boot::fdt_support::with_overlay;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const BASE: &str = r#"/dts-v1/;
/ {
	#address-cells = <1>; #size-cells = <1>; compatible = "xen,xenvm";
	chosen { bootargs = "console=hvc0"; };
	soc: soc { #address-cells = <1>; #size-cells = <1>; ranges;
		uart: serial@1000 { compatible = "arm,pl011"; reg = <0x1000 0x100>; interrupt-parent = <&gic>; };
		gic: interrupt-controller@2000 { phandle = <1>; reg = <0x2000 0x100>; }; };
};
"#;
const OVERLAYS: [&str; 3] = [
    r#"/dts-v1/; /plugin/;
&uart { status = "okay"; clocks = <&clk 1>; child { x = <&gic>; y = <&new>; }; };
&{/soc} { clk: clock@3000 { #clock-cells = <1>; }; new: node { self = <&clk &new>; }; };
"#,
    r#"/dts-v1/; /plugin/;
/ { fragment@0 { target-path = "/"; __overlay__ { added; soc { serial@1000 { reg = <9 9>; }; }; }; };
    fragment@1 { target = <1>; __overlay__ { a { b { c { d; }; }; }; }; }; };
"#,
    r#"/dts-v1/; /plugin/;
&none { x = "y"; };
"#,
];

struct Trees {
    base: Vec<u8>,
    overlay: Vec<u8>,
}

static TREES: LazyLock<Trees> = LazyLock::new(|| {
    let work = std::env::temp_dir().join(format!("overlay-{}", std::process::id()));
    std::fs::create_dir_all(&work).expect("there is a folder for temporary files");
    let trees = Trees {
        base: seeds::tree(&work, BASE),
        overlay: seeds::tree(&work, OVERLAYS[0]),
    };
    std::fs::remove_dir_all(work).expect("it is there");
    trees
});

/// Applies an overlay to a copy with room, and to a tree in place.
fn apply(base: &[u8], data: &[u8]) {
    let Ok(overlay) = Fdt::new(data) else {
        return;
    };
    if let Ok(merged) = with_overlay(base, overlay) {
        Fdt::new(&merged).expect("what came of it is a tree");
    }
    let Ok(tree) = Fdt::new(base) else {
        return;
    };
    let mut bytes = vec![0; base.len() + 300];
    if open_into(tree, &mut bytes).is_err() {
        return;
    }
    let before = bytes.clone();
    let mut tree = FdtMut::new(&mut bytes).expect("it was just made");
    match overlay::apply(&mut tree, overlay) {
        Ok(()) => _ = Fdt::new(&bytes).expect("what came of it is a tree"),
        Err(_) => assert!(bytes == before, "a failure has changed the tree"),
    }
}

fuzz_target!(
    init: {
        image::silence();
        seeds::plant(|work| {
            let with = |first: u8, tree: Vec<u8>| [&[first][..], &tree].concat();
            let mut all = vec![with(1, seeds::tree(work, BASE))];
            all.extend(OVERLAYS.iter().map(|source| with(0, seeds::tree(work, source))));
            all
        });
    },
    |data: &[u8]| {
        let Some((&which, tree)) = data.split_first() else {
            return;
        };
        match which & 1 {
            0 => apply(&TREES.base, tree),
            _ => apply(tree, &TREES.overlay),
        }
    }
);
