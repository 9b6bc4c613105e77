// SPDX-License-Identifier: GPL-2.0-or-later
//! Packed streams of all formats: no panic, and nothing is used or written
//! beyond the ends. The first two bytes choose the format and the room.
#![no_main]

use boot::decompress::{Format, unpack};
use libfuzzer_sys::fuzz_target;

const FORMATS: [Format; 5] = [
    Format::Gzip,
    Format::Lz4,
    Format::Lzma,
    Format::Xz,
    Format::Zstd,
];

fuzz_target!(|data: &[u8]| {
    let Some((&[format, room], input)) = data.split_first_chunk() else {
        return;
    };
    let format = FORMATS[usize::from(format) % FORMATS.len()];
    let mut output = vec![0x55; usize::from(room) << 8];
    if let Ok(sizes) = unpack(format, input, &mut output) {
        assert!(sizes.compressed <= input.len() as u64);
        assert!(
            output[sizes.size as usize..]
                .iter()
                .all(|&byte| byte == 0x55)
        );
    }
});
