// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot method `image`: a kernel and an initramfs under their usual names.
//!
//! The command line is that of the variable `bootargs`, or else what the
//! guest's configuration gave to Xen, which the device tree has.

use crate::bootflow::{BootError, Bootflow, State, start};
use crate::bootm::{Failed, Images};
use crate::bootmeth::{Machine, find};
use crate::loader::Loader;
use common::Result;
use fs::FileSystem;

/// Where its initramfs is looked for.
const INITRDS: [&str; 2] = ["/boot/initrd", "/boot/initrd.img"];

/// The kernel is not read before it is booted.
fn read(flow: &mut Bootflow, files: &dyn FileSystem) -> Result<()> {
    find(flow, files)?;
    flow.state = State::Ready;
    Ok(())
}

fn boot(machine: &mut dyn Machine, flow: &mut Bootflow) -> core::result::Result<(), BootError> {
    let path = flow.file.as_deref().unwrap_or_default();
    flow.with_loader(machine, |loader, model| {
        let images = load(loader, path)?;
        start(loader, model, &images)
    })
}

/// Loads the kernel at `path`, and an initramfs if there is one.
fn load(loader: &mut Loader<'_>, path: &str) -> core::result::Result<Images, Failed> {
    loader.forget();
    let kernel = loader.load(path, "kernel_addr_r")?;
    let initrd = INITRDS.into_iter().find(|path| loader.files.exists(path));
    let initrd = initrd
        .map(|path| loader.load(path, "ramdisk_addr_r"))
        .transpose()?;
    let kernel_len = Some(kernel.end.saturating_sub(kernel.start));
    Ok(Images {
        kernel: kernel.start,
        kernel_len,
        initrd,
        fdt: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Files;
    use alloc::vec::Vec;
    use arch::mem::Ram;
    use common::testing::capture;
    use env::Env;

    const KERNEL: &str = "/boot/Image";

    #[test]
    fn an_initramfs_is_optional() {
        let _console = capture();
        for (name, len) in [
            ("/boot/initrd", Some(3)),
            ("/boot/initrd.img", Some(3)),
            ("/initrd", None),
        ] {
            let mut ram = Ram::in_buffer(0x4000_0000, 1 << 20, Vec::new());
            let (mut env, files) = (
                Env::empty(),
                Files::new(&[(KERNEL, b"kernel"), (name, b"123")]),
            );
            let mut loader = Loader::new(&mut ram, &mut env, files.as_ref(), "/");
            let images = load(&mut loader, KERNEL).unwrap();
            assert_eq!(images.kernel_len, Some(6));
            assert_eq!(images.initrd.map(|range| range.end - range.start), len);
        }
    }
}

crate::bootmeth! {
    name: "image",
    order: 9,
    description: "A kernel without any configuration",
    files: &["Image", "vmlinuz"],
    file_type: "kernel",
    prefixes: &["/boot/"],
    read: read,
    boot: boot,
}
