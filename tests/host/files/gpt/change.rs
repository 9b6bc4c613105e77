// SPDX-License-Identifier: GPL-2.0-or-later
//! Tables that cannot be, and changes of those that are.

use super::*;

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
