// SPDX-License-Identifier: GPL-2.0-or-later
//! `iminfo`, against what mkimage says of its images.

use crate::{Folder, IMAGE, Machine, content};
use tests::tool::{arg, run};

fn fit_source(folder: &Folder) -> String {
    folder.file("kernel", &content(5000, 1));
    folder.file("ramdisk", &content(3000, 2));
    let path = folder.path().display();
    format!(
        r#"/dts-v1/;
/ {{
	description = "All that an image can say";
	#address-cells = <1>;
	images {{
		kernel-1 {{
			description = "a kernel"; data = /incbin/("{path}/kernel"); type = "kernel";
			arch = "arm64"; os = "linux"; compression = "none"; load = <0x41000000>;
			entry = <0x41000000>;
			hash-1 {{ algo = "crc32"; }};
			hash-2 {{ algo = "sha256"; }};
		}};
		ramdisk-1 {{
			description = "a ramdisk"; data = /incbin/("{path}/ramdisk"); type = "ramdisk";
			arch = "arm64"; os = "linux"; compression = "none";
			hash-1 {{ algo = "sha1"; }};
			hash-2 {{ algo = "md5"; }};
			hash-3 {{ algo = "sha512"; }};
		}};
	}};
	configurations {{
		default = "conf-1";
		conf-1 {{ description = "both"; kernel = "kernel-1"; ramdisk = "ramdisk-1"; }};
	}};
}};
"#
    )
}

/// The three ways in which a FIT image can hold its data.
const LAYOUTS: [&[&str]; 3] = [&[], &["-E"], &["-E", "-p", "0x3000"]];

#[test]
fn fit_images_are_shown_as_mkimage_shows_them() {
    let folder = Folder::new();
    let source = fit_source(&folder);
    for options in LAYOUTS {
        let image = folder.fit(&source, options);
        let listed = run("mkimage", &["-l", arg(&folder.path().join("image.itb"))]);
        let (status, text) = Machine::with(&image).run("iminfo");
        assert_eq!(status, 0, "{text}");
        let head = format!("\n## Checking Image at {IMAGE:08x} ...\n   FIT image found\n");
        assert!(text.starts_with(&head), "{text}");
        // mkimage rounds sizes in another way and shows times, but not where data are.
        for line in listed.lines() {
            let is_other = ["Created:", "Data Size:"]
                .iter()
                .any(|name| line.contains(name));
            let shown = format!("   {line}\n");
            assert!(is_other || text.contains(&shown), "{line:?} in {text}");
        }
        assert!(text.contains("     Data Size:    5000 Bytes = 4.9 KiB\n"));
        let end = format!(
            "## Checking hash(es) for FIT Image at {IMAGE:08x} ...\n   \
             Hash(es) for Image 0 (kernel-1): crc32+ sha256+ \n   \
             Hash(es) for Image 1 (ramdisk-1): sha1+ md5+ sha512+ \n"
        );
        assert!(text.ends_with(&end), "{text}");
    }
}

#[test]
fn a_change_of_any_data_is_noticed_and_named() {
    let folder = Folder::new();
    let source = fit_source(&folder);
    for options in LAYOUTS {
        let good = folder.fit(&source, options);
        let ramdisk = content(3000, 2);
        let start = good.windows(3000).position(|bytes| bytes == ramdisk);
        for at in [0, 1, 1500, 2999] {
            let mut bad = good.clone();
            bad[start.unwrap() + at] ^= 1;
            let (status, text) = Machine::with(&bad).run("iminfo");
            assert_eq!(status, 1);
            assert!(
                text.ends_with(
                    "sha1 error!\nBad hash value for 'hash-1' hash node in 'ramdisk-1' image node\n\
                     Bad hash in FIT image!\n"
                ),
                "{text}"
            );
        }
    }
}

#[test]
fn legacy_images_are_shown_as_mkimage_shows_them() {
    let folder = Folder::new();
    let options = [
        "-T",
        "multi",
        "-C",
        "gzip",
        "-a",
        "0x41000000",
        "-e",
        "0x41000040",
    ];
    let image = folder.legacy(&options, &[b"first", &[7; 2000], b"last"]);
    let listed = run("mkimage", &["-l", arg(&folder.path().join("image"))]);
    let (status, text) = Machine::with(&image).run("iminfo 40800000");
    assert_eq!(status, 0);
    for line in listed.lines() {
        let is_other = ["Created:", "Bytes"].iter().any(|name| line.contains(name));
        assert!(
            is_other || text.contains(&format!("   {line}\n")),
            "{line} in {text}"
        );
    }
    assert!(
        text.contains("      Image 1: 2000 Bytes = 2 KiB\n"),
        "{text}"
    );
    assert!(text.ends_with("   Verifying Checksum ... OK\n"), "{text}");

    let mut bad = image.clone();
    *bad.last_mut().unwrap() ^= 1;
    let (status, text) = Machine::with(&bad).run("iminfo");
    assert_eq!(status, 1);
    assert!(text.ends_with("   Verifying Checksum ...    Bad Data CRC\n"));
    bad[50] ^= 1;
    let (status, text) = Machine::with(&bad).run("iminfo");
    assert_eq!(status, 1);
    assert!(text.ends_with("   Bad Header Checksum\n"));
}

#[test]
fn several_images_are_looked_at() {
    let image = Folder::new().legacy(&["-T", "kernel", "-C", "none"], &[b"kernel"]);
    let mut machine = Machine::with(&image);
    let (status, text) = machine.run("iminfo 40000000 40800000");
    assert_eq!(status, 1);
    assert!(text.contains("Unknown image format!\n"));
    assert!(text.ends_with("   Verifying Checksum ... OK\n"));
    assert_eq!(machine.run("iminfo 1000").0, 1);
}
