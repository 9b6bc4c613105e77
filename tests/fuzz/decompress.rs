// SPDX-License-Identifier: GPL-2.0-or-later
//! Packed streams of all formats: no panic, and nothing is used or written
//! beyond the ends. The first two bytes choose the format and the room.
#![no_main]

mod image;
mod seeds;

use boot::decompress::{Format, OVERRUN, unpack};
use libfuzzer_sys::fuzz_target;

const FORMATS: [Format; 5] = [
    Format::Gzip,
    Format::Lz4,
    Format::Lzma,
    Format::Xz,
    Format::Zstd,
];

/// Commands that pack as a format, with its place in the table.
const PACKERS: [(u8, &str); 12] = [
    (0, "gzip -9n"),
    (0, "gzip -1"),
    (1, "lz4 -q -9 -BD"),
    (1, "lz4 -q -B4 -BX --content-size"),
    (1, "lz4 -q -l"),
    (2, "xz --format=lzma -9"),
    (3, "xz -1"),
    (3, "xz --check=crc32 --arm64 --lzma2=dict=1MiB"),
    (3, "xz --block-size=500 --check=sha256"),
    (4, "zstd -q -1 --no-check"),
    (4, "zstd -q -19"),
    (4, "zstd -q --ultra -22 --no-content-size"),
];

fuzz_target!(
    init: {
        image::silence();
        seeds::plant(|work| {
            let text: Vec<u8> = (0..1500u32).map(|i| (i % 97 % 26) as u8 + b'a').collect();
            let noise: Vec<u8> = (0..600u32).map(|i| (i.wrapping_mul(2654435761) >> 24) as u8).collect();
            let mixed = [&text[..], &noise, &[0; 900]].concat();
            let pack = |(format, command): &(u8, &str)| {
                let packed = seeds::made(work, &format!("{command} <$1 >$0"), &mixed);
                [&[*format, 16][..], &packed].concat()
            };
            PACKERS.iter().map(pack).collect()
        });
    },
    |data: &[u8]| {
        let Some((&[format, room], input)) = data.split_first_chunk() else {
            return;
        };
        let format = FORMATS[usize::from(format) % FORMATS.len()];
        let mut output = vec![0x55; usize::from(room) << 8];
        if let Ok(sizes) = unpack(format, input, &mut output) {
            assert!(sizes.compressed <= input.len() as u64);
            let overrun = if format == Format::Lz4 { OVERRUN } else { 0 };
            let mut rest = output[sizes.size as usize..].iter().skip(overrun);
            assert!(rest.all(|&byte| byte == 0x55));
        }
    }
);
