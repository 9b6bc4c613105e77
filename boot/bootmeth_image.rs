// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot method `image`: a kernel and an initramfs under their usual names.
//!
//! The command line is that of the variable `bootargs`, or else what the
//! guest's configuration gave to Xen, which the device tree has.

use crate::bootm::{Failed, Images};
use crate::loader::Loader;

/// Where a kernel is looked for.
pub const FILES: &[&str] = &["/boot/Image", "/boot/vmlinuz"];
/// Where its initramfs is looked for.
const INITRDS: [&str; 2] = ["/boot/initrd", "/boot/initrd.img"];

/// Boots the kernel at `path`, with an initramfs if there is one. `boot` takes loaded images on.
pub fn boot(
    loader: &mut Loader<'_>,
    path: &str,
    boot: &mut dyn FnMut(&mut Loader<'_>, &Images) -> Result<(), Failed>,
) -> Result<(), Failed> {
    loader.forget();
    let kernel = loader.load(path, "kernel_addr_r")?;
    let initrd = INITRDS.into_iter().find(|path| loader.files.exists(path));
    let initrd = initrd
        .map(|path| loader.load(path, "ramdisk_addr_r"))
        .transpose()?;
    let kernel_len = Some(kernel.end.saturating_sub(kernel.start));
    boot(
        loader,
        &Images {
            kernel: kernel.start,
            kernel_len,
            initrd,
            fdt: None,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Files;
    use alloc::vec::Vec;
    use arch::mem::Ram;
    use common::testing::capture;
    use env::Env;

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
                Files::new(&[(FILES[0], b"kernel"), (name, b"123")]),
            );
            let mut loader = Loader::new(&mut ram, &mut env, files.as_ref(), "/");
            let mut found = None;
            boot(&mut loader, FILES[0], &mut |_, images| {
                found = Some(images.clone());
                Ok(())
            })
            .unwrap();
            let images = found.unwrap();
            assert_eq!(images.kernel_len, Some(6));
            assert_eq!(images.initrd.map(|range| range.end - range.start), len);
        }
    }
}
