// SPDX-License-Identifier: GPL-2.0-or-later
//! `part`, `pvblock`, `read` and `write`.

use cmd::testing::RAM_BASE;
use tests::machine::*;

#[test]
fn part() {
    let (mut context, disks) = usual();
    assert!(
        shell(&mut context, "part list pvblock 0")
            .1
            .contains("Partition Map for pvblock device 0  --   Partition Type: EFI")
    );
    assert!(
        shell(&mut context, "part list pvblock 1")
            .1
            .contains("  1\t2048      \t4096      \tcafe1234-01\t83\n")
    );
    prints(
        &mut context,
        "part list pvblock 2",
        "## Unknown partition table type 0\n",
    );
    prints(
        &mut context,
        "part list pvblock 0 a; part list pvblock 0 -bootable b; echo ${a}/${b}",
        "1 2/1\n",
    );
    let guid = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    prints(
        &mut context,
        "part uuid pvblock 0:2; part uuid pvblock 1:1 u; echo ${u}",
        &format!("{guid}\ncafe1234-01\n"),
    );
    prints(
        &mut context,
        "part start pvblock 0 2; part size pvblock 0 root s; echo ${s}",
        "9000\n8000\n",
    );
    prints(
        &mut context,
        &format!(
            "part number pvblock 0 {}; part name pvblock 0 1",
            guid.to_uppercase()
        ),
        "0x2\nsystem\n",
    );
    prints(
        &mut context,
        "part types",
        "Supported partition tables: EFI, DOS\n",
    );
    fails(
        &mut context,
        "part start pvblock 0 7",
        "** No partition '7' on pvblock 0 **\n",
    );
    fails(
        &mut context,
        "part uuid pvblock 2:1",
        "** No partition table - pvblock 2 **\n",
    );
    fails(
        &mut context,
        "part list pvblock x",
        "** Bad device specification pvblock x **\n",
    );
    assert!(
        shell(&mut context, "part list pvblock 0 -x v")
            .1
            .starts_with("Unknown option -x\n")
    );
    let end = disks[0].bytes().len();
    disks[0].bytes()[512..1024].fill(0);
    disks[0].bytes()[end - 512..].fill(0);
    let output = "** Can't use device pvblock 0: corrupt: GPT: no header signature **\n";
    fails(&mut context, "part list pvblock 0", output);
    fails(&mut context, "load pvblock 0:2 42000000 hello.txt", output);
}

#[cfg(CONFIG_CMD_PVBLOCK)]
#[test]
fn pvblock() {
    let (mut context, disks) = usual();
    let facts = "Vendor: (Xen) Rev: 1.0 Prod: (Xen Virtual)\n            Type: Hard Disk\n            Capacity: ";
    let sizes = [
        "40.0 MB = 0.0 GB (81920 x 512)",
        "8.0 MB = 0.0 GB (16384 x 512)",
        "1.0 MB = 0.0 GB (2048 x 512)",
    ];
    let info: String = sizes
        .iter()
        .enumerate()
        .map(|(i, size)| format!("Device {i}: {facts}{size}\n"))
        .collect();
    prints(&mut context, "pvblock info", &info);
    prints(
        &mut context,
        "pvblock device",
        &format!("\nIDE device 0: {facts}{}\n", sizes[0]),
    );
    let set = format!(
        "\nDevice 2: {facts}{}\n... is now current device\n",
        sizes[2]
    );
    prints(&mut context, "pvblock device 2", &set);
    fails(
        &mut context,
        "pvblock device 42",
        "\nDevice 42: unknown device\n",
    );
    fails(
        &mut context,
        "pvblock device x",
        "\nDevice x: unknown device\n",
    );
    prints(
        &mut context,
        "pvblock device",
        &format!("\nIDE device 2: {facts}{}\n", sizes[2]),
    );
    assert_eq!(
        shell(&mut context, "pvblock part")
            .1
            .matches("Partition Map for")
            .count(),
        2
    );
    fails(
        &mut context,
        "pvblock part 42",
        "\npvblock device 42 not available\n",
    );

    shell(&mut context, "mw.b 42000000 5a 400");
    prints(
        &mut context,
        "pvblock write 42000000 10 2",
        "\npvblock write: device 2 block # 16, count 2 ... 2 blocks written: OK\n",
    );
    assert!(
        disks[2].bytes()[0x2000..0x2400]
            .iter()
            .all(|&byte| byte == 0x5a)
    );
    assert_eq!(
        disks[2].bytes().iter().filter(|&&byte| byte != 0).count(),
        0x400
    );
    assert_eq!(disks[2].flushes(), 1);
    prints(
        &mut context,
        "pvblock read 42000001 11 1",
        "\npvblock read: device 2 block # 17, count 1 ... 1 blocks read: OK\n",
    );
    let beyond =
        "\npvblock read: device 2 block # 2047, count 2 ... 0 blocks read: ERROR (out of range)\n";
    fails(&mut context, "pvblock read 42000000 7ff 2", beyond);
    disks[2].break_block(20);
    let bad = "\npvblock read: device 2 block # 16, count 8 ... 0 blocks read: ERROR (I/O error at block 20)\n";
    fails(&mut context, "pvblock read 42000000 10 8", bad);
    for address in [LOADER, 0, RAM_BASE + 0x100_0000] {
        let (status, output) = shell(&mut context, &format!("pvblock read {address:x} 0 1"));
        assert!(
            status == 1 && output.lines().count() == 1 && !output.contains("read:"),
            "{output}"
        );
    }
    let (status, output) = shell(&mut context, "pvblock write 42000000 0 ffffffffffffffff");
    assert!(status == 1 && !output.contains("OK"), "{output}");
    assert!(
        shell(&mut context, "pvblock")
            .1
            .contains("Usage:\npvblock info")
    );

    let mut context = machine(&[tests::image::ImageDisk::read_only(vec![0; MIB], 4096)]);
    let refused =
        "\npvblock write: device 0 block # 0, count 1 ... 0 blocks written: ERROR (read-only)\n";
    fails(&mut context, "pvblock write 42000000 0 1", refused);
    prints(
        &mut context,
        "pvblock part",
        "\nno pvblock partition table available\n",
    );
    fails(
        &mut machine(&[]),
        "pvblock device",
        "\nno pvblock devices available\n",
    );
}

#[cfg(all(CONFIG_CMD_READ, CONFIG_CMD_WRITE))]
#[test]
fn read_and_write() {
    let (mut context, disks) = usual();
    prints(&mut context, "read pvblock 0:2 42000000 2 2", "");
    let expected = disks[0].bytes()[18 * MIB + 1024..18 * MIB + 2048].to_vec();
    assert!(context.ram.slice(RAM_BASE + 0x200_0000, 1024).unwrap() == expected);
    prints(
        &mut context,
        "write pvblock 1:1 42000000 fff 1; read pvblock 0#root 42000000 0 1",
        "",
    );
    assert!(disks[1].bytes()[6143 * 512..6144 * 512] == expected[..512]);
    assert_eq!(disks[1].flushes(), 1);
    fails(
        &mut context,
        "write pvblock 1:1 42000000 fff 2",
        "write out of range\n",
    );
    fails(
        &mut context,
        "read pvblock 1:0 42000000 4000 1",
        "read out of range\n",
    );
    disks[2].break_block(3);
    fails(
        &mut context,
        "read pvblock 2 42000000 0 8",
        "read error: I/O error at block 3\n",
    );
    fails(
        &mut context,
        "read pvblock 1:2 42000000 0 8",
        "** Invalid partition 2 **\n",
    );
    assert_eq!(
        shell(&mut context, &format!("read pvblock 2 {LOADER:x} 0 1")).0,
        1
    );
}

#[cfg(CONFIG_CMD_PART_DUPCHECK)]
#[test]
fn part_dupcheck() {
    let (mut context, _) = usual();
    let unique = "No duplicate PARTUUIDs or PARTLABELs found (3 UUIDs, 3 labels)\n";
    prints(&mut context, "part dupcheck", unique);
    let twice = [dos_disk(), vec![0; MIB], dos_disk()]
        .map(|bytes| tests::image::ImageDisk::new(bytes, 512));
    let output = "Warning: duplicate PARTUUID cafe1234-01 (2 copies)\n  found on disk0:1\n  found on disk2:1\n\
        Found 1 duplicate PARTUUID(s) (2 total copies) among 2 partitions\n\
        No duplicate PARTLABELs found (2 labels)\n";
    fails(&mut machine(&twice), "part dupcheck", output);
    prints(
        &mut machine(&[]),
        "part dupcheck",
        "No block devices found\n",
    );
    let none = "No partitions with UUID or label found\n";
    prints(&mut machine(&twice[1..2]), "part dupcheck", none);
}

#[test]
fn part_set() {
    let (mut context, _) = usual();
    let (status, output) = shell(&mut context, "part set pvblock 0 dos");
    assert_eq!(status, 0);
    assert!(
        output.contains("Partition Type: DOS") && output.contains("\tee\n"),
        "{output}"
    );
    fails(
        &mut context,
        "part uuid pvblock 0:2",
        "** Invalid partition 2 **\n",
    );
    fails(
        &mut context,
        "part set pvblock 0 what",
        "Unknown partition type 'what'\n",
    );
    let (status, output) = shell(&mut context, "part set pvblock 0 EFI");
    assert!(
        status == 0 && output.contains("Partition Type: EFI"),
        "{output}"
    );
    prints(&mut context, "part number pvblock 0 root", "0x2\n");
    let (status, output) = shell(&mut context, "part set pvblock 2 efi");
    assert!(
        status == 1 && output.contains("** Can't use device pvblock 2: "),
        "{output}"
    );
}
