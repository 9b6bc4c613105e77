// SPDX-License-Identifier: GPL-2.0-or-later
//! What the targets for images share: a machine, and `bootm` up to the jump.
#![allow(dead_code)] // Not each target needs all of it.

use arch::mem::{Access, Ram, Reserved};
use boot::find::Select;
use boot::script;
use boot::spec::Part;
use boot::stages::{Bootm, Selection, Stage};
use common::console::{self, Terminal};
use env::Env;
use std::sync::{Arc, LazyLock, Once};

const BASE: u64 = 0x4000_0000;
const SIZE: u64 = 4 << 20;
/// Where the image is.
pub const IMAGE: u64 = BASE + (1 << 20);
/// How much of it is taken.
const MAX_LEN: usize = 1 << 20;
/// Where the loader and its tree would be.
const LOADER: u64 = BASE + SIZE - 0x1_0000;
const CONTROL: u64 = LOADER - 0x1000;

struct Nowhere;

impl Terminal for Nowhere {
    fn write(&self, _bytes: &[u8]) {}

    fn read(&self) -> Option<u8> {
        None
    }

    fn wait(&self, _timeout_us: u64) {}
}

/// What is printed is dropped.
pub fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| console::set_device(Arc::new(Nowhere)));
}

/// A device tree with nothing but an empty root.
static TREE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let words: [u32; 20] = [
        0xd00d_feed,
        80,
        56,
        72,
        40,
        17,
        16,
        0,
        0,
        16, // the header
        0,
        0,
        0,
        0, // no reservations
        1,
        0,
        2,
        9, // the root
        0,
        0,
    ];
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
});

/// A machine with a loader, its tree, and an image in memory.
pub fn machine(image: &[u8]) -> (Ram, Env) {
    let reserved = |start, end, what, access| Reserved {
        range: start..end,
        what,
        access,
    };
    let loader = reserved(LOADER, BASE + SIZE, "loader", Access::Private);
    let tree = reserved(CONTROL, LOADER, "device tree", Access::NoLoad);
    let mut ram = Ram::in_buffer(BASE, SIZE as usize, vec![loader, tree]);
    let image = &image[..image.len().min(MAX_LEN)];
    for (at, bytes) in [(IMAGE, image), (CONTROL, &TREE)] {
        let place = ram.slice_mut(at, bytes.len()).expect("there is room");
        place.copy_from_slice(bytes);
    }
    let mut env = Env::empty();
    env.set_hex("fdtcontroladdr", CONTROL)
        .expect("it is a name");
    (ram, env)
}

/// What is reserved has not changed.
pub fn check(ram: &Ram) {
    let mut bytes = [0; 64];
    ram.peek(LOADER, &mut bytes).expect("it is in RAM");
    assert_eq!(bytes, [0; 64], "the loader was overwritten");
    ram.peek(CONTROL, &mut bytes).expect("it is in RAM");
    assert_eq!(bytes, TREE[..64], "the device tree was overwritten");
}

/// Goes through the stages with an image in memory, and reads it as a script.
pub fn boot(image: &[u8]) {
    let (mut ram, mut env) = machine(image);
    // Most images are damaged: every other one is taken as it is.
    let verify = image.len() % 2 == 0;
    if !verify {
        env.set("verify", "no").expect("it is a name");
    }
    _ = script::read(&ram, IMAGE, Part::Any, verify);
    let mut bootm = Bootm::default();
    let selection = Selection {
        kernel: Select::Default,
        ramdisk: Select::Default,
        fdt: Select::Default,
        load_address: IMAGE,
    };
    for stage in [
        Stage::Start,
        Stage::LoadOs,
        Stage::Ramdisk,
        Stage::Prep,
        Stage::Go,
    ] {
        if bootm.run(stage, &mut ram, &mut env, selection).is_err() {
            break;
        }
    }
    check(&ram);
}
