// SPDX-License-Identifier: GPL-2.0-or-later
//! `mbr`, judged by sfdisk and by the bytes of U-Boot's own test.
#![cfg(CONFIG_CMD_MBR)]

use tests::image::ImageDisk;
use tests::machine::*;
use tests::random::Random;
use tests::tool::{arg, run};

const P1: &str = "uuid_disk=0x12345678;name=p1,start=8M,bootable,size=1M,id=0x0e";
const MORE: &str = ";name=p2,size=1M,id=0x0e;name=p3,size=1M,id=0x0e";
const EXTENDED: &str = ";name=[ext],size=2M,id=0x05;name=p5,size=1M,id=0x0e";

fn sfdisk(disk: &ImageDisk) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.img");
    std::fs::write(&path, &*disk.bytes()).unwrap();
    let verdict = run("sfdisk", &["--verify", arg(&path)]);
    assert!(verdict.contains("No errors detected"), "{verdict}");
    run("sfdisk", &["--dump", arg(&path)])
}

#[test]
fn the_bytes_are_those_of_u_boot() {
    let disk = ImageDisk::new(Random::new(2).bytes(16 * MIB), 512);
    let mut context = machine(std::slice::from_ref(&disk));
    let header = [0x78, 0x56, 0x34, 0x12, 0, 0];
    let entries = [
        [
            0x80, 5, 5, 1, 0x0e, 0x25, 0x24, 1, 0, 0x40, 0, 0, 0, 8, 0, 0,
        ],
        [
            0, 0x25, 0x25, 1, 0x0e, 0x46, 5, 1, 0, 0x48, 0, 0, 0, 8, 0, 0,
        ],
        [
            0, 0x46, 6, 1, 0x0e, 0x66, 0x25, 1, 0, 0x50, 0, 0, 0, 8, 0, 0,
        ],
        [
            0, 0x66, 0x26, 1, 5, 0xa7, 0x26, 1, 0, 0x58, 0, 0, 0, 0x10, 0, 0,
        ],
    ];
    let ebr = [0, 0x87, 7, 1, 0x0e, 0xa7, 0x26, 1, 0, 8, 0, 0, 0, 8, 0, 0];
    for (list, count) in [(P1.to_string(), 1), (format!("{P1}{MORE}{EXTENDED}"), 4)] {
        context.env.set("mbr_parts", &list).unwrap();
        prints(&mut context, "mbr write pvblock 0", "MBR: write success!\n");
        prints(
            &mut context,
            "mbr verify pvblock 0",
            "MBR: verify success!\n",
        );
        assert!(disk.is_flushed());
        let mut expected = header.to_vec();
        expected.extend(entries[..count].iter().flatten());
        expected.resize(70, 0);
        expected.extend([0x55, 0xaa]);
        assert_eq!(disk.bytes()[0x1b8..0x200], expected);
    }
    let mut table = ebr.to_vec();
    table.resize(64, 0);
    table.extend([0x55, 0xaa]);
    assert_eq!(disk.bytes()[0xb00000 + 0x1be..0xb00000 + 0x200], table);
    let dump = sfdisk(&disk);
    for line in [
        "label-id: 0x12345678",
        "start=       16384, size=        2048, type=e, bootable",
        "start=       22528, size=        4096, type=5",
        "start=       24576, size=        2048, type=e",
    ] {
        assert!(dump.contains(line), "{dump}");
    }
}

#[test]
fn sizes_are_filled_in() {
    let disk = ImageDisk::new(vec![0; 64 * MIB], 512);
    let mut context = machine(std::slice::from_ref(&disk));
    let list = "name=boot,start=4M,size=8M,bootable,id=0x0e;name=rootfs,size=16M,id=0x83;\
        name=data,size=4M,id=0x83;name=[ext],size=-,id=0x05;name=user,size=-,id=0x83;\
        name=modules,size=4M,id=0x83;name=ramdisk,size=2M,id=0x83";
    let script = format!("mbr write pvblock 0 '{list}'; mbr verify pvblock 0 '{list}'");
    prints(
        &mut context,
        &script,
        "MBR: write success!\nMBR: verify success!\n",
    );
    let dump = sfdisk(&disk);
    let end = dump.lines().last().unwrap().to_string();
    assert!(
        end.contains("start=      126976, size=        4096"),
        "{dump}"
    );
    let id = |dump: &str| {
        dump.lines()
            .find(|l| l.starts_with("label-id"))
            .map(String::from)
    };
    let script = "mbr write pvblock 0 'size=1M,id=0xc;size=-,id=0x83'";
    prints(&mut context, script, "MBR: write success!\n");
    let again = sfdisk(&disk);
    assert_eq!(id(&again), id(&dump), "the signature stays");
    assert!(
        again.contains("start=        4096, size=      126976, type=83"),
        "{again}"
    );
    for (list, reason) in [
        (
            "size=2M,id=0xc",
            "Partition 1 size: 0x800 does not match 0x1000!",
        ),
        (
            "size=1M,start=2M,id=0xc",
            "Partition 1 start: 0x800 does not match 0x1000!",
        ),
        ("size=-,id=0xb", "Partition 1 type: 0xc does not match 0xb!"),
        (
            "size=-,id=0xc;size=-,id=0x83;size=1M,id=1",
            "There is no partition 3!",
        ),
    ] {
        let output = format!("MBR: verify {reason}\nerror!\n");
        fails(
            &mut context,
            &format!("mbr verify pvblock 0 '{list}'"),
            &output,
        );
    }
}

#[test]
fn a_table_that_cannot_be_changes_nothing() {
    let bytes = Random::new(4).bytes(4 * MIB);
    let disk = ImageDisk::new(bytes.clone(), 512);
    let mut context = machine(std::slice::from_ref(&disk));
    let many = "size=512,id=1;".repeat(129);
    for (list, reason) in [
        (
            "size=4M,id=1",
            "partition 1 would have blocks 0x800 to 0x27ff",
        ),
        (
            "size=1M,id=1;size=1M,start=1536K,id=1",
            "partitions 1 and 2 would overlap",
        ),
        (
            "size=1M,id=1;start=1M,size=-,id=1;start=1M,size=512,id=1",
            "no room is left for partition 2",
        ),
        ("size=1M,id=1,start=5M", "partition 1 would have blocks"),
        ("size=1M,id=0", "the type of an unused entry"),
        ("size=1M,id=256", "'256' is no type"),
        ("size=1M", "no id="),
        ("id=1", "no size="),
        ("uuid_disk=x;size=1M,id=1", "uuid_disk 'x'"),
        ("size=1M,id=5;size=1M,id=5", "one extended partition"),
        (
            "size=1K,id=1;size=1K,id=1;size=1K,id=1;size=1K,id=1;size=1K,id=1",
            "one extended partition",
        ),
        (
            "size=1M,id=5;size=1K,id=1;size=1K,id=1;size=1K,id=1;size=1M,id=1",
            "partition 5 would have",
        ),
        (
            "size=2M,id=5;size=1K,id=1;size=1K,id=1;size=1K,id=1;size=1K,start=2M,id=1;size=1K,start=1100K,id=1",
            "would overlap",
        ),
        (&many, "129 partitions"),
        ("", "'' of partition 1"),
    ] {
        let (status, output) = shell(&mut context, &format!("mbr write pvblock 0 '{list}'"));
        assert_eq!(status, 1, "{list}: {output}");
        assert!(
            output.contains(reason) && output.ends_with("\nerror!\n"),
            "{list}: {output}"
        );
        assert!(*disk.bytes() == bytes, "{list}");
    }
    fails(
        &mut context,
        "mbr write pvblock 0",
        "MBR: write No partition list provided: the variable 'mbr_parts' is not set\nerror!\n",
    );
    fails(
        &mut context,
        "mbr write pvblock 9",
        "do_mbr: pvblock dev 9 NOT available\n",
    );
    let locked = ImageDisk::read_only(vec![0; 4 * MIB], 512);
    let mut context = machine(std::slice::from_ref(&locked));
    fails(
        &mut context,
        "mbr write pvblock 0 'size=1M,id=1'",
        "MBR: write read-only\nerror!\n",
    );
}

#[test]
fn damaged_lists_do_no_harm() {
    let disk = ImageDisk::new(vec![0; 16 * MIB], 512);
    let mut context = machine(std::slice::from_ref(&disk));
    let good = format!("{P1}{MORE}{EXTENDED}");
    let mut random = Random::new(6);
    for _ in 0..300 {
        let mut list = good.clone().into_bytes();
        let range = 0..list.len() & !3;
        random.damage(&mut list, &[range]);
        let list = String::from_utf8_lossy(&list).replace(['\'', '\0', '\n'], "");
        let (status, output) = shell(&mut context, &format!("mbr write pvblock 0 '{list}'"));
        match status {
            0 => _ = shell(&mut context, "part list pvblock 0"),
            _ => assert!(
                output.contains("error!") || output.contains("Usage"),
                "{output}"
            ),
        }
    }
}
