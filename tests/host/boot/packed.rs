// SPDX-License-Identifier: GPL-2.0-or-later
//! Kernels as real tools pack them, through `booti` and through the boot methods.

use super::{MIB, environment, kernel, ram_with_tree};
use cmd::Context;
use cmd::testing::{Captured, RAM_BASE, capture};
use std::path::Path;
use std::sync::Arc;
use tests::image::{self, ImageDisk};
use tests::tool::{arg, image as image_file, run};

/// A packer as a command that reads `$0` and prints what it packs, and the name
/// of that compression in an EFI zboot kernel, if Linux packs those so.
const PACKERS: &[(&str, &str, Option<&str>)] = &[
    ("Image.gz", "gzip -9n <$0", Some("gzip")),
    ("Image.lz4", "lz4 -q -9 <$0", None),
    ("Image.lz4-legacy", "lz4 -q -l -9 <$0", Some("lz4")),
    ("Image.lzma", "xz --format=lzma -9 <$0", Some("lzma")),
    ("Image.xz", "xz -9 <$0", None),
    (
        "Image.xzkern",
        "xz --check=crc32 --arm64 --lzma2=,dict=32MiB <$0",
        Some("xzkern"),
    ),
    ("Image.zst", "zstd -q -19 <$0", None),
    ("Image.zstd22", "zstd -q --ultra -22 <$0", Some("zstd22")),
];

fn pack(command: &str, content: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("plain"), folder.path().join("packed"));
    std::fs::write(&plain, content).unwrap();
    let command = format!("({command}) >$1");
    run("sh", &["-c", &command, arg(&plain), arg(&packed)]);
    std::fs::read(packed).unwrap()
}

/// An EFI zboot kernel with the fields that Linux' build gives it.
fn zboot(compression: &str, payload: &[u8], size: usize) -> Vec<u8> {
    let mut image = vec![0; 0x2000];
    image[..8].copy_from_slice(b"MZ\0\0zimg");
    image[8..12].copy_from_slice(&0x2000u32.to_le_bytes());
    image[12..16].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    image[24..24 + compression.len()].copy_from_slice(compression.as_bytes());
    image[56..60].copy_from_slice(&0x8182_23cdu32.to_le_bytes());
    image[60..64].copy_from_slice(&64u32.to_le_bytes());
    image.extend(payload);
    if compression != "gzip" {
        image.extend((size as u32).to_le_bytes());
    }
    image.resize(image.len().next_multiple_of(512), 0);
    image
}

/// All kinds of files for a kernel, with their names.
fn files(kernel: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("Image".to_string(), kernel.to_vec())];
    for (name, command, compression) in PACKERS {
        let packed = pack(command, kernel);
        if let Some(compression) = compression {
            let image = zboot(compression, &packed, kernel.len());
            files.push((format!("vmlinuz.{compression}"), image));
        }
        files.push((name.to_string(), packed));
    }
    files
}

/// A machine with one disk, whose only partition has these files.
fn machine(files: &[(&str, &[u8])]) -> (Context, Captured) {
    let console = capture();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    for (path, content) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let disk = ext4(folder.path(), &root);
    let disks = [ImageDisk::new(std::fs::read(disk).unwrap(), 512)];
    let model = Arc::new(image::model(&disks));
    let machine = Context::new(ram_with_tree(), model, environment());
    (machine, console)
}

fn ext4(folder: &Path, root: &Path) -> std::path::PathBuf {
    let disk = image_file(folder, "disk", 64 * MIB);
    let options = ["-q", "-F", "-t", "ext4", "-d", arg(root), arg(&disk)];
    run("mke2fs", &options);
    disk
}

/// The address at which the kernel would have been started.
fn entry(output: &str) -> u64 {
    let (_, rest) = output
        .split_once("## Transferring control to Linux (at address ")
        .unwrap_or_else(|| panic!("not started:\n{output}"));
    u64::from_str_radix(rest.split(')').next().unwrap(), 16).unwrap()
}

fn starts(machine: &mut (Context, Captured), script: &str, kernel: &[u8]) -> String {
    let status = machine.0.run_script(script);
    let output = machine.1.take();
    assert_eq!(status, 0, "{script}: {output}");
    let start = entry(&output);
    let found = machine.0.ram.slice(start, kernel.len()).unwrap();
    assert!(found == kernel, "{script}: {output}");
    output
}

#[test]
fn booti_starts_each_of_them() {
    let kernel = kernel(3_000_000, 4 * MIB);
    let files = files(&kernel);
    let named: Vec<_> = files
        .iter()
        .map(|(name, content)| (name.as_str(), &content[..]))
        .chain([("initrd", &[7; 1000][..])])
        .collect();
    let mut machine = machine(&named);
    for (name, _) in &files {
        let load = format!("load pvblock 0 ${{kernel_addr_r}} {name}");
        // The file that was loaded last has a known length.
        starts(
            &mut machine,
            &format!("{load}; booti ${{kernel_addr_r}}"),
            &kernel,
        );
        // Another one was loaded since.
        let script = format!(
            "{load}; load pvblock 0 ${{ramdisk_addr_r}} initrd; \
             booti ${{kernel_addr_r}} ${{ramdisk_addr_r}}:${{filesize}} ${{fdtcontroladdr}}"
        );
        starts(&mut machine, &script, &kernel);
        // Neither variable, and a place of its own.
        let script = format!(
            "setenv kernel_comp_addr_r; setenv kernel_comp_size; \
             load pvblock 0 41234560 {name}; setenv filesize; booti 41234560 - \
             ${{fdtcontroladdr}}; env default kernel_comp_addr_r kernel_comp_size"
        );
        starts(&mut machine, &script, &kernel);
    }
    machine
        .0
        .run_script("setenv kernel_comp_addr_r 1000; load pvblock 0 40000000 Image.gz");
    machine.1.take();
    assert_eq!(machine.0.run_script("booti 40000000"), 1);
    let output = machine.1.take();
    assert!(
        output.ends_with("\nkernel_comp_addr_r is outside of DRAM range!\n"),
        "{output}"
    );
}

#[test]
fn the_boot_methods_start_each_of_them() {
    let kernel = kernel(1_000_000, 2 * MIB);
    let config = b"label linux\n kernel ../vmlinuz\n append quiet\n";
    for (name, content) in files(&kernel) {
        let mut extlinux = machine(&[
            ("boot/vmlinuz", &content),
            ("boot/extlinux/extlinux.conf", config),
        ]);
        let output = starts(&mut extlinux, "bootflow scan -b", &kernel);
        assert!(output.contains("with extlinux\n"), "{name}: {output}");
        drop(extlinux);
        let mut bare = machine(&[("boot/vmlinuz", &content)]);
        let output = starts(&mut bare, "bootflow scan -b", &kernel);
        assert!(output.contains("with image\n"), "{name}: {output}");
    }
}

#[test]
fn what_is_damaged_is_refused() {
    let kernel = kernel(100_000, MIB);
    // The legacy format of lz4 has none.
    let has_checksum = |name: &str| !name.starts_with("Image.lz4-l") && name != "vmlinuz.lz4";
    for (name, mut content) in files(&kernel).into_iter().skip(1) {
        if !has_checksum(&name) {
            continue;
        }
        let middle = content.len() / 2;
        content[middle..middle + 200].fill(0x5a);
        let mut machine = machine(&[("boot/vmlinuz", &content)]);
        assert_eq!(machine.0.run_script("bootflow scan -b"), 1, "{name}");
        let output = machine.1.take();
        let named = output.contains("Cannot unpack the kernel: ");
        assert!(
            named && output.contains("Boot failed (err=-14)\n"),
            "{name}: {output}"
        );
    }
}

#[test]
fn a_compression_that_is_not_here_is_named() {
    let kernel = kernel(100_000, MIB);
    let bzip2 = pack("bzip2 -9 <$0", &kernel);
    let lzo = zboot("lzo", b"anything", kernel.len());
    for (content, expected) in [
        (bzip2, "Unimplemented compression type 2\n"),
        (
            lzo,
            "Bad EFI zboot kernel: the compression 'lzo' is not supported\n",
        ),
    ] {
        let mut machine = machine(&[("Image", &content)]);
        let script = format!("load pvblock 0 {RAM_BASE:x} Image; booti {RAM_BASE:x}");
        assert_eq!(machine.0.run_script(&script), 1);
        let output = machine.1.take();
        assert!(output.ends_with(expected), "{output}");
    }
}
