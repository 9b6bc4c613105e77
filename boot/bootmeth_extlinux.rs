// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot method `extlinux`: what an `extlinux.conf` says.
//!
//! Behaviour: U-Boot, `boot/pxe_utils.c` as the boot method of the same name
//! uses it.

use crate::bootargs::expand;
use crate::bootflow::{BootError, Bootflow, start};
use crate::bootm::{Failed, Images};
use crate::bootmeth::{Machine, find_and_read};
use crate::extlinux::{self, Config, Label};
use crate::fdt::Fdt;
use crate::fdt_support::{tree_at, with_overlay};
use crate::loader::Loader;
use crate::menu::{Choice, choose};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use common::println;
use env::Env;
use fs::FileSystem;

/// Device trees and overlays longer than this are refused: Linux takes no more.
const FDT_MAX: u64 = 2 << 20;

/// The system's name is that of the last label.
fn read(flow: &mut Bootflow, files: &dyn FileSystem) -> common::Result<()> {
    find_and_read(flow, files)?;
    let config = extlinux::parse(&String::from_utf8_lossy(
        flow.buffer.as_deref().unwrap_or_default(),
    ));
    flow.os_name = config.labels.last().map(|label| label.name.clone());
    Ok(())
}

fn boot(machine: &mut dyn Machine, flow: &mut Bootflow) -> Result<(), BootError> {
    let bytes = flow.buffer.as_deref().unwrap_or_default();
    let config = extlinux::parse(&String::from_utf8_lossy(bytes));
    flow.with_loader(machine, |loader, model| {
        boot_labels(loader, &config, &mut |loader, images| {
            start(loader, model, images)
        })
    })
}

/// Boots what the configuration says: what the user chooses or the default,
/// and if that fails the others. `boot` takes loaded images on.
fn boot_labels(
    loader: &mut Loader<'_>,
    config: &Config,
    boot: &mut dyn FnMut(&mut Loader<'_>, &Images) -> Result<(), Failed>,
) -> Result<(), Failed> {
    for index in order(config) {
        let Some(label) = config.labels.get(index) else {
            continue;
        };
        println!("{}:\t{}", index.saturating_add(1), label.title());
        // A label that fails must not leave its command line to the next one.
        let bootargs = loader.env.get("bootargs").map(String::from);
        loader.forget();
        let booted = load(loader, label).and_then(|images| boot(loader, &images));
        _ = loader
            .env
            .set("bootargs", bootargs.as_deref().unwrap_or(""));
        if booted.is_ok() {
            return booted;
        }
    }
    Err(Failed)
}

/// The labels in the order in which they are tried.
fn order(config: &Config) -> Vec<usize> {
    let all = 0..config.labels.len();
    match choose(config) {
        Choice::Label(chosen) => [chosen]
            .into_iter()
            .chain(all.filter(|&index| index != chosen))
            .collect(),
        Choice::None => all.collect(),
        Choice::Interrupted => Vec::new(),
    }
}

fn load(loader: &mut Loader<'_>, label: &Label) -> Result<Images, Failed> {
    let skip = |what: &str| {
        println!("Skipping {} for failure retrieving {what}", label.name);
        Failed
    };
    let Some(kernel) = label.kernel.as_deref().filter(|_| !label.localboot) else {
        println!("No kernel given, skipping {}", label.name);
        return Err(Failed);
    };
    let kernel = loader
        .load(kernel, "kernel_addr_r")
        .map_err(|_| skip("kernel"))?;
    let initrd = match &label.initrd {
        Some(path) => Some(
            loader
                .load(path, "ramdisk_addr_r")
                .map_err(|_| skip("initrd"))?,
        ),
        None => None,
    };
    if let Some(append) = &label.append {
        let bootargs = expand(append, loader.env);
        println!("append: {bootargs}");
        _ = loader.env.set("bootargs", &bootargs);
    }
    let fdt = load_fdt(loader, label).map_err(|_| skip("FDT"))?;
    let kernel_len = Some(kernel.end.saturating_sub(kernel.start));
    Ok(Images {
        kernel: kernel.start,
        kernel_len,
        initrd,
        fdt,
    })
}

/// The address of the label's device tree; `None` means the loader's own.
fn load_fdt(loader: &mut Loader<'_>, label: &Label) -> Result<Option<u64>, Failed> {
    let file = match (&label.fdt, &label.fdtdir) {
        (Some(path), _) => Some(loader.read(path, FDT_MAX)?),
        (None, Some(folder)) => {
            let read =
                fdt_file(loader.env).map(|name| loader.read(&format!("{folder}/{name}"), FDT_MAX));
            if !matches!(read, Some(Ok(_))) {
                println!("Skipping fdtdir {folder} for failure retrieving dts");
            }
            read.and_then(Result::ok)
        }
        (None, None) => None,
    };
    let address = loader.env.get_hex("fdt_addr", 0);
    if file.is_none() && label.overlays.is_empty() {
        return Ok(Some(address).filter(|&address| address != 0));
    }
    let tree = match file {
        Some(file) => file,
        None => {
            let address = if address != 0 {
                address
            } else {
                loader.env.get_hex("fdtcontroladdr", 0)
            };
            let tree = tree_at(loader.ram, address).map_err(|error| {
                println!("{address:#x}: {error}");
                Failed
            })?;
            tree.bytes().to_vec()
        }
    };
    let tree = apply_overlays(loader, label, tree);
    Ok(Some(loader.put(&tree, "fdt_addr_r")?.start))
}

/// The name of the board's device tree in a folder of many.
fn fdt_file(env: &Env) -> Option<String> {
    if let Some(name) = env.get("fdtfile") {
        return Some(name.into());
    }
    let board = env.get("board")?;
    Some(env.get("soc").map_or_else(
        || format!("{board}.dtb"),
        |soc| format!("{soc}-{board}.dtb"),
    ))
}

/// An overlay that does not fit is left out, as in U-Boot.
fn apply_overlays(loader: &mut Loader<'_>, label: &Label, mut tree: Vec<u8>) -> Vec<u8> {
    for path in &label.overlays {
        let Ok(bytes) = loader.read(path, FDT_MAX) else {
            println!("Failed loading overlay {path}");
            continue;
        };
        match Fdt::new(&bytes) {
            Err(_) => println!("Invalid overlay {path}, skipping"),
            Ok(overlay) => match with_overlay(&tree, overlay) {
                Ok(merged) => tree = merged,
                Err(error) => {
                    println!("failed on fdt_overlay_apply(): {error}");
                    println!("Failed to apply overlay {path}, skipping");
                }
            },
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fdt::testing::{build, node, xen_guest};
    use crate::testing::Files;
    use arch::mem::Ram;
    use common::testing::capture;

    const RAM: u64 = 0x4000_0000;
    const MIB: u64 = 1 << 20;

    /// Boots this configuration with these files, and gives what was to be
    /// booted: images, bootargs and the tree.
    fn booted(config: &str, files: &[(&str, &[u8])]) -> Vec<(Images, String, Option<Vec<u8>>)> {
        let mut ram = Ram::in_buffer(RAM, 32 << 20, Vec::new());
        let control = xen_guest();
        ram.slice_mut(RAM + 30 * MIB, control.len())
            .unwrap()
            .copy_from_slice(&control);
        let mut env = Env::empty();
        for (name, value) in [
            ("board", "xenguest"),
            ("root", "/dev/xvda2"),
            ("bootargs", "old"),
        ] {
            env.set(name, value).unwrap();
        }
        for (name, offset) in [
            ("kernel_addr_r", 0),
            ("ramdisk_addr_r", 8),
            ("fdt_addr_r", 16),
            ("fdtcontroladdr", 30),
        ] {
            env.set_hex(name, RAM + offset * MIB).unwrap();
        }
        let files = Files::new(files);
        let mut loader = Loader::new(&mut ram, &mut env, files.as_ref(), "/boot/extlinux");
        let mut all = Vec::new();
        boot_labels(
            &mut loader,
            &extlinux::parse(config),
            &mut |loader, images| {
                let tree = images
                    .fdt
                    .map(|at| tree_at(loader.ram, at).unwrap().bytes().to_vec());
                all.push((
                    images.clone(),
                    loader.env.get("bootargs").unwrap().into(),
                    tree,
                ));
                Err(Failed)
            },
        )
        .unwrap_err();
        assert_eq!(env.get("bootargs"), Some("old"));
        all
    }

    #[test]
    fn the_default_is_tried_first_and_then_the_others() {
        let _console = capture();
        let config = "default b\nlabel a\nkernel /Image\nlabel b\nkernel ../Image\ninitrd rd\nappend root=${root} x\n\
            label c\nkernel none\nlabel d\n";
        let files: [(&str, &[u8]); 3] = [
            ("/Image", b"1"),
            ("/boot/Image", b"22"),
            ("/boot/extlinux/rd", b"333"),
        ];
        let all = booted(config, &files);
        assert_eq!(all.len(), 2);
        let expected = Images {
            kernel: RAM,
            kernel_len: Some(2),
            initrd: Some(RAM + 8 * MIB..RAM + 8 * MIB + 3),
            fdt: None,
        };
        assert_eq!(
            (&all[0].0, all[0].1.as_str()),
            (&expected, "root=/dev/xvda2 x")
        );
        assert_eq!(
            (all[1].0.kernel_len, &all[1].0.initrd, all[1].1.as_str()),
            (Some(1), &None, "old")
        );
    }

    #[test]
    fn device_trees_and_overlays() {
        let console = capture();
        let tree = build(
            &node("", &[("model", b"mine\0")], &[node("soc", &[], &[])]),
            &[],
            0,
        );
        let content = node("__overlay__", &[("added", &[])], &[]);
        let overlay = build(
            &node(
                "",
                &[],
                &[node("fragment@0", &[("target-path", b"/\0")], &[content])],
            ),
            &[],
            0,
        );
        let config = "label a\nkernel /Image\nfdt /my.dtb\nfdtoverlays /o.dtbo /bad.dtbo /none.dtbo\n\
            label b\nkernel /Image\nfdtdir /dtbs\nlabel c\nkernel /Image\nfdtoverlays /o.dtbo\n\
            label d\nkernel /Image\nfdt /none\nlabel e\nkernel /Image\nfdtdir /none\n";
        let files: [(&str, &[u8]); 5] = [
            ("/Image", b"1"),
            ("/my.dtb", &tree),
            ("/dtbs/xenguest.dtb", &tree),
            ("/o.dtbo", &overlay),
            ("/bad.dtbo", b"bad"),
        ];
        let all = booted(config, &files);
        let root = |index: usize, name: &str| {
            let tree = all[index].2.as_ref()?;
            Fdt::new(tree)
                .unwrap()
                .root()
                .property(name)
                .map(<[u8]>::to_vec)
        };
        assert_eq!(all.len(), 4, "the label without its tree is skipped");
        assert!(root(0, "model").is_some() && root(0, "added").is_some());
        assert!(root(1, "model").is_some() && root(1, "added").is_none());
        assert!(
            root(2, "compatible").is_some() && root(2, "added").is_some(),
            "the loader's own tree and an overlay"
        );
        assert!(all[3].2.is_none());
        let text = console.take();
        for line in [
            "Invalid overlay /bad.dtbo, skipping",
            "Failed loading overlay /none.dtbo",
            "Skipping d for failure retrieving FDT",
            "Skipping fdtdir /none for failure retrieving dts",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[test]
    fn variables_in_the_command_line() {
        let mut env = Env::empty();
        env.set("a", "x").unwrap();
        assert_eq!(expand("${a}$(a) $a ${none}. $", &env), "xx $a . $");
        assert_eq!(expand("${a", &env), "${a");
    }
}

crate::bootmeth! {
    name: "extlinux",
    order: 1,
    description: "Extlinux boot from a block device",
    files: &["extlinux/extlinux.conf"],
    file_type: "extlinux_cfg",
    read: read,
    boot: boot,
}
