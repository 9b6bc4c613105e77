// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of block maps; patterns and ranges are those of U-Boot's own tests.

use super::*;
use arch::mem::Ram;
use dm::blkmap::{create, destroy, map_linear};
use dm::{DRIVERS, UCLASSES, blk};
use std::vec::Vec;

const BLOCK: usize = 512;
/// First blocks in the map, their number, and where they are in memory.
const UNORDERED: [(u64, u64, u64); 4] = [(0, 1, 3), (1, 3, 0), (4, 2, 6), (6, 2, 4)];

fn model() -> Model {
    Model::new(&DRIVERS, &UCLASSES, None)
}

/// RAM at 0, of these blocks.
fn ram(blocks: usize) -> Ram {
    Ram::in_buffer(0, blocks * BLOCK, Vec::new())
}

/// Maps blocks to the memory from a block of it on.
fn map_memory(ram: &mut Ram, device: &Device, (start, count): (u64, u64), at: u64) -> Result<()> {
    let lent = ram.lend(at * BLOCK as u64, count as usize * BLOCK, "map");
    let lent = lent.map_err(|_| Error::OutOfRange)?;
    device.plat::<BlkMap>()?.map_memory(start, count, lent)
}

fn disk(model: &Model, device: &Device) -> blk::Disk {
    blk::get(model, "blkmap", device.seq()).unwrap()
}

/// Blocks that hold their numbers.
fn numbered(blocks: impl IntoIterator<Item = u8>) -> Vec<u8> {
    blocks
        .into_iter()
        .flat_map(|block| [block; BLOCK])
        .collect()
}

#[test]
fn slices_in_any_order_are_one_disk() {
    let (model, mut ram) = (model(), ram(8));
    let device = create(&model, "test").unwrap();
    assert_eq!(device.name(), "blkmap-test");
    let disk = disk(&model, &device);
    assert_eq!(
        (disk.ops.info().blocks, disk.device.name()),
        (1, "blkmap-test.blk")
    );
    assert!(!disk.ops.is_cacheable());
    for (start, count, at) in UNORDERED.into_iter().rev() {
        map_memory(&mut ram, &device, (start, count), at).unwrap();
    }
    assert_eq!(disk.ops.info().blocks, 8);
    disk.ops.write(0, &numbered(0..8)).unwrap();
    disk.ops.flush().unwrap();
    let mut bytes = std::vec![0; 8 * BLOCK];
    disk.ops.read(0, &mut bytes).unwrap();
    assert!(bytes == numbered(0..8));
    // From the middle of a slice to the middle of another one.
    disk.ops.read(2, &mut bytes[..3 * BLOCK]).unwrap();
    assert!(bytes[..3 * BLOCK] == numbered(2..5));
    assert_eq!(disk.ops.read(7, &mut bytes), Err(Error::OutOfRange));
    assert!(disk.ops.read(0, &mut bytes[..100]).is_err());

    assert!(ram.slice(0, 1).is_err());
    drop(disk);
    destroy(&model, &device).unwrap();
    drop(device);
    assert!(ram.slice(0, 8 * BLOCK).unwrap() == numbered([1, 2, 3, 0, 6, 7, 4, 5]));
}

#[test]
fn slices_do_not_overlap_and_holes_are_errors() {
    let (model, mut ram) = (model(), ram(64));
    let device = create(&model, "test").unwrap();
    map_memory(&mut ram, &device, (8, 8), 0).unwrap();
    let mapped = Err(Error::Invalid("some of the blocks are mapped already"));
    for range in [(4, 5), (10, 2), (15, 4), (8, 8), (7, 10)] {
        assert_eq!(
            map_memory(&mut ram, &device, range, 20),
            mapped,
            "{range:?}"
        );
    }
    assert!(map_memory(&mut ram, &device, (0, 0), 20).is_err());
    assert!(map_memory(&mut ram, &device, (u64::MAX, 2), 20).is_err());
    map_memory(&mut ram, &device, (4, 4), 20).unwrap();
    map_memory(&mut ram, &device, (16, 4), 30).unwrap();

    let disk = disk(&model, &device);
    assert_eq!(disk.ops.info().blocks, 20);
    let mut bytes = [0; 2 * BLOCK];
    assert_eq!(disk.ops.read(0, &mut bytes), Err(Error::Io(0)));
    assert_eq!(disk.ops.write(3, &bytes), Err(Error::Io(3)));
    assert_eq!(disk.ops.read(7, &mut bytes), Ok(()));
}

#[test]
fn labels_are_unique() {
    let model = model();
    let first = create(&model, "first").unwrap();
    assert_eq!(create(&model, "first").err(), Some(Error::Exists));
    assert_eq!(create(&model, "second").unwrap().seq(), 1);
    destroy(&model, &first).unwrap();
    assert_eq!(create(&model, "first").unwrap().seq(), 0);
}

#[test]
fn maps_of_maps_make_no_loop() {
    let (model, mut ram) = (model(), ram(8));
    let bottom = create(&model, "bottom").unwrap();
    map_memory(&mut ram, &bottom, (0, 8), 0).unwrap();
    let below = disk(&model, &bottom);
    below.ops.write(0, &numbered(0..8)).unwrap();
    let is_invalid = |result| matches!(result, Err(Error::Invalid(_)));
    assert!(is_invalid(map_linear(&model, &bottom, (8, 1), &below, 0)));

    let top = create(&model, "top").unwrap();
    for (start, count, from) in [(0, 9, 0), (0, 1, 8), (0, 1, u64::MAX)] {
        let result = map_linear(&model, &top, (start, count), &below, from);
        assert_eq!(result, Err(Error::OutOfRange));
    }
    map_linear(&model, &top, (2, 2), &below, 5).unwrap();
    let above = disk(&model, &top);
    let mut bytes = [0; 2 * BLOCK];
    above.ops.read(2, &mut bytes).unwrap();
    assert!(bytes[..] == numbered(5..7));
    above.ops.flush().unwrap();
    assert!(is_invalid(map_linear(&model, &bottom, (8, 1), &above, 2)));
    assert_eq!(destroy(&model, &bottom), Err(Error::Busy));

    // What was stopped for a kernel works again; what is gone is an error.
    model.remove_all().unwrap();
    assert_eq!(above.ops.read(2, &mut bytes), Err(Error::NoDevice));
    disk(&model, &top).ops.read(2, &mut bytes).unwrap();
    model.unbind(&bottom).unwrap();
    assert_eq!(
        disk(&model, &top).ops.read(2, &mut bytes),
        Err(Error::NoDevice)
    );
}

#[test]
fn not_too_many_maps_above_each_other() {
    let (model, mut ram) = (model(), ram(1));
    let mut below = create(&model, "0").unwrap();
    map_memory(&mut ram, &below, (0, 1), 0).unwrap();
    for level in 1..8 {
        let map = create(&model, &format!("{level}")).unwrap();
        map_linear(&model, &map, (0, 1), &disk(&model, &below), 0).unwrap();
        below = map;
    }
    disk(&model, &below).ops.read(0, &mut [1; BLOCK]).unwrap();
    let map = create(&model, "8").unwrap();
    assert!(map_linear(&model, &map, (0, 1), &disk(&model, &below), 0).is_err());
}
