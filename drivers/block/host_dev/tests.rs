// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of disks that are files.

use super::*;
use alloc::string::String;
use dm::{DRIVERS, UCLASSES, blk, host};
use std::path::PathBuf;

fn model() -> Model {
    Model::new(&DRIVERS, &UCLASSES, None)
}

/// A file of 1 KiB and 4 KiB; each test has its own.
fn file(name: &str) -> PathBuf {
    let name = format!("u-boot-host-{name}-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let bytes: std::vec::Vec<u8> = (0..5120u32).map(|i| (i / 512) as u8).collect();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn plat(path: &std::path::Path, block_size: u32) -> HostPlat {
    HostPlat {
        label: String::from("label"),
        path: path.to_str().unwrap().into(),
        removable: true,
        block_size,
    }
}

#[test]
fn a_file_is_a_disk() {
    let path = file("disk");
    let model = model();
    let device = host::create(&model, plat(&path, 512)).unwrap();
    assert_eq!(device.name(), "host-label");
    let disk = blk::get(&model, "host", 0).unwrap();
    let info = disk.ops.info();
    assert_eq!((info.blocks, info.block_size), (10, 512));
    assert!(info.removable && !info.read_only);

    let mut buf = [0; 1024];
    disk.ops.read(8, &mut buf).unwrap();
    assert_eq!((buf[0], buf[512]), (8, 9));
    disk.ops.write(9, &[77; 512]).unwrap();
    disk.ops.flush().unwrap();
    assert_eq!(std::fs::read(&path).unwrap()[9 * 512..], [77; 512]);
    assert_eq!(disk.ops.read(9, &mut buf), Err(Error::OutOfRange));
    assert!(disk.ops.write(0, &[0; 100]).is_err());

    // A file that became shorter says which block is gone, unless its bytes are still cached.
    model.block_cache().configure(0, 0);
    let end = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    end.set_len(9 * 512).unwrap();
    assert_eq!(disk.ops.read(8, &mut buf), Err(Error::Io(9)));

    // All devices stop before a kernel, and can be used again after it.
    model.remove_all().unwrap();
    assert_eq!(blk::get(&model, "host", 0).unwrap().ops.info().blocks, 9);
    model.unbind(&device).unwrap();
    assert!(blk::get(&model, "host", 0).is_err());
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_label_has_one_file() {
    let path = file("label");
    let model = model();
    let first = host::create(&model, plat(&path, 512)).unwrap();
    assert_eq!(first.seq(), 0);
    let second = host::create(&model, plat(&path, 1024)).unwrap();
    assert_eq!(blk::numbers(&model, "host"), [second.seq()]);
    assert_eq!(host::find(&model, "label").unwrap().seq(), second.seq());
    assert!(host::find(&model, "other").is_none());
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_is_no_disk_leaves_no_device() {
    let path = file("bad");
    let model = model();
    for (plat, error) in [
        (plat(&path, 4096), None),
        (plat("/none".as_ref(), 512), Some(Error::NotFound)),
        (plat("/dev/null".as_ref(), 512), None),
    ] {
        let result = host::create(&model, plat).err().unwrap();
        match error {
            Some(error) => assert_eq!(result, error),
            None => assert!(matches!(result, Error::Invalid(_))),
        }
        assert!(model.uclass_devices(UclassId::Host).is_empty());
    }
    std::fs::remove_file(path).unwrap();
}
