// SPDX-License-Identifier: GPL-2.0-or-later
//! What `booti` does with an arm64 Linux `Image` and what goes with it.
//!
//! Neighbours: [`crate::stages`] does the same with U-Boot's own images.

use crate::bootm::{self, Failed, Handover, Images, Linux};
use crate::find::{Search, Select};
use arch::mem::Ram;
use env::Env;

/// What is to be booted.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// Where the kernel is, raw or compressed.
    pub kernel: u64,
    /// How long its file is, if that is known.
    pub kernel_len: Option<u64>,
    /// The initramfs.
    pub ramdisk: Select<'a>,
    /// The device tree.
    pub fdt: Select<'a>,
    /// Where images without an address are.
    pub load_address: u64,
}

/// Finds the images and puts everything in its place.
///
/// # Errors
/// If an image is not what it should be, or there is no room; the console has been told.
pub fn prepare(ram: &mut Ram, env: &mut Env, selection: Selection<'_>) -> Result<Handover, Failed> {
    let mut images = Images {
        kernel: selection.kernel,
        kernel_len: selection.kernel_len,
        ..Images::default()
    };
    let place = bootm::kernel_place(ram, env, &images)?;
    let mut search = Search::new(ram, env, selection.load_address);
    search.keep("kernel", Some(place));
    images.initrd = search.ramdisk(selection.ramdisk, None)?;
    images.fdt = search.fdt(selection.fdt, None)?;
    Linux::find(ram, env, &images, &[])?.place(ram, env)
}
