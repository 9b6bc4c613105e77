// SPDX-License-Identifier: GPL-2.0-or-later
//! The stored environment, on disks that the real tools read and write.

mod power;
mod tools;

use env::Env;
use env::blk::Blk;
use env::storage::{Driver, Storage};
use tests::machine::MIB;
use tests::tool::{arg, image, run};

/// Where the images are, as in `xenguest_arm64_env_defconfig`.
const OFFSETS: [u64; 2] = [0x80000, 0xa0000];

/// A place on `pvblock 0`.
fn place(spec: &'static str, size: usize, redundant: bool) -> &'static [Driver] {
    drivers(Blk {
        interface: "pvblock",
        device_and_part: spec,
        offsets: OFFSETS,
        size,
        redundant,
    })
}

fn drivers(storage: impl Storage + 'static) -> &'static [Driver] {
    let driver = Driver {
        name: "BLK",
        priority: 1,
        storage: Some(Box::leak(Box::new(storage))),
    };
    Box::leak(Box::new([driver]))
}

/// The environment of a loader that finds this disk.
fn started(drivers: &'static [Driver], disk: &std::sync::Arc<tests::image::ImageDisk>) -> Env {
    let mut env = Env::default();
    env.set_tables(drivers, &[]);
    env.load(&model(disk));
    env
}

fn model(disk: &std::sync::Arc<tests::image::ImageDisk>) -> dm::Model {
    tests::image::model(std::slice::from_ref(disk))
}

/// A disk of 4 MiB with a GPT and one partition from 1 MiB on.
fn disk() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = image(folder.path(), "disk.img", 4 * MIB as u64);
    run("sgdisk", &["-n", "1:2048:0", arg(&path)]);
    std::fs::read(path).unwrap()
}
