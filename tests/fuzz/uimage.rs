// SPDX-License-Identifier: GPL-2.0-or-later
//! Any bytes as a legacy image with right checksums: read, shown, and taken by
//! `bootm` up to the jump.
#![no_main]

mod image;
mod seeds;

use boot::hash::CRC32;
use boot::uimage::Legacy;
use include::uimage::{DATA_CRC, HEADER_CRC, HEADER_LEN, MAGIC, SIZE};
use libfuzzer_sys::fuzz_target;

/// Options of mkimage, and whether there are three files.
const IMAGES: [(&str, bool); 5] = [
    ("-O linux -T kernel -C none -a 40000000 -e 40000000", false),
    ("-O linux -T kernel -C gzip -a 40000000 -e 40000000", false),
    ("-O linux -T kernel_noload -C none", false),
    ("-O linux -T multi -C none -a 40000000 -e 40000000", true),
    ("-O linux -T script -C none", false),
];

fuzz_target!(init: {
    image::silence();
    seeds::plant(|work| {
        let mut kernel = vec![0; 256];
        kernel[18] = 0x10;
        kernel[24] = 8;
        kernel[56..60].copy_from_slice(b"ARM\x64");
        let make = |(options, several): &(&str, bool)| {
            let files = if *several { "$1:$1:$1" } else { "$1" };
            let command = format!("mkimage -A arm64 {options} -d {files} $0 >$0.log");
            seeds::made(work, &command, &kernel)
        };
        IMAGES.iter().map(make).collect()
    });
}, |data: &[u8]| {
    let mut bytes = data.to_vec();
    if let Some((header, content)) = bytes.split_at_mut_checked(HEADER_LEN) {
        // What nobody would guess.
        let mut put = |offset: usize, value: u32| {
            header[offset..offset + 4].copy_from_slice(&value.to_be_bytes());
        };
        put(0, MAGIC);
        put(SIZE, content.len() as u32);
        put(DATA_CRC, CRC32.checksum(content));
        put(HEADER_CRC, 0);
        let sum = CRC32.checksum(header);
        header[HEADER_CRC..HEADER_CRC + 4].copy_from_slice(&sum.to_be_bytes());
    }
    for bytes in [data, &bytes] {
        if let Ok(image) = Legacy::parse(bytes) {
            image.print();
            for part in image.parts().unwrap_or_default() {
                assert!(image.data.get(part).is_some());
            }
        }
    }
    image::boot(&bytes);
});
