// SPDX-License-Identifier: GPL-2.0-or-later
//! `blkmap`; the first test is U-Boot's own.

use cmd::testing::{self, RAM_BASE, run};
// Its drivers are registered.
use drivers as _;
use tests::fsimage;

#[test]
fn a_ram_disk_comes_and_goes() {
    let console = testing::capture();
    let mut ctx = testing::context();
    let mut prints = |script: &str, expected: &str| {
        assert_eq!(ctx.run_script(script), 0, "{script}");
        assert_eq!(console.take(), expected, "{script}");
    };
    prints("blkmap info", "");
    prints("blkmap create ramdisk", "Created \"ramdisk\"\n");
    prints(
        "blkmap map ramdisk 0 800 mem 0x40000000",
        "Block 0x0+0x800 mapped to 0x40000000\n",
    );
    prints(
        "blkmap info",
        "Device 0: Vendor: U-Boot Rev: 1.0 Prod: blkmap\n            Type: Hard Disk\n            \
         Capacity: 1.0 MB = 0.0 GB (2048 x 512)\n",
    );
    prints(
        "blkmap get ramdisk dev; blkmap get ramdisk dev devnum; echo $devnum",
        "0\n0\n",
    );
    prints("blkmap create part", "Created \"part\"\n");
    prints(
        "blkmap map part 1 10 linear blkmap 0 16",
        "Block 0x1+0x10 mapped to block 0x10 of \"blkmap 0\"\n",
    );
    prints(
        "mw.b 41000000 a5 200; blkmap dev 1; blkmap write 41000000 1 1",
        "\nDevice 1: Vendor: U-Boot Rev: 1.0 Prod: blkmap\n            Type: Hard Disk\n            \
         Capacity: 0.0 MB = 0.0 GB (17 x 512)\n... is now current device\n\
         \nblkmap write: device 1 block # 1, count 1 ... 1 blocks written: OK\n",
    );
    prints(
        "blkmap destroy part; blkmap destroy ramdisk",
        "Destroyed \"part\"\nDestroyed \"ramdisk\"\n",
    );
    prints(
        "cmp.b 40002000 41000000 200",
        "Total of 512 byte(s) were the same\n",
    );
    prints("blkmap info", "");
}

#[test]
fn bad_input_is_told() {
    let made = "blkmap create a; blkmap map a 0 8 mem 40000000; ";
    for (script, expected) in [
        (
            "blkmap create a",
            "Unable to create \"a\": exists already\n",
        ),
        (
            "blkmap destroy b",
            "\"b\" is not the name of any known blkmap\n",
        ),
        (
            "blkmap get b dev",
            "\"b\" is not the name of any known blkmap\n",
        ),
        (
            "blkmap map b 0 1 mem 41000000",
            "\"b\" is not the name of any known blkmap\n",
        ),
        (
            "blkmap map a 8 1 linear blkmap 3 0",
            "Found no device matching \"blkmap 3\"\n",
        ),
        (
            "blkmap map a 8 1 linear mmc 0 0",
            "Found no device matching \"mmc 0\"\n",
        ),
        (
            "blkmap map a 8 1 linear blkmap 0 1f",
            "## Error: '1f' is not a decimal number, or a hexadecimal one with 0x\n",
        ),
        (
            "blkmap map a 8 1 linear blkmap 0 0",
            "Unable to map \"blkmap 0\" at block 0x8: invalid: a block map cannot map itself\n",
        ),
        (
            "blkmap map a 7 2 mem 41000000",
            "Unable to map 0x41000000 at block 0x7: invalid: some of the blocks are mapped already\n",
        ),
        (
            "blkmap map a 8 1 mem 40000fff",
            "Unable to map 0x40000fff at block 0x8: it would overwrite the memory of a block map \
             (0x40000000-0x40000fff)\n",
        ),
        (
            "blkmap map a 8 1 mem 10",
            "Unable to map 0x10 at block 0x8: 0x10 (length 0x200) is not in RAM\n",
        ),
        (
            "blkmap map a 8 0 mem 41000000",
            "Unable to map 0x41000000 at block 0x8: invalid: no blocks are to be mapped\n",
        ),
        (
            "blkmap map a 8 ffffffffffffffff mem 41000000",
            "Unable to map 0x41000000 at block 0x8: out of range\n",
        ),
    ] {
        let (status, output) = run(&format!("{made}{script}"));
        assert_eq!(status, 1, "{script}");
        let made = "Created \"a\"\nBlock 0x0+0x8 mapped to 0x40000000\n";
        assert_eq!(output.strip_prefix(made), Some(expected), "{script}");
    }
    for usage in [
        "blkmap",
        "blkmap create",
        "blkmap get a",
        "blkmap get a number",
        "blkmap map a 8 1",
        "blkmap map a 8 1 linear blkmap 0",
        "blkmap map a 8 1 mem 41000000 keep",
        "blkmap map a 8 1 zero",
    ] {
        let (status, output) = run(&format!("{made}{usage}"));
        assert_eq!(status, 1, "{usage}");
        assert!(output.contains("Usage:\n"), "{output}");
    }
}

#[test]
fn files_of_a_fat_image_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let root = fsimage::small_tree(folder.path());
    let image = fsimage::fat(folder.path(), 4 * fsimage::MIB, &[]);
    fsimage::mcopy(&image, &root);
    let bytes = std::fs::read(image).unwrap();
    let console = testing::capture();
    let mut ctx = testing::context();
    let place = ctx.ram.slice_mut(RAM_BASE, bytes.len()).unwrap();
    place.copy_from_slice(&bytes);
    let mut run = |script: &str| (ctx.run_script(script), console.take());

    let blocks = bytes.len() / 512;
    let (status, output) = run(&format!(
        "blkmap create ram; blkmap map ram 0 {blocks:x} mem {RAM_BASE:x} preserve; \
         blkmap get ram dev n; load blkmap $n 41000000 file; echo $filesize"
    ));
    assert_eq!(status, 0, "{output}");
    assert!(output.ends_with("7530\n"), "{output}");
    let (status, output) = run("ls blkmap 0 dir");
    assert_eq!(status, 0, "{output}");
    assert!(output.contains("a long name for a file"), "{output}");
    // Nothing is loaded over the disk.
    assert_eq!(run("load blkmap 0 40000000 file").0, 1);

    // The same through a second map, in two parts.
    let (status, output) = run(&format!(
        "blkmap create parts; blkmap map parts 0 41 linear blkmap 0 0; \
         blkmap map parts 41 {:x} linear blkmap 0 0x41; \
         load blkmap 1 42000000 file; cmp.b 41000000 42000000 7530",
        blocks - 0x41
    ));
    assert_eq!(status, 0, "{output}");
    assert!(
        output.ends_with("Total of 30000 byte(s) were the same\n"),
        "{output}"
    );
    // A file system with a hole is not read beyond it.
    let (status, output) = run(
        "blkmap create hole; blkmap map hole 0 1 linear blkmap 0 0; \
         blkmap map hole 1000 1 linear blkmap 0 0; load blkmap 2 42000000 file",
    );
    assert_eq!(status, 1, "{output}");
    assert_eq!(run("blkmap destroy ram").0, 1);
    assert_eq!(
        run("blkmap destroy hole; blkmap destroy parts; blkmap destroy ram").0,
        0
    );
    let file = ctx.ram.slice(0x4100_0000, 30_000).unwrap();
    assert!(file == fsimage::contents(30_000));
}
