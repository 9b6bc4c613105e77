// SPDX-License-Identifier: GPL-2.0-or-later
//! `gpt`, judged by sgdisk and sfdisk.

use cmd::Context;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tests::image::{self, ImageDisk};
use tests::machine::*;
use tests::random::Random;
use tests::tool::{arg, run};

const DISK: &str = "375a56f7-d6c9-4e81-b5f0-09d41ca89efe";
const ONE: &str = "33194895-67f6-4561-8457-6fdeed4f50a3";
const TWO: &str = "cc9c6e4a-6551-4cb5-87be-3210f96c86fb";

/// A disk of 4 MiB with the partitions part1 and part2, by sgdisk.
fn disk() -> Arc<ImageDisk> {
    static MADE: OnceLock<Vec<u8>> = OnceLock::new();
    ImageDisk::new(MADE.get_or_init(make).clone(), 512)
}

fn make() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = tests::tool::image(folder.path(), "gpt.img", 4 << 20);
    let (disk, one, two) = (
        format!("--disk-guid={DISK}"),
        format!("--partition-guid=1:{ONE}"),
        format!("--partition-guid=2:{TWO}"),
    );
    run(
        "sgdisk",
        &[
            &disk,
            "--new=1:2048:4095",
            "--change-name=1:part1",
            &one,
            "-A",
            "1:set:2",
            "-A",
            "2:set:60",
            "--new=2:4096:7167",
            "--change-name=2:part2",
            &two,
            "-A",
            "2:set:60",
            arg(&path),
        ],
    );
    std::fs::read(path).unwrap()
}

fn new(bytes: usize, block_size: u32) -> (Context, Arc<ImageDisk>) {
    let disk = ImageDisk::new(vec![0; bytes], block_size);
    (machine(std::slice::from_ref(&disk)), disk)
}

fn part() -> (Context, Arc<ImageDisk>) {
    let disk = disk();
    (machine(std::slice::from_ref(&disk)), disk)
}

/// Checks a disk by the real tools, and returns what sgdisk and sfdisk say of it.
fn judge(disk: &ImageDisk) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("disk.img");
    std::fs::write(&path, &*disk.bytes()).unwrap();
    let verdict = run("sgdisk", &["-v", arg(&path)]);
    assert!(verdict.contains("No problems found"), "{verdict}");
    let tables = run("sfdisk", &["--dump", arg(&path)]);
    let names = run("sgdisk", &["-p", arg(&path)]);
    format!("{names}{tables}")
}

fn succeeds(context: &mut Context, script: &str) -> String {
    let (status, output) = shell(context, script);
    assert_eq!(status, 0, "{script}: {output}");
    assert!(output.ends_with("success!\n"), "{script}: {output}");
    output
}

/// Checks that a command fails, for this reason, and writes nothing.
fn refused(context: &mut Context, disk: &ImageDisk, script: &str, reason: &str) {
    let before = disk.bytes().clone();
    let (status, output) = shell(context, script);
    assert_eq!(status, 1, "{script}: {output}");
    assert!(output.contains(reason), "{script}: {output}");
    assert!(*disk.bytes() == before, "{script} wrote");
}

#[test]
fn what_is_read() {
    let (mut context, _) = part();
    let output = succeeds(&mut context, "gpt read pvblock 0");
    let expected = format!(
        "Partition 1:\nStart 1MiB, size 1MiB\nBlock size 512, name part1\n\
         Type U-Boot, bootable 1\nUUID {ONE}\nType GUID 0fc63daf-8483-4772-8e79-3d69d8477de4\n\n\
         Partition 2:\nStart 2MiB, size 1MiB\nBlock size 512, name part2\n\
         Type U-Boot, bootable 0\nUUID {TWO}\nType GUID 0fc63daf-8483-4772-8e79-3d69d8477de4\n\n\
         success!\n"
    );
    assert_eq!(output, expected);
    prints(&mut context, "gpt read pvblock 0 parts", "success!\n");
    let kind = "0fc63daf-8483-4772-8e79-3d69d8477de4";
    let parts = format!(
        "uuid_disk={DISK};name=part1,start=0x100000,size=0x100000,type={kind},uuid={ONE},bootable;\
         name=part2,start=0x200000,size=0x180000,type={kind},uuid={TWO};"
    );
    assert_eq!(context.env.get("parts"), Some(parts.as_str()));
    succeeds(&mut context, "gpt verify pvblock 0 ${parts}");
    prints(
        &mut context,
        "gpt verify pvblock 0",
        "No partition list provided - only basic check\nVerify GPT: success!\n",
    );
    prints(
        &mut context,
        "gpt repair pvblock 0",
        "Repairing GPT: success!\n",
    );
    prints(
        &mut context,
        "gpt guid pvblock 0",
        &format!("{DISK}\nsuccess!\n"),
    );
    succeeds(
        &mut context,
        "gpt guid pvblock 0 g; gpt enumerate pvblock 0",
    );
    assert_eq!(context.env.get("g"), Some(DISK));
    assert_eq!(context.env.get("gpt_partition_list"), Some("part1 part2"));
    let vars = "echo ${gpt_partition_addr} ${gpt_partition_size} ${gpt_partition_name} \
        ${gpt_partition_entry} ${gpt_partition_bootable}";
    for (name, facts) in [
        ("part1", "800 800 part1 1 1"),
        ("part2", "1000 c00 part2 2 0"),
    ] {
        let output = format!("success!\n{facts}\n");
        prints(
            &mut context,
            &format!("gpt setenv pvblock 0 {name}; {vars}"),
            &output,
        );
    }
    fails(
        &mut context,
        "gpt setenv pvblock 0 none",
        "There is no partition 'none'\nerror!\n",
    );
    prints(
        &mut context,
        "part type pvblock 0:1; part type pvblock 0:2 v; echo ${v}",
        &format!("{kind}\n{kind}\n"),
    );
}

#[test]
fn what_does_not_match() {
    let (mut context, disk) = part();
    for (list, reason) in [
        (
            "name=part1,size=1M;name=part3,size=-",
            "Partition name: part2 does not match part3!",
        ),
        (
            "name=part1,size=2M",
            "Partition part1 size: 2048 does not match 4096!",
        ),
        (
            "name=part1,size=1M,start=2M",
            "Partition part1 start: 2048 does not match 4096!",
        ),
        (
            "name=part1,size=1M;name=part2,size=-;name=c,size=1M",
            "There is no partition 3!",
        ),
    ] {
        let script = format!("gpt verify pvblock 0 '{list}'");
        refused(
            &mut context,
            &disk,
            &script,
            &format!("{reason}\nVerify GPT: error!\n"),
        );
    }
    let end = disk.bytes().len();
    disk.bytes()[end - 512] ^= 1;
    let reason = "GPT: no header signature\nVerify GPT: error!";
    refused(&mut context, &disk, "gpt verify pvblock 0", reason);
}

#[test]
fn what_is_written() {
    let (mut context, disk) = new(4 << 20, 512);
    disk.bytes()[..440].fill(0x90);
    prints(
        &mut context,
        "gpt write pvblock 0 'name=all,size=0'",
        "Writing GPT: success!\n",
    );
    assert!(disk.flushes() >= 3);
    assert!(judge(&disk).contains("all"));
    assert!(disk.bytes()[..440].iter().all(|&byte| byte == 0x90));
    let (_, map) = shell(&mut context, "part list pvblock 0");
    assert!(map.contains("1\t0x00000022\t0x00001fde\t\"all\""), "{map}");

    let list = "name=part1,type=data,size=1M;name=part2,size=512K,type=system;\
        name=part3,size=65536,type=u-boot-env;\
        name=part4,size=65536,type=375a56f7-d6c9-4e81-b5f0-09d41ca89efe;name=part5,size=-,type=linux";
    succeeds(&mut context, &format!("gpt write pvblock 0 '{list}'"));
    judge(&disk);
    let (_, map) = shell(&mut context, "part list pvblock 0");
    for line in [
        "1\t0x00000022\t0x00000821\t\"part1\"",
        "(data)",
        "2\t0x00000822\t0x00000c21\t\"part2\"",
        "(EFI System Partition)",
        "3\t0x00000c22\t0x00000ca1\t\"part3\"",
        "(u-boot-env)",
        "4\t0x00000ca2\t0x00000d21\t\"part4\"",
        "(375a56f7-d6c9-4e81-b5f0-09d41ca89efe)",
        "5\t0x00000d22\t0x00001fde\t\"part5\"",
        "(linux)",
    ] {
        assert!(map.contains(line), "{line}: {map}");
    }

    let list = format!(
        "uuid_disk={DISK};name=first,start=1M,size=1M,bootable,uuid=${{u}};\
         name=second,start=0x200000,size=0x180000,uuid={TWO};"
    );
    succeeds(&mut context, &format!("gpt write pvblock 0 '{list}'"));
    let uuid = context.env.get("u").unwrap().to_uppercase();
    let facts = judge(&disk);
    assert!(
        facts.contains(&format!("label-id: {}", DISK.to_uppercase())),
        "{facts}"
    );
    assert!(
        facts.contains(&format!(
            "start=        2048, size=        2048, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, \
         uuid={uuid}, name=\"first\", attrs=\"LegacyBIOSBootable\""
        )),
        "{facts}"
    );
    assert!(
        facts.contains("start=        4096, size=        3072"),
        "{facts}"
    );

    let (mut context, disk) = new(64 << 20, 4096);
    succeeds(
        &mut context,
        "gpt write pvblock 0 'name=a,size=8M;name=b,size=-'",
    );
    succeeds(
        &mut context,
        "gpt verify pvblock 0 'name=a,size=8M;name=b,size=-'",
    );
    let partitions = disk::list(&image::disk(&disk)).unwrap().1;
    assert_eq!(
        (partitions[1].start, partitions[1].blocks),
        (2082, 16384 - 34 - 2081)
    );
}

#[test]
fn a_table_that_cannot_be_changes_nothing() {
    let (mut context, disk) = part();
    let many: String = (0..129).map(|i| format!("name=p{i},size=512;")).collect();
    for (list, reason) in [
        (
            "name=a,size=5M",
            "partition 1 would have blocks 0x22 to 0x2821",
        ),
        (
            "name=a,size=1M,start=16K",
            "partition 1 would have blocks 0x20 to",
        ),
        (
            "name=a,size=-,start=1G",
            "partition 1 would have blocks 0x200000 to 0x1fde",
        ),
        (
            "name=a,size=1M,start=1M;name=b,size=1M,start=1536K",
            "partitions 1 and 2 would overlap",
        ),
        ("name=a,size=-;name=b,size=1M", "partition 1 has no size"),
        (
            "name=a,size=18446744073709551615",
            "partition 1 would have blocks",
        ),
        ("name=a,size=1T", "'1T' is no number of bytes"),
        ("name=a,size=1", "'1' is less than a block of 512 bytes"),
        ("name=a", "Partition list incomplete"),
        ("size=1M", "Partition list incomplete"),
        ("", "'' of partition 1"),
        (
            "name=a,size=1M,uuid=1234",
            "Wrong uuid format for partition 1",
        ),
        (
            "name=a,size=1M,type=what",
            "Wrong type guid format for partition 1",
        ),
        (
            "name=a,size=1M,type=00000000-0000-0000-0000-000000000000",
            "type of an unused entry",
        ),
        ("uuid_disk=x;name=a,size=1M", "uuid_disk 'x' is no UUID"),
        ("name=${none},size=1M", "The variable 'none' is not set"),
        (
            "name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,size=1M",
            "the name of partition 1",
        ),
        (&many, "129 partitions, but a table has 128"),
    ] {
        refused(
            &mut context,
            &disk,
            &format!("gpt write pvblock 0 '{list}'"),
            reason,
        );
    }
    let twice = format!("name=a,size=1M,uuid={ONE};name=b,size=1M,uuid={ONE}");
    let reason = "partitions 1 and 2 have the same UUID";
    refused(
        &mut context,
        &disk,
        &format!("gpt write pvblock 0 '{twice}'"),
        reason,
    );
    for (script, reason) in [
        ("gpt rename pvblock 0 3 x", "Illegal partition number 3"),
        (
            "gpt rename pvblock 0 none x",
            "Illegal partition number none",
        ),
        ("gpt swap pvblock 0 part1 none", "except in pairs"),
        (
            "gpt transpose pvblock 0 1 1",
            "Cannot swap partition with itself",
        ),
        ("gpt transpose pvblock 0 1 3", "Illegal partition number 3"),
    ] {
        refused(&mut context, &disk, script, reason);
    }
    let small = ImageDisk::new(vec![0; 32 << 10], 512);
    let mut context = machine(std::slice::from_ref(&small));
    refused(
        &mut context,
        &small,
        "gpt write pvblock 0 'name=a,size=-'",
        "too small",
    );
    let locked = ImageDisk::read_only(vec![0; MIB], 512);
    let mut context = machine(std::slice::from_ref(&locked));
    refused(
        &mut context,
        &locked,
        "gpt write pvblock 0 'name=a,size=-'",
        "read-only",
    );
    refused(
        &mut context,
        &locked,
        "gpt rename pvblock 0 1 a",
        "no GUID partition table",
    );
}

#[test]
fn changes_keep_all_else() {
    let (mut context, disk) = part();
    let output = succeeds(&mut context, "gpt rename pvblock 0 1 first");
    assert!(output.starts_with("new partition table with 2 partitions is:\nPartition 1:\n"));
    assert!(output.contains("name first"));
    succeeds(&mut context, "gpt rename pvblock 0 part2 second");
    succeeds(&mut context, "gpt swap pvblock 0 first second");
    let facts = judge(&disk);
    let one = format!(
        "uuid={}, name=\"second\", attrs=\"LegacyBIOSBootable\"",
        ONE.to_uppercase()
    );
    let two = format!(
        "uuid={}, name=\"first\", attrs=\"GUID:60\"",
        TWO.to_uppercase()
    );
    assert!(facts.contains(&one) && facts.contains(&two), "{facts}");
    succeeds(&mut context, "gpt transpose pvblock 0 1 2");
    let partitions = disk::list(&image::disk(&disk)).unwrap().1;
    let order: Vec<_> = partitions
        .iter()
        .map(|p| (p.number, p.start, p.name.as_str()))
        .collect();
    assert_eq!(order, [(1, 4096, "first"), (2, 2048, "second")]);
    prints(
        &mut context,
        "gpt set-bootable pvblock 0 first,none",
        "Warning: No partition matching 'none' found\nsuccess!\n",
    );
    let facts = judge(&disk);
    assert!(
        facts.contains("name=\"first\", attrs=\"LegacyBIOSBootable GUID:60\""),
        "{facts}"
    );
    assert!(facts.contains("name=\"second\"\n"), "{facts}");
}

#[test]
fn each_copy_repairs_the_other() {
    for damaged in [
        512,
        1024,
        (4 << 20) - 512,
        (4 << 20) - 1024,
        (4 << 20) - 33 * 512,
    ] {
        let (mut context, disk) = part();
        let good = disk.bytes().clone();
        disk.bytes()[damaged] ^= 0x10;
        prints(
            &mut context,
            "gpt repair pvblock 0",
            "Repairing GPT: success!\n",
        );
        assert!(*disk.bytes() == good, "byte {damaged}");
    }
    let (mut context, disk) = part();
    disk.bytes()[512] ^= 1;
    disk.bytes()[(4 << 20) - 512] ^= 1;
    let reason = "Repairing GPT: corrupt: GPT: no header signature\nerror!";
    refused(&mut context, &disk, "gpt repair pvblock 0", reason);

    // A disk that has grown has no backup at its end.
    let mut bytes = self::disk().bytes().clone();
    bytes.resize(8 << 20, 0);
    let disk = ImageDisk::new(bytes, 512);
    let mut context = machine(std::slice::from_ref(&disk));
    let reason = "the backup is not in the disk's last block";
    refused(&mut context, &disk, "gpt verify pvblock 0", reason);
    succeeds(&mut context, "gpt repair pvblock 0; gpt verify pvblock 0");
    assert!(judge(&disk).contains("part2"));
}

#[test]
fn power_loss_at_any_block_leaves_a_table() {
    let names = |disk: &Arc<ImageDisk>| {
        // It says so when it uses a backup, which is not for other tests to see.
        let _console = cmd::testing::capture();
        let partitions = disk::list(&image::disk(disk)).unwrap().1;
        partitions
            .iter()
            .map(|p| p.name.clone())
            .collect::<Vec<_>>()
            .join(" ")
    };
    // With both copies, and with only one.
    for broken in [None, Some(600), Some((4 << 20) - 500)] {
        let (mut context, disk) = part();
        if let Some(at) = broken {
            disk.bytes()[at] ^= 1;
        }
        let mut bytes = disk.bytes().clone();
        disk.log_writes();
        succeeds(
            &mut context,
            "gpt write pvblock 0 'name=a,size=1M;name=b,size=1M;name=c,size=-'",
        );
        assert!(disk.is_flushed());
        let writes = disk.take_writes();
        assert_eq!(writes.len(), 67, "both copies and block 0");
        let mut seen = vec![names(&ImageDisk::new(bytes.clone(), 512))];
        for (block, written) in writes {
            bytes[block as usize * 512..][..512].copy_from_slice(&written);
            seen.push(names(&ImageDisk::new(bytes.clone(), 512)));
        }
        seen.dedup();
        assert_eq!(seen, ["part1 part2", "a b c"], "{broken:?}");
    }
}

#[test]
fn damaged_tables_and_lists_do_no_harm() {
    let disk = disk();
    let good = disk.bytes().clone();
    let mut context = machine(std::slice::from_ref(&disk));
    let end = good.len();
    let places = [
        446..604,
        1024..1280,
        end - 512..end - 420,
        end - 33 * 512..end - 32 * 512,
    ];
    let mut random = Random::new(3);
    let list = "uuid_disk=${u};name=first,start=1M,size=0x100KiB,bootable;name=b,size=-,type=linux,uuid=${v};";
    for _ in 0..150 {
        random.damage(&mut disk.bytes(), &places);
        for script in [
            "gpt read pvblock 0 v",
            "gpt verify pvblock 0",
            "gpt repair pvblock 0",
            "gpt rename pvblock 0 2 x",
            "gpt transpose pvblock 0 1 2",
            "gpt set-bootable pvblock 0 part1",
            "part list pvblock 0",
        ] {
            let (status, output) = shell(&mut context, script);
            assert!(
                status == 0 || output.lines().count() >= 1,
                "{script}: {status}"
            );
        }
        disk.bytes().copy_from_slice(&good);
        let mut damaged = list.as_bytes().to_vec();
        let range = 0..damaged.len() & !3;
        random.damage(&mut damaged, &[range]);
        let damaged = String::from_utf8_lossy(&damaged).replace(['\'', '\0', '\n'], "");
        let (status, _) = shell(&mut context, &format!("gpt write pvblock 0 '{damaged}'"));
        match status {
            0 => _ = disk::efi::Table::verify(&image::disk(&disk)).unwrap(),
            _ => assert!(*disk.bytes() == good, "{damaged}"),
        }
        disk.bytes().copy_from_slice(&good);
    }
}
