// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of all formats, on a short text as the real tools pack it.

use super::*;
use crate::fdt::testing::{Random, mutate};
use alloc::vec;
use alloc::vec::Vec;

const TEXT: &str = "the loader loads what the loader has loaded\n\
    the loader loads what the loader has loaded\n\
    the loader loads what the loader has loaded\n";

const PACKED: [(Format, &str); 5] = [
    // gzip -9n
    (
        Format::Gzip,
        "1f8b08000000000002032bc94855c8c94f4c492d0253c50ae51989250a2508d18cc46208\
         3385ab84466a0104f28b1984000000",
    ),
    // lz4 -9 -BX -BD
    (
        Format::Lz4,
        "04224d187440bd29000000a1746865206c6f616465720700777320776861742016003268\
         61730b002f640a2c004050616465640a95319cc100000000e36ee238",
    ),
    // xz --format=lzma
    (
        Format::Lzma,
        "5d00008000ffffffffffffffff003a1a08ce769abfb021898d50be28a3a8b54ee77135fe\
         483ba13c07300b7a2e9175c6fffff8046000",
    ),
    // xz --arm64 --lzma2=preset=1
    (
        Format::Xz,
        "fd377a585a000004e6d6b44602010a0021011000fb406573e0008300235d003a1a08ce76\
         9abfb021898d50be28a3a8b54ee77135fe483ba13c07300b7a2e80e6ef0000009e000a7f\
         a270933600013f84010000009210a3cab1c467fb020000000004595a",
    ),
    // zstd -19
    (
        Format::Zstd,
        "28b52ffd2484250100b0746865206c6f6164657273207768617420686173640a0400f5d4\
         c42e63e434a3ab20014a70adb0",
    ),
];

fn files() -> impl Iterator<Item = (Format, Vec<u8>)> {
    let digit = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    let bytes = move |hex: &str| -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2);
        pairs.map(|p| digit(p[0]) << 4 | digit(p[1])).collect()
    };
    PACKED.into_iter().map(move |(f, hex)| (f, bytes(hex)))
}

/// What is unpacked to so much room.
fn unpacked(format: Format, file: &[u8], room: usize) -> Result<Vec<u8>> {
    let mut output = vec![0x55; room];
    let sizes = unpack(format, file, &mut output)?;
    assert!(sizes.compressed <= file.len() as u64);
    assert!(output[sizes.size as usize..].iter().all(|&b| b == 0x55));
    output.truncate(sizes.size as usize);
    Ok(output)
}

#[test]
fn the_text_is_unpacked_and_its_room_respected() {
    for (format, file) in files() {
        let text = Ok(TEXT.as_bytes().to_vec());
        assert_eq!(Format::detect(&file), Some(format));
        assert_eq!(unpacked(format, &file, TEXT.len()), text);
        assert_eq!(unpacked(format, &file, 1000), text);
        for room in 0..TEXT.len() {
            let small = unpacked(format, &file, room);
            assert_eq!(small, Err(Error::NoSpace), "{format:?} {room}");
        }
        for len in 0..file.len() {
            let cut = unpacked(format, &file[..len], 1000);
            assert!(
                matches!(cut, Err(Error::Corrupt(_))),
                "{format:?} {len}: {cut:?}"
            );
        }
    }
}

#[test]
fn a_changed_bit_is_found_where_there_is_a_checksum() {
    for (format, file) in files() {
        for (at, bit) in (0..file.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut file = file.clone();
            file[at] ^= 1 << bit;
            let result = unpacked(format, &file, 1000);
            let same = result.is_ok_and(|bytes| bytes == TEXT.as_bytes());
            // A gzip header has none: its time and its system are not even read.
            let unread = format == Format::Gzip && (3..10).contains(&at);
            let unchecked = unread || format == Format::Lzma || format == Format::Zstd;
            assert!(!same || unchecked, "{format:?} {at} {bit}");
        }
    }
}

#[test]
fn mutated_files_never_panic() {
    let mut random = Random(0xdec0);
    for (format, file) in files() {
        for _ in 0..2000 {
            let mut file = file.clone();
            let start = random.below(file.len());
            mutate(&mut random, &mut file[start..]);
            _ = unpacked(format, &file, 4096);
        }
    }
}

/// Mutations behind the checksum of a header, which would else find them all.
#[test]
fn mutated_xz_headers_never_panic() {
    let (_, good) = files().find(|(format, _)| *format == Format::Xz).unwrap();
    let mut random = Random(0xdec1);
    let (mut unsupported, mut corrupt) = (0, 0);
    for _ in 0..3000 {
        let mut file = good.clone();
        mutate(&mut random, &mut file[12..20]);
        let len = (usize::from(file[12]) + 1) * 4;
        if file[12] > 0 && len <= 24 {
            let end = 12 + len - 4;
            let sum = crate::hash::CRC32.checksum(&file[12..end]);
            file[end..end + 4].copy_from_slice(&sum.to_le_bytes());
        }
        match unpacked(Format::Xz, &file, 4096) {
            Ok(bytes) => assert_eq!(bytes, TEXT.as_bytes()),
            Err(Error::Unsupported(_)) => unsupported += 1,
            Err(_) => corrupt += 1,
        }
    }
    assert!(
        unsupported > 100 && corrupt > 100,
        "{unsupported} {corrupt}"
    );
}

/// An empty frame that announces a window of a tebibyte, which a host may even have.
#[test]
fn a_zstandard_window_must_fit_in_the_heap() {
    let frame = b"\x28\xb5\x2f\xfd\x00\xf0\x01\x00\x00";
    let result = unpacked(Format::Zstd, frame, 16);
    assert!(matches!(result, Err(Error::NoMemory) | Ok(_)), "{result:?}");
    // A frame to be skipped comes before.
    let (_, file) = files().find(|(format, _)| *format == Format::Zstd).unwrap();
    let skipped = [b"\x52\x2a\x4d\x18\x03\0\0\0abc", &file[..]].concat();
    assert_eq!(
        unpacked(Format::Zstd, &skipped, 1000).unwrap(),
        TEXT.as_bytes()
    );
    let endless = unpacked(Format::Zstd, &skipped[..10], 1000);
    assert_eq!(endless, Err(Error::Corrupt("truncated Zstandard frame")));
}
