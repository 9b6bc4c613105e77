// SPDX-License-Identifier: GPL-2.0-or-later
//! Packed kernels find their places; what is damaged is named.

use super::*;
use crate::decompress::gzip::testing::pack;
use crate::fdt::testing::{Random, mutate, xen_guest};
use crate::image::testing::image;
use crate::zboot::testing::zboot;
use arch::mem::{Access, Reserved};
use common::testing::capture;
use core::slice::from_ref;
use include::image::FLAG_ANYWHERE;

const RAM: u64 = 0x4000_0000;
const MIB: u64 = 1 << 20;
const CONTROL: u64 = RAM + 50 * MIB;

/// A guest of 64 MiB with the loader at the top, Xen's tree below it, and a file.
fn machine(at: u64, file: &[u8]) -> (Ram, Env) {
    let reserved = |start, end, what, access| Reserved {
        range: start..end,
        what,
        access,
    };
    let loader = reserved(RAM + 52 * MIB, RAM + 64 * MIB, "loader", Access::Private);
    let tree = reserved(CONTROL, CONTROL + 0x1000, "device tree", Access::NoLoad);
    let mut ram = Ram::in_buffer(RAM, 64 << 20, alloc::vec![loader, tree]);
    for (at, bytes) in [(CONTROL, &xen_guest()[..]), (at, file)] {
        let place = ram.slice_mut(at, bytes.len()).unwrap();
        place.copy_from_slice(bytes);
    }
    let mut env = Env::empty();
    env.set_hex("fdtcontroladdr", CONTROL).unwrap();
    (ram, env)
}

fn images(kernel: u64, kernel_len: Option<usize>) -> Images {
    Images {
        kernel,
        kernel_len: kernel_len.map(|len| len as u64),
        ..Images::default()
    }
}

/// An lz4 frame with stored blocks, from the format's description.
fn lz4(content: &[u8]) -> Vec<u8> {
    let mut file = alloc::vec![4, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73];
    for block in content.chunks(4 << 20) {
        file.extend((block.len() as u32 | 1 << 31).to_le_bytes());
        file.extend(block);
    }
    file.extend([0; 4]);
    file
}

fn kernel() -> Vec<u8> {
    image(3 << 20, 0, 4 * MIB, FLAG_ANYWHERE)
}

#[test]
fn zboot_kernels_are_unpacked_wherever_they_are() {
    let _console = capture();
    let kernel = kernel();
    let len = kernel.len();
    for file in [
        zboot("gzip", &pack(&kernel), 0),
        zboot("lz4", &lz4(&kernel), len as u32),
    ] {
        for (at, wish, known) in [
            (RAM, RAM + 20 * MIB, true),
            (RAM, 0, false),
            (RAM + 10 * MIB, RAM + 10 * MIB, false),
            (RAM + 30 * MIB + 8, RAM + 49 * MIB, true),
        ] {
            let (mut ram, mut env) = machine(at, &file);
            env.set_hex("kernel_comp_addr_r", wish).unwrap();
            let images = images(at, known.then_some(file.len()));
            let (range, header) = find(&mut ram, &env, &images, &[]).unwrap();
            assert_eq!(header.size, 4 * MIB);
            assert!(ram.slice(range.start, len).unwrap() == kernel);
            assert_eq!(ram.slice(at, file.len()).unwrap(), file, "{at:x}");
        }
    }
}

#[test]
fn files_of_unknown_size_get_the_room_there_is() {
    let console = capture();
    let (kernel, at) = (kernel(), RAM);
    let file = lz4(&kernel);
    let found = |wish: u64, images: &Images, keep: &[Range<u64>]| {
        let (mut ram, mut env) = machine(at, &file);
        env.set_hex("kernel_comp_addr_r", wish).unwrap();
        let range = find(&mut ram, &env, images, keep).map(|(range, _)| range);
        if let Ok(range) = &range {
            assert!(ram.slice(range.start, kernel.len()).unwrap() == kernel);
        }
        range.map(|range| range.start)
    };
    let known = images(at, Some(file.len()));
    assert_eq!(found(RAM + 20 * MIB, &known, &[]), Ok(RAM + 20 * MIB));
    // No room where it should go: it goes where most is.
    assert_eq!(found(RAM + 49 * MIB, &known, &[]), Ok(RAM + 4 * MIB));
    assert_eq!(
        console
            .take()
            .matches("Uncompressing Kernel Image to")
            .count(),
        3
    );
    // Nobody knows its length: it ends where something else begins.
    let mut unknown = images(at, None);
    assert_eq!(found(RAM + 20 * MIB, &unknown, &[]), Ok(RAM + 20 * MIB));
    unknown.initrd = Some(RAM + 8 * MIB..RAM + 9 * MIB);
    assert_eq!(found(0, &unknown, &[]), Ok(RAM + 10 * MIB));
    let keep = RAM + 10 * MIB..RAM + 50 * MIB;
    assert_eq!(found(0, &known, from_ref(&keep)), Ok(RAM + 4 * MIB));
    let keep = RAM + 5 * MIB..RAM + 49 * MIB;
    assert_eq!(found(0, &known, from_ref(&keep)), Err(Failed));
    assert!(
        console
            .take()
            .ends_with("Cannot unpack the kernel: it needs more than 0x100000 bytes of RAM\n")
    );
}

#[test]
fn what_is_wrong_is_named() {
    let console = capture();
    let kernel = kernel();
    let said = |file: &[u8]| {
        let (mut ram, env) = machine(RAM, file);
        let images = images(RAM, Some(file.len()));
        assert_eq!(find(&mut ram, &env, &images, &[]).err(), Some(Failed));
        console.take()
    };
    let good = zboot("gzip", &pack(&kernel), 0);
    let text = said(&good[..good.len() - 70]);
    assert!(
        text.starts_with("Bad EFI zboot kernel: the payload at 0x1000, of 0x"),
        "{text}"
    );
    let text = said(&zboot("lzo", b"x", 1));
    assert_eq!(
        text,
        "Bad EFI zboot kernel: the compression 'lzo' is not supported\n"
    );
    assert_eq!(said(b"BZh9 and more"), "Unimplemented compression type 2\n");
    assert_eq!(
        said(b"\x89LZO and more"),
        "Unimplemented compression type 4\n"
    );
    for size in [kernel.len() as u32 - 1, kernel.len() as u32 + 1] {
        let text = said(&zboot("lz4", &lz4(&kernel), size));
        assert!(
            text.ends_with("Cannot unpack the kernel: corrupt: size of the kernel\n"),
            "{text}"
        );
    }
    assert_eq!(
        said(&zboot("lz4", &lz4(&kernel), u32::MAX)),
        "Cannot unpack the kernel: it is larger than CONFIG_SYS_BOOTM_LEN\n"
    );
    let text = said(&zboot("zstd", &lz4(&kernel), 1));
    assert!(text.ends_with("corrupt: Zstandard magic\n"), "{text}");
    let text = said(&zboot("gzip", &pack(&[0; 100]), 0));
    assert!(text.ends_with("Bad Linux ARM64 Image magic!\n"), "{text}");
}

#[test]
fn mutated_zboot_kernels_do_no_harm() {
    let _console = capture();
    let small = image(4096, 0, MIB, FLAG_ANYWHERE);
    let goods = [
        zboot("gzip", &pack(&small), 0),
        zboot("lz4", &lz4(&small), 4096),
    ];
    let (mut ram, env) = machine(RAM, &[]);
    let mut random = Random(99);
    for round in 0..400 {
        let mut file = goods[round % 2].clone();
        let end = if round % 3 == 0 { file.len() } else { 64 };
        mutate(&mut random, &mut file[..end]);
        let place = ram.slice_mut(RAM, file.len()).unwrap();
        place.copy_from_slice(&file);
        let images = images(RAM, Some(file.len()));
        if let Ok((range, _)) = find(&mut ram, &env, &images, &[]) {
            // What can be seen to be damaged is not started.
            let start = range.start;
            let found = ram.slice(start, small.len()).unwrap();
            assert!(round % 2 == 1 || start == RAM || found == small, "{round}");
        }
        assert_eq!(ram.slice(CONTROL, 64).unwrap(), &xen_guest()[..64]);
    }
}
