// SPDX-License-Identifier: GPL-2.0-or-later
//! A save that is cut off after any number of blocks leaves one valid copy.

use super::*;
use common::testing::capture;
use env::file::Files;
use tests::image::ImageDisk;

/// Saves some times, and then once more on disks that stop after 0, 1, 2 and
/// so on blocks; returns how many that save took. `check` sees what is left.
fn cut_off(drivers: &'static [Driver], bytes: &[u8], saves: u32, check: impl Fn(&[u8])) -> usize {
    let _console = capture();
    let disk = ImageDisk::new(bytes.to_vec(), 512);
    for save in 1..=saves {
        let mut env = started(drivers, &disk);
        env.set("saves", &save.to_string()).unwrap();
        env.save(&model(&disk)).unwrap();
    }
    let mut left = disk.bytes().clone();
    let mut env = started(drivers, &disk);
    env.set("saves", &(saves + 1).to_string()).unwrap();
    env.set("more", &"x".repeat(300)).unwrap();
    disk.log_writes();
    env.save(&model(&disk)).unwrap();
    assert!(disk.is_flushed());
    let writes = disk.take_writes();
    let (old, new) = (saves.to_string(), (saves + 1).to_string());
    for (number, (block, written)) in writes.iter().enumerate() {
        check(&left);
        let disk = ImageDisk::new(left.clone(), 512);
        let mut env = started(drivers, &disk);
        let found = env.get("saves").map(String::from).unwrap_or_default();
        assert!(found == old || found == new, "{number}: {found}");
        assert!(!env.is_default());
        // The power is back: the next save works.
        env.set("saves", "next").unwrap();
        env.save(&model(&disk)).unwrap();
        assert_eq!(started(drivers, &disk).get("saves"), Some("next"));
        left[*block as usize * 512..][..512].copy_from_slice(written);
    }
    check(&left);
    let disk = ImageDisk::new(left, 512);
    assert_eq!(started(drivers, &disk).get("saves"), Some(new.as_str()));
    writes.len()
}

#[test]
fn on_a_disk() {
    let bytes = disk();
    let outside = |after: &[u8]| {
        assert!(after[..OFFSETS[0] as usize] == bytes[..OFFSETS[0] as usize]);
        assert!(after[MIB..] == bytes[MIB..]);
    };
    for saves in [1, 2, 3] {
        let drivers = place("0:0", 0x4000, true);
        assert_eq!(cut_off(drivers, &bytes, saves, outside), 32);
        // An image that does not end with a block.
        let drivers = place("0:0", 0x1f01, true);
        assert_eq!(cut_off(drivers, &bytes, saves, outside), 16);
    }
}

#[test]
fn in_files_on_fat() {
    let folder = tempfile::tempdir().unwrap();
    let path = image(folder.path(), "fat.img", 4 * MIB as u64);
    run("mkfs.fat", &["-s", "1", arg(&path)]);
    let bytes = std::fs::read(&path).unwrap();
    let drivers = drivers(Files {
        interface: "pvblock",
        device_and_part: "0:0",
        file_system: "fat",
        files: ["uboot.env", "uboot-redund.env"],
        size: 0x1000,
        redundant: true,
    });
    // The last save makes the second file, or overwrites one of the two.
    for saves in [1, 2, 3] {
        assert!(cut_off(drivers, &bytes, saves, |_| ()) >= 8);
    }
}

/// On ext4 the files are there beforehand, and their blocks are overwritten.
#[test]
fn in_files_on_ext4() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    for name in ["uboot.env", "uboot-redund.env"] {
        std::fs::write(root.join(name), [0xff; 0x1000]).unwrap();
    }
    let path = image(folder.path(), "ext4.img", 8 * MIB as u64);
    run(
        "mke2fs",
        &["-q", "-F", "-t", "ext4", "-d", arg(&root), arg(&path)],
    );
    let bytes = std::fs::read(&path).unwrap();
    let ext4 = |files| Files {
        interface: "pvblock",
        device_and_part: "0:0",
        file_system: "ext4",
        files,
        size: 0x1000,
        redundant: true,
    };
    let present = drivers(ext4(["/uboot.env", "/uboot-redund.env"]));
    for saves in [1, 2, 3] {
        assert_eq!(cut_off(present, &bytes, saves, |_| ()), 8);
    }
    let console = capture();
    let disk = ImageDisk::new(bytes.clone(), 512);
    let mut env = started(drivers(ext4(["/none.env", "/none.env"])), &disk);
    console.take();
    assert!(env.save(&model(&disk)).is_err());
    let text = console.take();
    assert!(
        text.contains("Unable to write \"/none.env\" on pvblock 0:0: "),
        "{text}"
    );
    assert!(*disk.bytes() == bytes);
}
