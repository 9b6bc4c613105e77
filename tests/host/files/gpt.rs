// SPDX-License-Identifier: GPL-2.0-or-later
//! `gpt`, judged by sgdisk and sfdisk.

mod change;
mod damage;

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
