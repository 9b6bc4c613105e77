// SPDX-License-Identifier: GPL-2.0-or-later
//! What the targets for images share: a machine, and `bootm` up to the jump.

use arch::mem::{Access, Ram, Reserved};
use boot::find::Select;
use boot::stages::{Bootm, Selection, Stage};
use common::console::{self, Terminal};
use env::Env;
use std::sync::{Arc, Once};

const BASE: u64 = 0x4000_0000;
const SIZE: u64 = 4 << 20;
/// Where the image is, and how much of it is taken.
const IMAGE: u64 = BASE + (1 << 20);
const MAX_LEN: usize = 1 << 20;
/// Where the loader would be.
const LOADER: u64 = BASE + SIZE - 0x1_0000;

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

/// Goes through the stages with an image in memory.
pub fn boot(image: &[u8]) {
    let loader = Reserved {
        range: LOADER..BASE + SIZE,
        what: "loader",
        access: Access::Private,
    };
    let mut ram = Ram::in_buffer(BASE, SIZE as usize, vec![loader]);
    let image = &image[..image.len().min(MAX_LEN)];
    ram.slice_mut(IMAGE, image.len())
        .expect("there is room")
        .copy_from_slice(image);
    let (mut env, mut bootm) = (Env::empty(), Bootm::default());
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
    let mut bytes = [0; 64];
    ram.peek(LOADER, &mut bytes).expect("it is in RAM");
    assert_eq!(bytes, [0; 64], "the loader was overwritten");
}
