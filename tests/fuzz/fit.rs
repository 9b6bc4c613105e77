// SPDX-License-Identifier: GPL-2.0-or-later
//! Any bytes as a FIT image: read, shown, verified, and taken by `bootm` up to
//! the jump, without a panic and without a change to what is reserved.
#![no_main]

mod image;
mod seeds;

use boot::fit::Fit;
use boot::{fit_hash, fit_print};
use libfuzzer_sys::fuzz_target;

/// A kernel, a device tree with an overlay, an initramfs and one more, with hashes; and a script.
const SOURCE: &str = r#"/dts-v1/;
/ { description = "a seed"; images {
	kernel { description = "k"; data = /incbin/("input"); type = "kernel"; arch = "arm64"; os = "linux";
		compression = "none"; load = <0x40000000>; entry = <0x40000000>; hash-1 { algo = "sha256"; }; };
	fdt { data = /incbin/("tree.dtb"); type = "flat_dt"; arch = "arm64"; compression = "none";
		hash-1 { algo = "crc32"; }; };
	over { data = /incbin/("over.dtb"); type = "flat_dt"; arch = "arm64"; compression = "none"; };
	rd { data = /incbin/("input"); type = "ramdisk"; arch = "arm64"; os = "linux"; compression = "none";
		hash-1 { algo = "md5"; }; hash-2 { algo = "sha1"; }; };
	more { data = [01 02 03]; type = "firmware"; arch = "arm64"; os = "linux"; compression = "none";
		load = <0x40200000>; };
	script { data = "echo hello"; type = "script"; compression = "none"; hash-1 { algo = "crc32"; }; };
}; configurations { default = "c"; c { description = "c"; kernel = "kernel"; fdt = "fdt", "over"; ramdisk = "rd";
	loadables = "more"; }; s { script = "script"; }; }; };
"#;
const TREE: &str = "/dts-v1/; / { compatible = \"xen,xenvm\"; soc: soc { }; };";
const OVERLAY: &str = "/dts-v1/; /plugin/; &soc { new; };";

fuzz_target!(init: {
    image::silence();
    seeds::plant(|work| {
        let mut kernel = vec![0; 128];
        kernel[18] = 0x10;
        kernel[24] = 8;
        kernel[56..60].copy_from_slice(b"ARM\x64");
        let overlay = seeds::tree(work, OVERLAY);
        std::fs::write(work.join("over.dtb"), overlay).expect("it can be written");
        seeds::tree(work, TREE);
        std::fs::write(work.join("image.its"), SOURCE).expect("it can be written");
        ["", "-E", "-E -p 0x1000", "-B 0x100 -E"]
            .map(|options| {
                let command = format!("cd ${{1%/*}} && mkimage {options} -f image.its ${{0##*/}} >log 2>&1");
                seeds::made(work, &command, &kernel)
            })
            .to_vec()
    });
}, |data: &[u8]| {
    if let Ok(fit) = Fit::parse(data, 0x1000) {
        fit_print::print(fit);
        _ = fit_hash::verify_all(fit);
        _ = fit.best_match(&["xen,xenvm"]);
        assert!(fit.extent() <= u64::from(u32::MAX) * 3);
        for image in fit.images() {
            if let Ok(bytes) = image.data() {
                assert!(bytes.len() <= data.len());
            }
        }
    }
    image::boot(data);
});
