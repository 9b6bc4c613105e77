// SPDX-License-Identifier: GPL-2.0-or-later
//! What is left of a table when something goes wrong.

use super::*;

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
