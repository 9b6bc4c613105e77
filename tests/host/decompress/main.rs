// SPDX-License-Identifier: GPL-2.0-or-later
//! What gzip, lz4, xz and zstd pack is unpacked; what is damaged is refused.

mod commands;
mod gzwrite;

use boot::decompress::{Format, unpack};
use boot::hash;
use common::Error;
use std::path::Path;
use tests::random::Random;
use tests::tool::{arg, run};

/// Each tool with the options that make a difference to the format, and the format.
const PACKERS: &[(&str, &[&str], Format)] = &[
    ("gzip", &["-1"], Format::Gzip),
    ("gzip", &["-9", "-n"], Format::Gzip),
    ("lz4", &["-1"], Format::Lz4),
    ("lz4", &["-l", "-9"], Format::Lz4),
    ("lz4", &["-9", "-B4", "-BD"], Format::Lz4),
    ("lz4", &["-9", "-B7", "-BX", "--content-size"], Format::Lz4),
    (
        "lz4",
        &["-5", "-B5", "-BD", "-BX", "--no-frame-crc"],
        Format::Lz4,
    ),
    ("xz", &["--format=lzma", "-0"], Format::Lzma),
    ("xz", &["--format=lzma", "-9e"], Format::Lzma),
    (
        "xz",
        &["--format=lzma", "--lzma1=lc=0,lp=4,pb=4,dict=4KiB"],
        Format::Lzma,
    ),
    (
        "xz",
        &["--format=lzma", "--lzma1=lc=4,lp=0,pb=0,nice=273"],
        Format::Lzma,
    ),
    ("xz", &["-0"], Format::Xz),
    ("xz", &["-9e", "--check=crc32"], Format::Xz),
    (
        "xz",
        &["--check=sha256", "--block-size=20000", "-T1"],
        Format::Xz,
    ),
    (
        "xz",
        &["--check=none", "-T2", "--block-size=70000"],
        Format::Xz,
    ),
    (
        "xz",
        &["--lzma2=preset=3,lc=1,lp=2,pb=1,dict=4KiB"],
        Format::Xz,
    ),
    ("xz", &["--arm64", "--lzma2"], Format::Xz),
    ("zstd", &["-1", "--no-check"], Format::Zstd),
    ("zstd", &["-19"], Format::Zstd),
    ("zstd", &["--ultra", "-22", "--long=24"], Format::Zstd),
    ("zstd", &["-3", "--no-content-size"], Format::Zstd),
];

/// Contents that exercise the formats: empty, short, text, a program, noise, and zeros.
fn contents() -> Vec<Vec<u8>> {
    let mut random = Random::new(7);
    let noise = random.bytes(150_000);
    let text: String = (0..20_000)
        .map(|i| format!("{} line\n", i * i % 977))
        .collect();
    let mut program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    program.truncate(200_000);
    // Calls and addresses of pages, as in an arm64 program.
    for (i, word) in program.chunks_exact_mut(4).enumerate().step_by(3) {
        let low = random.number() as u32;
        let instruction = match i % 2 {
            0 => 0x9400_0000 | low & 0x03ff_ffff,
            _ => 0x9000_0000 | low & 0x60ff_ffff,
        };
        word.copy_from_slice(&instruction.to_le_bytes());
    }
    let mixed = [&noise[..70_000], text.as_bytes(), &[0; 200_000], &noise].concat();
    vec![
        Vec::new(),
        b"a".to_vec(),
        text.into_bytes(),
        program,
        noise,
        vec![0; 600_000],
        mixed,
    ]
}

fn pack(folder: &Path, content: &[u8], tool: &str, options: &[&str]) -> Vec<u8> {
    let (plain, packed) = (folder.join("plain"), folder.join("packed"));
    std::fs::write(&plain, content).unwrap();
    let command = format!(
        "{tool} {} -c {} > {}",
        options.join(" "),
        arg(&plain),
        arg(&packed)
    );
    run("sh", &["-c", &command]);
    std::fs::read(packed).unwrap()
}

#[test]
fn what_the_tools_pack_is_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let contents = contents();
    for (tool, options, format) in PACKERS {
        for content in &contents {
            let context = format!("{tool} {options:?}, {} bytes", content.len());
            let packed = pack(folder.path(), content, tool, options);
            assert_eq!(
                Format::detect(&packed).unwrap_or(Format::Lzma),
                *format,
                "{context}"
            );
            let mut output = vec![0x55; content.len()];
            let followed = [&packed[..], &[0; 300]].concat();
            let sizes = unpack(*format, &followed, &mut output);
            let sizes = sizes.unwrap_or_else(|error| panic!("{context}: {error}"));
            assert!(output == *content, "{context}");
            assert_eq!(sizes.size, content.len() as u64, "{context}");
            assert_eq!(sizes.compressed, packed.len() as u64, "{context}");
        }
    }
}

#[test]
fn too_little_room_is_an_error_and_nothing_is_written_beyond() {
    let folder = tempfile::tempdir().unwrap();
    let content = &contents()[6];
    for (tool, options, format) in PACKERS {
        let packed = pack(folder.path(), content, tool, options);
        for room in [0, 1, 69_999, content.len() - 1] {
            let mut output = vec![0x55; room];
            let result = unpack(*format, &packed, &mut output);
            assert_eq!(result, Err(Error::NoSpace), "{tool} {options:?}, {room}");
        }
    }
}

#[test]
fn what_is_cut_off_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let content = &contents()[2];
    for (tool, options, format) in PACKERS {
        let packed = pack(folder.path(), content, tool, options);
        let mut output = vec![0; content.len()];
        let lens = (0..packed.len()).step_by(packed.len() / 50 + 1);
        for len in lens.chain([packed.len() - 1]) {
            let result = unpack(*format, &packed[..len], &mut output);
            assert!(
                matches!(result, Err(Error::Corrupt(_))),
                "{tool} {options:?}, {len} of {}: {result:?}",
                packed.len()
            );
        }
    }
}

#[test]
fn damaged_files_never_panic_nor_pass_a_check() {
    let folder = tempfile::tempdir().unwrap();
    let text = &contents()[2][..20_000];
    let mut random = Random::new(0xd3c0);
    for (tool, options, format) in PACKERS {
        let packed = pack(folder.path(), text, tool, options);
        let checked = !options
            .iter()
            .any(|o| ["--no-check", "--check=none"].contains(o))
            && *format != Format::Lzma
            && !["--no-frame-crc", "-l"].iter().any(|o| options.contains(o));
        for _ in 0..150 {
            let mut file = packed.clone();
            let len = file.len() & !3;
            random.damage(&mut file, &[0..len, 0..64.min(len)]);
            let mut output = vec![0; 30_000];
            if let Ok(sizes) = unpack(*format, &file, &mut output) {
                let same = output.starts_with(text) && sizes.size == text.len() as u64;
                assert!(same || !checked, "{tool} {options:?}");
            }
        }
    }
}

#[test]
fn hashes_are_those_of_the_tools() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("content");
    for content in contents() {
        std::fs::write(&path, &content).unwrap();
        for name in ["md5", "sha1", "sha256", "sha384", "sha512"] {
            let tool = run(&format!("{name}sum"), &[arg(&path)]);
            assert_eq!(hex(name, &content), tool.split(' ').next().unwrap());
        }
        let script = format!(
            "import binascii, zlib; b = open('{}', 'rb').read(); \
             print('%08x %04x' % (zlib.crc32(b), binascii.crc_hqx(b, 0)))",
            arg(&path)
        );
        let sums = [hex("crc32", &content), hex("crc16-ccitt", &content)].join(" ");
        assert_eq!(run("python3", &["-c", &script]).trim(), sums);
    }
}

fn hex(name: &str, bytes: &[u8]) -> String {
    let hash = hash::lookup(name).unwrap().hash(bytes).unwrap();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
