// SPDX-License-Identifier: GPL-2.0-or-later
//! The commands that unpack and hash memory, on what the real tools make.

use super::{contents, pack};
use tests::machine::{fails, machine, prints, shell};
use tests::tool::{arg, run};

/// Each command, and the tool that makes what it unpacks.
const COMMANDS: &[(&str, &str, &[&str])] = &[
    ("unzip", "gzip", &["-6"]),
    ("unlz4", "lz4", &["-9"]),
    ("lzmadec", "xz", &["--format=lzma"]),
    ("unxz", "xz", &["-6"]),
    ("unzstd", "zstd", &["-6"]),
];

const FROM: u64 = 0x4100_2000;
const TO: u64 = 0x4200_0000;

#[test]
fn files_are_unpacked_and_their_size_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let content = &contents()[6];
    let len = content.len();
    for &(command, tool, options) in COMMANDS {
        let packed = pack(folder.path(), content, tool, options);
        let mut context = machine(&[]);
        let memory = context.ram.slice_mut(FROM, packed.len()).unwrap();
        memory.copy_from_slice(&packed);
        let prefix = if command == "lzmadec" { "0X" } else { "0x" };
        let told = format!("Uncompressed size: {len} = {prefix}{len:X}\n");
        let script = format!("{command} {FROM:x} {TO:x} {len:x}");
        prints(&mut context, &script, &told);
        assert_eq!(context.env.get_hex("filesize", 0), len as u64);
        assert!(context.ram.slice(TO, len).unwrap() == content, "{command}");

        context.env.set("filesize", "1").unwrap();
        let small = len - 1;
        fails(
            &mut context,
            &format!("{command} {FROM:x} {TO:x} {small:x}"),
            &format!("Error: what is packed is larger than {small:#x}, the room at {TO:08x}\n"),
        );
        let tail = context
            .ram
            .slice_mut(FROM + packed.len() as u64 / 2, 9)
            .unwrap();
        tail.fill(0xff);
        let (status, output) = shell(&mut context, &script);
        assert_eq!(status, 1, "{command}");
        assert!(output.contains("corrupt: "), "{command}: {output}");
        assert_eq!(context.env.get("filesize"), Some("1"));
    }
}

#[test]
fn the_tool_unpacks_what_zip_packs() {
    let folder = tempfile::tempdir().unwrap();
    let (packed, plain) = (
        folder.path().join("packed.gz"),
        folder.path().join("packed"),
    );
    for content in contents() {
        let len = content.len();
        let mut context = machine(&[]);
        let memory = context.ram.slice_mut(FROM, len).unwrap();
        memory.copy_from_slice(&content);
        let (status, output) = shell(&mut context, &format!("zip {FROM:x} {len:x} {TO:x}"));
        assert_eq!(status, 0, "{output}");
        let size = context.env.get_hex("filesize", 0);
        assert_eq!(output, format!("Compressed size: {size} = 0x{size:X}\n"));
        std::fs::write(&packed, context.ram.slice(TO, size as usize).unwrap()).unwrap();
        run("gunzip", &["-kf", arg(&packed)]);
        assert!(std::fs::read(&plain).unwrap() == content);
    }
}
