// SPDX-License-Identifier: GPL-2.0-or-later
//! `imxtract`: parts come out as they went in.

use crate::{Folder, IMAGE, Machine, content};
use tests::tool::{arg, run};

/// Where parts are put.
const TARGET: u64 = 0x4200_0000;

fn packed(folder: &Folder, content: &[u8]) -> Vec<u8> {
    let path = folder.file("packed", content);
    run("gzip", &["-kf", arg(&path)]);
    std::fs::read(folder.path().join("packed.gz")).unwrap()
}

#[test]
fn files_of_a_legacy_image() {
    let files = [content(1001, 1), content(2002, 2), content(3, 3)];
    let parts: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    let image = Folder::new().legacy(&["-T", "multi", "-C", "none"], &parts);
    let mut machine = Machine::with(&image);
    for (index, file) in files.iter().enumerate() {
        let (status, text) = machine.run(&format!("imxtract 40800000 {index} {TARGET:x}"));
        assert_eq!(
            (status, text),
            (
                0,
                format!(
                    "## Copying part {index} from legacy image at 40800000 ...\n   \
                     Verifying Checksum ... OK\n   Loading part {index} ... OK\n"
                )
            )
        );
        assert_eq!(machine.bytes(TARGET, file.len()), file);
        let size = machine.ctx.env.get_hex("filesize", 0);
        let address = machine.ctx.env.get_hex("fileaddr", 0);
        assert_eq!(size, file.len() as u64);
        assert_eq!(machine.bytes(address, file.len()), file);
    }
    let (status, text) = machine.run("imxtract 40800000 3");
    assert_eq!(status, 1);
    assert!(text.ends_with("Bad Image Part\n"));
    assert!(machine.run("imxtract 40800000 1").0 == 0);
    machine.ctx.ram.slice_mut(IMAGE + 1000, 1).unwrap()[0] ^= 1;
    let (status, text) = machine.run("imxtract 40800000 1 42000000");
    assert_eq!(status, 1);
    assert!(text.ends_with("   Verifying Checksum ... Bad Data CRC\n"));
    assert_eq!(machine.run("setenv verify n; imxtract 40800000 1").0, 0);
}

#[test]
fn packed_files_are_unpacked() {
    let folder = Folder::new();
    let file = content(50_000, 9);
    let image = folder.legacy(&["-T", "multi", "-C", "gzip"], &[&packed(&folder, &file)]);
    let mut machine = Machine::with(&image);
    let (status, text) = machine.run("imxtract 40800000 0");
    assert_eq!(status, 1);
    assert!(text.contains("Must specify load address for imxtract command"));
    let (status, text) = machine.run("imxtract 40800000 0 42000000");
    assert_eq!(status, 0, "{text}");
    assert!(text.ends_with("   Uncompressing part 0 ... OK\n"), "{text}");
    assert_eq!(machine.bytes(TARGET, file.len()), file);
    assert_eq!(machine.ctx.env.get("filesize"), Some("c350"));
    // Where there is no room, nothing is written.
    let (status, text) = machine.run("imxtract 40800000 0 43fffff0");
    assert_eq!(status, 1);
    assert!(text.contains("is not in RAM"), "{text}");
}

#[test]
fn images_of_a_fit_image() {
    let folder = Folder::new();
    let file = content(20_000, 4);
    folder.file("plain", &file);
    folder.file("gz", &packed(&folder, &file));
    let path = folder.path().display();
    let source = format!(
        r#"/dts-v1/;
/ {{
	description = "data";
	#address-cells = <1>;
	images {{
		plain {{ data = /incbin/("{path}/plain"); type = "firmware"; hash-1 {{ algo = "sha256"; }}; }};
		gz {{ data = /incbin/("{path}/gz"); type = "firmware"; compression = "gzip"; }};
		odd {{ data = [00]; type = "firmware"; compression = "bzip2"; }};
	}};
}};
"#
    );
    for options in [&[][..], &["-E"]] {
        let mut machine = Machine::with(&folder.fit(&source, options));
        let (status, text) = machine.run("imxtract 40800000 plain 42000000");
        assert_eq!(
            (status, text),
            (
                0,
                "## Copying 'plain' subimage from FIT image at 40800000 ...\n\
                 sha256+    Loading part plain ... OK\n"
                    .into()
            )
        );
        assert_eq!(machine.bytes(TARGET, file.len()), file);
        assert_eq!(
            machine
                .run("mw.b 42000000 0 4e20; imxtract 40800000 gz 42000000")
                .0,
            0
        );
        assert_eq!(machine.bytes(TARGET, file.len()), file);
        assert_eq!(machine.ctx.env.get("filesize"), Some("4e20"));
        for (command, expected) in [
            ("imxtract 40800000", "No FIT subimage unit name\n"),
            ("imxtract 40800000 none", "Can't find 'none' FIT subimage\n"),
            ("imxtract 40800000 gz", "with compressed image\n"),
            (
                "imxtract 40800000 odd 42000000",
                "Unimplemented compression type 2\n",
            ),
            ("imxtract 40000000 gz", "Invalid image type for imxtract\n"),
        ] {
            let (status, text) = machine.run(command);
            assert_eq!(status, 1, "{command}");
            assert!(text.ends_with(expected), "{command}: {text}");
        }
    }
}
