// SPDX-License-Identifier: GPL-2.0-or-later
//! Partition tables made by sfdisk and sgdisk.

use common::testing::capture;
use disk::{PartType, Partition, Whole};
use std::path::Path;
use tests::image::{self, ImageDisk};
use tests::random::Random;
use tests::tool::{arg, run, run_with_input};

const MIB: u64 = 1 << 20;

fn sfdisk(folder: &Path, script: &str) -> Vec<u8> {
    let path = tests::tool::image(folder, "dos.img", 64 * MIB);
    run_with_input("sfdisk", &["-q", arg(&path)], script);
    std::fs::read(path).unwrap()
}

fn dos_image(folder: &Path) -> Vec<u8> {
    sfdisk(
        folder,
        "label: dos\nlabel-id: 0xdeadbeef\n\
         start=2048, size=8192, type=c, bootable\nstart=10240, size=8192, type=83\nstart=20480, type=5\n\
         start=22528, size=4096, type=83\nstart=30720, size=4096, type=82\nstart=40960, size=2048, type=ef\n",
    )
}

fn gpt_image(folder: &Path) -> Vec<u8> {
    let path = tests::tool::image(folder, "gpt.img", 64 * MIB);
    run(
        "sgdisk",
        &[
            "-n",
            "1:2048:+4M",
            "-t",
            "1:ef00",
            "-c",
            "1:EFI System",
            "-u",
            "1:11111111-2222-3333-4444-555555555555",
            "-n",
            "3:16384:+8M",
            "-t",
            "3:8300",
            "-c",
            "3:root",
            "-A",
            "3:set:2",
            "-u",
            "3:aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            arg(&path),
        ],
    );
    std::fs::read(path).unwrap()
}

fn list(bytes: Vec<u8>, block_size: u32) -> common::Result<(PartType, Vec<Partition>)> {
    disk::list(&image::disk(&ImageDisk::new(bytes, block_size)))
}

fn numbers(partitions: &[Partition]) -> Vec<(u32, u64, u64, bool)> {
    partitions
        .iter()
        .map(|p| (p.number, p.start, p.blocks, p.bootable))
        .collect()
}

#[test]
fn sfdisks_table_with_logical_partitions() {
    let folder = tempfile::tempdir().unwrap();
    let (kind, partitions) = list(dos_image(folder.path()), 512).unwrap();
    assert_eq!(kind, PartType::Dos);
    assert_eq!(
        numbers(&partitions),
        [
            (1, 2048, 8192, true),
            (2, 10240, 8192, false),
            (3, 20480, 110_592, false),
            (5, 22528, 4096, false),
            (6, 30720, 4096, false),
            (7, 40960, 2048, true)
        ]
    );
    assert_eq!(partitions[4].uuid, "deadbeef-06");
}

#[test]
fn sgdisks_table_and_its_backup() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = gpt_image(folder.path());
    let expected = list(bytes.clone(), 512).unwrap();
    assert_eq!(expected.0, PartType::Efi);
    assert_eq!(
        numbers(&expected.1),
        [(1, 2048, 8192, true), (3, 16384, 16384, true)]
    );
    assert_eq!(expected.1[0].name, "EFI System");
    assert_eq!(expected.1[1].uuid, "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee");

    let mut primary_gone = bytes.clone();
    primary_gone[512..34 * 512].fill(0);
    assert_eq!(list(primary_gone, 512).unwrap(), expected);
    let mut backup_gone = bytes.clone();
    let end = backup_gone.len();
    backup_gone[end - 33 * 512..].fill(0);
    assert_eq!(list(backup_gone.clone(), 512).unwrap(), expected);
    backup_gone[512..34 * 512].fill(0);
    assert!(matches!(
        list(backup_gone, 512),
        Err(common::Error::Corrupt(_))
    ));
}

#[test]
fn a_gpt_on_a_disk_with_blocks_of_4_kib() {
    let folder = tempfile::tempdir().unwrap();
    let path = tests::tool::image(folder.path(), "4k.img", 64 * MIB);
    // sfdisk and sgdisk always take 512 for a file; fdisk can be told.
    let keys = "g\nn\n1\n256\n1279\nx\nn\nfour\nr\nw\n";
    run_with_input("fdisk", &["-b", "4096", arg(&path)], keys);
    let (kind, partitions) = list(std::fs::read(path).unwrap(), 4096).unwrap();
    assert_eq!(
        (kind, numbers(&partitions)),
        (PartType::Efi, vec![(1, 256, 1024, false)])
    );
    assert_eq!(
        (partitions[0].name.as_str(), partitions[0].block_size),
        ("four", 4096)
    );
}

#[test]
fn a_hybrid_table_counts_as_gpt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gpt.img");
    gpt_image(folder.path());
    run("sgdisk", &["-h", "3", arg(&path)]);
    let (kind, partitions) = list(std::fs::read(path).unwrap(), 512).unwrap();
    assert_eq!((kind, partitions.len()), (PartType::Efi, 2));
}

#[test]
fn a_file_system_without_partitions_is_used_whole() {
    let folder = tempfile::tempdir().unwrap();
    for (tool, args) in [
        ("mkfs.fat", ["-F", "32"]),
        ("mkfs.fat", ["-F", "16"]),
        ("mke2fs", ["-q", "-F"]),
    ] {
        let path = tests::tool::image(folder.path(), "plain.img", 64 * MIB);
        run(tool, &[args[0], args[1], arg(&path)]);
        let model = image::model(&[ImageDisk::open(&path, 512)]);
        let location = disk::locate(&model, "pvblock", Some("0"), None, Whole::Allowed).unwrap();
        assert_eq!(
            (location.partition.number, location.partition.blocks),
            (0, 131_072),
            "{tool} {args:?}"
        );
    }
}

#[test]
fn maps_are_printed_as_u_boot_does() {
    let folder = tempfile::tempdir().unwrap();
    let console = capture();
    disk::print(&image::disk(&ImageDisk::new(dos_image(folder.path()), 512))).unwrap();
    disk::print(&image::disk(&ImageDisk::new(gpt_image(folder.path()), 512))).unwrap();
    let text = console.take();
    let dos = "\nPartition Map for pvblock device 0  --   Partition Type: DOS\n\n\
        Part\tStart Sector\tNum Sectors\tUUID\t\tType\n  \
        1\t2048      \t8192      \tdeadbeef-01\t0c Boot\n  \
        2\t10240     \t8192      \tdeadbeef-02\t83\n  \
        3\t20480     \t110592    \tdeadbeef-03\t05 Extd\n  \
        5\t22528     \t4096      \tdeadbeef-05\t83\n  \
        6\t30720     \t4096      \tdeadbeef-06\t82\n  \
        7\t40960     \t2048      \tdeadbeef-07\tef Boot\n";
    let efi = "\nPartition Map for pvblock device 0  --   Partition Type: EFI\n\n\
        Part\tStart LBA\tEnd LBA\t\tName\n\tAttributes\n\tType GUID\n\tPartition GUID\n  \
        1\t0x00000800\t0x000027ff\t\"EFI System\"\n\tattrs:\t0x0000000000000000\n\
        \ttype:\tc12a7328-f81f-11d2-ba4b-00a0c93ec93b\n\t\t(EFI System Partition)\n\
        \tguid:\t11111111-2222-3333-4444-555555555555\n  \
        3\t0x00004000\t0x00007fff\t\"root\"\n\tattrs:\t0x0000000000000004\n\
        \ttype:\t0fc63daf-8483-4772-8e79-3d69d8477de4\n\t\t(linux)\n\
        \tguid:\taaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee\n";
    assert!(text.starts_with(dos) && text.contains(efi), "{text}");
}

#[test]
fn damaged_tables_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(1);
    let tables = [
        (
            dos_image(folder.path()),
            vec![446..512, 20480 * 512 + 446..20480 * 512 + 512],
        ),
        (gpt_image(folder.path()), vec![446..604, 1024..1280]),
    ];
    for (bytes, places) in tables {
        let image = ImageDisk::new(bytes, 512);
        let disk = image::disk(&image);
        let good: Vec<Vec<u8>> = places
            .iter()
            .map(|place| image.bytes()[place.clone()].to_vec())
            .collect();
        for _ in 0..2000 {
            random.damage(&mut image.bytes(), &places);
            if let Ok((_, partitions)) = disk::list(&disk) {
                assert!(partitions.len() <= 1024);
                partitions
                    .iter()
                    .for_each(|p| _ = disk::BlockRange::new(&disk, p).map(|range| range.len()));
            }
            for (place, good) in places.iter().zip(&good) {
                image.bytes()[place.clone()].copy_from_slice(good);
            }
        }
    }
}

#[test]
fn a_table_of_128_partitions_is_read_with_few_requests_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = tests::tool::image(folder.path(), "many.img", 64 * MIB);
    let mut args: Vec<String> = vec!["-a".into(), "1".into()];
    for number in 1..=128u64 {
        let start = 2048 + number * 512;
        args.extend(["-n".into(), format!("{number}:{start}:+64K")]);
    }
    args.push(arg(&path).into());
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    run("sgdisk", &args);
    let image = ImageDisk::open(&path, 512);
    let model = image::cached_model(std::slice::from_ref(&image));
    let disk = dm::blk::get(&model, "pvblock", 0).unwrap();
    assert_eq!(disk::list(&disk).unwrap().1.len(), 128);
    // Block 0 and the header with their neighbours, and the array.
    assert!(image.take_reads().0 <= 2);
    disk::list(&disk).unwrap();
    assert!(image.take_reads().0 <= 1);
    model.remove(&disk.device).unwrap();
    drop(disk);
    assert_eq!(model.block_cache().take_stats().entries, 0);
}
