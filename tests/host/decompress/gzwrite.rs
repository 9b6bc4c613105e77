// SPDX-License-Identifier: GPL-2.0-or-later
//! `gzwrite`: what gzip packs comes onto a disk, and nothing else changes there.

use super::pack;
use cmd::Context;
use std::sync::Arc;
use tests::image::ImageDisk;
use tests::machine::{fails, machine, shell};
use tests::random::Random;

const FILE: u64 = 0x4100_2000;
/// What is on a disk before.
const OLD: u8 = 0xa5;
const DISK: usize = 4 << 20;

/// A gzip file of random bytes, the bytes, and their checksum.
fn file(len: usize) -> (Vec<u8>, Vec<u8>, u32) {
    let folder = tempfile::tempdir().unwrap();
    let mut content = Random::new(len as u64).bytes(len);
    content[len / 3..len / 2].fill(0);
    let file = pack(folder.path(), &content, "gzip", &["-6"]);
    let sum = file[file.len() - 8..].first_chunk().unwrap();
    let sum = u32::from_le_bytes(*sum);
    (file, content, sum)
}

fn machine_with(file: &[u8], disk: &Arc<ImageDisk>) -> Context {
    let mut context = machine(std::slice::from_ref(disk));
    let memory = context.ram.slice_mut(FILE, file.len()).unwrap();
    memory.copy_from_slice(file);
    context
}

fn script(file: &[u8], options: &str) -> String {
    format!("gzwrite pvblock 0 {FILE:x} {:x} {options}", file.len())
}

#[test]
fn a_file_is_written_and_nothing_else() {
    for (block, len, options, offset) in [
        (512, 1_500_000, "", 0),
        (512, 700, "200", 0),
        (512, 3_000_001, "100000 200", 512),
        (512, 1_000_000, "fffffffffffffe00", 0),
        (4096, 2_000_000, "3000 5000 1e8480", 0x5000),
        (512, DISK - 100, "8000", 0),
        (4096, DISK - 0x1000, "1000 1000", 0x1000),
    ] {
        let (file, content, sum) = file(len);
        let disk = ImageDisk::new(vec![OLD; DISK], block);
        let mut context = machine_with(&file, &disk);
        let (status, output) = shell(&mut context, &script(&file, options));
        assert_eq!(status, 0, "{output}");
        let told = format!("\n\t{len} bytes, crc 0x{sum:08x}\n");
        assert!(
            output.starts_with('\n') && output.ends_with(&told),
            "{output}"
        );
        let mut expected = vec![OLD; DISK];
        expected[offset..offset + len].copy_from_slice(&content);
        let end = (offset + len).next_multiple_of(block as usize);
        expected[offset + len..end].fill(0);
        assert!(*disk.bytes() == expected, "{options}");
        assert_eq!(disk.flushes(), 1);
    }
}

#[test]
fn what_cannot_be_right_is_refused_before_the_first_write() {
    let (good, ..) = file(1_000_000);
    let disk = ImageDisk::new(vec![OLD; DISK], 4096);
    let mut context = machine_with(&good, &disk);
    for (options, message) in [
        ("1001", "gzwrite: size 4097 not a multiple of 4096\n"),
        ("0", "gzwrite: size 0 not a multiple of 4096\n"),
        (
            "1000 200",
            "gzwrite: start offset 512 not a multiple of 4096\n",
        ),
        (
            "1000 0 f4241",
            "size of f4241 doesn't match trailer low bits f4240\n",
        ),
        (
            "1000 30c000",
            "gzwrite: uncompressed size 1000000 exceeds device size\n",
        ),
        (
            "1000 fffffffffffff000",
            "gzwrite: uncompressed size 1000000 exceeds device size\n",
        ),
        (
            "1000 0 1000f4240",
            "gzwrite: uncompressed size 4295967296 exceeds device size\n",
        ),
    ] {
        fails(&mut context, &script(&good, options), message);
    }
    for (command, message) in [
        (script(&good[..12], ""), "corrupt: "),
        (
            format!("gzwrite pvblock 0 {:x} 100", FILE + 1),
            "corrupt: gzip header",
        ),
        ("gzwrite pvblock 0 43ffff00 200".into(), "is not in RAM"),
        ("gzwrite pvblock 7 41002000 100".into(), "pvblock"),
        ("gzwrite pvblock 0 41002000".into(), "Usage:"),
    ] {
        let (status, output) = shell(&mut context, &command);
        assert_eq!(status, 1, "{command}");
        assert!(output.contains(message), "{command}: {output}");
    }
    assert!(disk.bytes().iter().all(|&byte| byte == OLD));

    let disk = ImageDisk::read_only(vec![OLD; DISK], 512);
    let (status, output) = shell(&mut machine_with(&good, &disk), &script(&good, ""));
    assert!(status == 1 && output.contains("read-only"), "{output}");
}

#[test]
fn a_damaged_file_fails_and_stays_in_its_place() {
    let (good, content, sum) = file(300_000);
    let mut random = Random::new(3);
    for round in 0..60 {
        let mut bad = good.clone();
        match round {
            // Less, and more, than is there.
            0 => *bad.last_chunk_mut().unwrap() = 299_000u32.to_le_bytes(),
            1 => *bad.last_chunk_mut().unwrap() = 301_000u32.to_le_bytes(),
            _ => {
                let end = bad.len() & !3;
                random.damage(&mut bad, &[0..end, end - 12..end]);
            }
        }
        let size = u32::from_le_bytes(*bad.last_chunk().unwrap()) as usize;
        let disk = ImageDisk::new(vec![OLD; DISK], 512);
        let mut context = machine_with(&bad, &disk);
        let (status, output) = shell(&mut context, &script(&bad, "4000 100000"));
        let bytes = disk.bytes();
        if status == 0 {
            assert_eq!(&bytes[1 << 20..][..content.len()], content);
            continue;
        }
        let end = (1 << 20) + size.min(DISK).next_multiple_of(512);
        let untouched = |bytes: &[u8]| bytes.iter().all(|&byte| byte == OLD);
        assert!(untouched(&bytes[..1 << 20]), "{round}");
        assert!(untouched(bytes.get(end..).unwrap_or(&[])), "{round}");
        if round < 2 {
            let told = format!("of {size}\n\tcrcs == 0x{sum:08x}/0x");
            assert!(output.contains(&told), "{output}");
        }
        assert!(output.contains("failed: "), "{output}");
    }
}

#[test]
fn a_block_that_cannot_be_written_is_named() {
    let (good, ..) = file(1_000_000);
    let disk = ImageDisk::new(vec![OLD; DISK], 512);
    disk.break_block(1000);
    let mut context = machine_with(&good, &disk);
    let (status, output) = shell(&mut context, &script(&good, "8000"));
    assert_eq!(status, 1);
    assert!(output.contains("I/O error at block 1000"), "{output}");
}
