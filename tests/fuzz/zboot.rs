// SPDX-License-Identifier: GPL-2.0-or-later
//! EFI zboot kernels, and kernels that are packed as files of their own, up to
//! their place in memory. The first byte chooses what the header says that
//! nobody would guess; with its highest bit set the rest is the file as it is.
#![no_main]

mod image;
mod seeds;

use boot::bootm::{Images, Linux};
use boot::zboot::Zboot;
use include::image::zboot as raw;
use libfuzzer_sys::fuzz_target;

const COMPRESSIONS: [&str; 8] = [
    "gzip", "lz4", "lzma", "xz", "xzkern", "zstd", "zstd22", "lzo",
];
const PACKERS: [(u8, &str); 6] = [
    (0, "gzip -9n"),
    (1, "lz4 -q -l"),
    (2, "xz --format=lzma"),
    (4, "xz --check=crc32 --arm64 --lzma2"),
    (5, "zstd -q -19"),
    (6, "zstd -q --ultra -22 --no-content-size"),
];
const START: usize = 64;

/// An EFI zboot kernel of a payload that is followed by its size.
fn zboot(choice: u8, payload: &[u8]) -> Vec<u8> {
    let compression = COMPRESSIONS[usize::from(choice) % COMPRESSIONS.len()];
    let mut file = vec![0; START];
    file[..8].copy_from_slice(&raw::MAGIC);
    file[raw::PAYLOAD_OFFSET..][..4].copy_from_slice(&(START as u32).to_le_bytes());
    let len = match compression {
        "gzip" => payload.len(),
        _ => payload.len().saturating_sub(4),
    };
    file[raw::PAYLOAD_SIZE..][..4].copy_from_slice(&(len as u32).to_le_bytes());
    file[raw::COMPRESSION..][..compression.len()].copy_from_slice(compression.as_bytes());
    file.extend(payload);
    file
}

/// An `Image` of 2 KiB that needs 1 MiB.
fn kernel() -> Vec<u8> {
    let mut kernel: Vec<u8> = (0..2048u32).map(|i| (i / 3) as u8).collect();
    kernel[8..32].fill(0);
    kernel[18] = 0x10;
    kernel[24] = 8;
    kernel[56..60].copy_from_slice(b"ARM\x64");
    kernel
}

fuzz_target!(
    init: {
        image::silence();
        seeds::plant(|work| {
            let kernel = kernel();
            let size = (kernel.len() as u32).to_le_bytes();
            let mut all = vec![[&[0x80][..], &kernel].concat()];
            for (choice, command) in PACKERS {
                let packed = seeds::made(work, &format!("{command} <$1 >$0"), &kernel);
                let tail: &[u8] = if choice == 0 { &[] } else { &size };
                let payload = [&packed[..], tail].concat();
                all.push([&[choice][..], &payload].concat());
                all.push([&[0x80][..], &packed].concat());
                all.push([&[0x80][..], &zboot(choice, &payload)].concat());
            }
            all
        });
    },
    |data: &[u8]| {
        let Some((&choice, rest)) = data.split_first() else {
            return;
        };
        let file = match choice & 0x80 {
            0 => zboot(choice, rest),
            _ => rest.to_vec(),
        };
        if let Ok(zboot) = Zboot::parse(&file) {
            assert!(file.get(zboot.payload).is_some());
        }
        let (mut ram, env) = image::machine(&file);
        let images = Images {
            kernel: image::IMAGE,
            kernel_len: (choice & 0x40 == 0).then_some(file.len() as u64),
            ..Images::default()
        };
        if let Ok(linux) = Linux::find(&mut ram, &env, &images, &[]) {
            let place = linux.handover().kernel;
            assert!(ram.banks().any(|bank| bank.start <= place.start && place.end <= bank.end));
        }
        image::check(&ram);
    }
);
