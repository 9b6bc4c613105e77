// SPDX-License-Identifier: GPL-2.0-or-later
//! From images in RAM to a running kernel.
//!
//! [`prepare`] finds the images, puts them where they may be and makes the
//! kernel's device tree; nothing of it keeps a command from being run next.
//! [`start`] gives the devices back and leaves. The lines on the console are
//! U-Boot's.
//!
//! Source: Linux, `Documentation/arch/arm64/booting.rst`.

use crate::fdt::{self, FdtMut};
use crate::fdt_support::{self as support, tree_at};
use crate::kernel;
use crate::place::{self, NoRoom, Plan, Request, overlap};
use alloc::vec::Vec;
use arch::mem::Ram;
use common::{print, println};
use core::fmt::Display;
use core::ops::Range;
use dm::Model;
use env::Env;

/// What a device tree may grow by, besides its command line.
const FDT_PAD: u64 = 0x3000;
/// Linux maps no more than this of a device tree.
const FDT_MAX: u64 = 2 << 20;

/// What is to be booted, as addresses in RAM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// The kernel, raw or compressed.
    pub kernel: u64,
    /// How long its file is, if that is known.
    pub kernel_len: Option<u64>,
    /// The initramfs.
    pub initrd: Option<Range<u64>>,
    /// The device tree; without it the one that the loader itself was given.
    pub fdt: Option<u64>,
}

/// All is in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The kernel, which is entered at its start, its BSS included.
    pub kernel: Range<u64>,
    /// Where its device tree is.
    pub fdt: u64,
}

/// It did not work; the console has been told why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// Puts everything in place; sets `fdtaddr`, `initrd_start` and `initrd_end`.
///
/// # Errors
/// If an image is not what it should be, or there is no room.
pub fn prepare(ram: &mut Ram, env: &mut Env, images: &Images) -> Result<Handover, Failed> {
    let (kernel, image) = kernel::find(ram, env, images)?;
    check_initrd(ram, images, &kernel)?;
    let tree = find_fdt(ram, env, images, &kernel)?;
    let bootargs = env
        .get("bootargs")
        .map(|args| args.len() as u64)
        .unwrap_or(0);
    let fdt_len = place::len(&tree.range)
        .saturating_add(FDT_PAD)
        .saturating_add(bootargs);
    if fdt_len > FDT_MAX {
        println!(
            "ERROR: the device tree needs {fdt_len:#x} bytes, Linux takes at most {FDT_MAX:#x}"
        );
        return Err(Failed);
    }
    let request = Request {
        image,
        kernel,
        initrd: images.initrd.clone(),
        fdt: tree.range,
        fdt_len,
        keep: tree.keep,
    };
    let plan = place::plan(ram, &request).map_err(|error: NoRoom| failed("Cannot boot", error))?;
    let initrd = move_initrd(ram, env, &request, &plan)?;
    move_kernel(ram, &request, &plan)?;
    load_fdt(ram, env, &request, &plan, initrd, tree.own)?;
    set_working_fdt(env, plan.fdt);
    Ok(Handover {
        kernel: plan.kernel..plan.kernel.saturating_add(request.image.size),
        fdt: plan.fdt,
    })
}

/// Gives all devices back and starts the kernel; returns only if that cannot be
/// done safely, or from a machine that cannot run one, such as the sandbox.
///
/// A device that could not be stopped may still write to memory that the kernel
/// takes for its own, so then nothing is started. The other devices are probed
/// again at their next use.
///
/// # Errors
/// If a device could not be stopped.
pub fn start(ram: &mut Ram, model: &Model, handover: Handover) -> Result<(), Failed> {
    println!("\nStarting kernel ...\n");
    common::console::drain();
    let stopped = model.remove_all();
    if stopped.is_ok() {
        arch::start_kernel(ram, handover.kernel.clone(), handover.fdt);
    }
    // The console was stopped too; without one there is nobody to tell.
    _ = dm::serial::start_console(model);
    stopped.map_err(|error| {
        failed(
            "ERROR: a device could not be stopped, the kernel is not started",
            error,
        )
    })?;
    let entry = handover.kernel.start;
    println!("## Transferring control to Linux (at address {entry:08x})...");
    println!("sandbox: continuing, as we cannot run Linux");
    Ok(())
}

pub(crate) fn failed(what: &str, why: impl Display) -> Failed {
    println!("{what}: {why}");
    Failed
}

fn check_initrd(ram: &Ram, images: &Images, kernel: &Range<u64>) -> Result<(), Failed> {
    let Some(initrd) = &images.initrd else {
        return Ok(());
    };
    if let Err(error) = ram.slice(initrd.start, place::len(initrd) as usize) {
        println!("The initramfs at {:#x}: {error}", initrd.start);
        println!("Ramdisk image is corrupt or invalid");
        return Err(Failed);
    }
    refuse_overlap("RD", initrd, kernel)
}

fn refuse_overlap(name: &str, range: &Range<u64>, kernel: &Range<u64>) -> Result<(), Failed> {
    if !overlap(range, kernel) {
        return Ok(());
    }
    println!(
        "ERROR: {name} image overlaps OS image (OS={:x}..{:x})",
        kernel.start, kernel.end
    );
    Err(Failed)
}

pub(crate) fn fdt_address(env: &Env, images: &Images) -> Option<u64> {
    images
        .fdt
        .or_else(|| Some(env.get_hex("fdtcontroladdr", 0)).filter(|&address| address != 0))
}

/// What is known of the device tree that the kernel's is made from.
struct Tree {
    range: Range<u64>,
    keep: Vec<Range<u64>>,
    /// Whether it is the loader's own.
    own: bool,
}

fn find_fdt(
    ram: &Ram,
    env: &mut Env,
    images: &Images,
    kernel: &Range<u64>,
) -> Result<Tree, Failed> {
    let Some(address) = fdt_address(env, images) else {
        println!("ERROR: no device tree is given, and fdtcontroladdr is not set");
        println!("Could not find a valid device tree");
        return Err(Failed);
    };
    let tree = tree_at(ram, address).map_err(|error| {
        println!("ERROR: Did not find a cmdline Flattened Device Tree");
        println!("{address:#x}: {error}");
        println!("Could not find a valid device tree");
        Failed
    })?;
    println!("## Flattened Device Tree blob at {address:08x}");
    println!("   Booting using the fdt blob at {address:#08x}");
    let range = address..address.saturating_add(tree.bytes().len() as u64);
    refuse_overlap("FDT", &range, kernel)?;
    let mut keep = support::reserved(tree);
    // A reservation for the tree's own place ends with the tree.
    keep.retain(|range| range.start != address);
    if images.initrd.is_none()
        && let Some(initrd) = support::chosen_initrd(tree)
    {
        refuse_overlap("RD", &initrd, kernel)?;
        keep.push(initrd);
    }
    set_working_fdt(env, address);
    let own = address == env.get_hex("fdtcontroladdr", 0);
    Ok(Tree { range, keep, own })
}

/// Makes an address the one that the `fdt` command works on.
pub fn set_working_fdt(env: &mut Env, address: u64) {
    println!("Working FDT set to {address:x}");
    // Only a bad name could fail.
    _ = env.set_hex("fdtaddr", address);
}

/// Gives the range that the initramfs has from now on.
fn move_initrd(
    ram: &mut Ram,
    env: &mut Env,
    request: &Request,
    plan: &Plan,
) -> Result<Option<Range<u64>>, Failed> {
    let (Some(old), Some(new)) = (&request.initrd, plan.initrd) else {
        return Ok(None);
    };
    let range = new..new.saturating_add(place::len(old));
    if new != old.start {
        print!(
            "   Loading Ramdisk to {:08x}, end {:08x} ... ",
            range.start, range.end
        );
        ram.copy(old.start, new, place::len(old) as usize)
            .map_err(|error| failed("failed", error))?;
        println!("OK");
    }
    _ = env.set_hex("initrd_start", range.start);
    _ = env.set_hex("initrd_end", range.end);
    Ok(Some(range))
}

fn move_kernel(ram: &mut Ram, request: &Request, plan: &Plan) -> Result<(), Failed> {
    let (from, to) = (request.kernel.start, plan.kernel);
    if from == to {
        return Ok(());
    }
    println!(
        "Moving Image from {from:#x} to {to:#x}, end={:#x}",
        to.saturating_add(request.image.size)
    );
    let len = place::len(&request.kernel) as usize;
    ram.copy(from, to, len)
        .map_err(|error| failed("Cannot move the kernel", error))
}

fn load_fdt(
    ram: &mut Ram,
    env: &Env,
    request: &Request,
    plan: &Plan,
    initrd: Option<Range<u64>>,
    own: bool,
) -> Result<(), Failed> {
    let end = plan.fdt.saturating_add(request.fdt_len).saturating_sub(1);
    print!(
        "   Loading Device Tree to {:016x}, end {end:016x} ... ",
        plan.fdt
    );
    let bad = |error: &dyn Display| failed("failed, ERROR", error);
    let source = tree_at(ram, request.fdt.start)
        .map_err(|error| bad(&error))?
        .bytes()
        .to_vec();
    let banks: Vec<_> = ram.banks().collect();
    let target = ram
        .load_region(plan.fdt, request.fdt_len as usize)
        .map_err(|error| bad(&error))?;
    let bootargs = env.get("bootargs");
    let fixed = fdt::Fdt::new(&source)
        .and_then(|source| fdt::open_into(source, target))
        .and_then(|()| FdtMut::new(target))
        .and_then(|mut tree| {
            support::drop_reservation(&mut tree, request.fdt.start)?;
            support::chosen(&mut tree, bootargs)?;
            initrd.map_or(Ok(()), |initrd| support::initrd(&mut tree, &initrd))?;
            if own {
                Ok(())
            } else {
                support::memory(&mut tree, &banks)
            }
        });
    fixed.map_err(|error| bad(&error))?;
    println!("OK");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decompress::gzip;
    use crate::fdt::testing::xen_guest;
    use crate::image::testing::image;
    use arch::mem::{Access, Reserved};
    use include::image::FLAG_ANYWHERE;

    const RAM: u64 = 0x4000_0000;
    const MIB: u64 = 1 << 20;
    const CONTROL: u64 = RAM + 50 * MIB;

    /// A guest of 64 MiB: the loader at the top, Xen's tree below it.
    fn machine() -> (Ram, Env) {
        let loader = Reserved {
            range: RAM + 52 * MIB..RAM + 64 * MIB,
            what: "loader",
            access: Access::Private,
        };
        let tree = Reserved {
            range: CONTROL..CONTROL + 0x1000,
            what: "device tree",
            access: Access::NoLoad,
        };
        let mut ram = Ram::in_buffer(RAM, 64 << 20, alloc::vec![loader, tree]);
        let blob = xen_guest();
        ram.slice_mut(CONTROL, blob.len())
            .unwrap()
            .copy_from_slice(&blob);
        let mut env = Env::empty();
        env.set_hex("fdtcontroladdr", CONTROL).unwrap();
        (ram, env)
    }

    fn put(ram: &mut Ram, address: u64, bytes: &[u8]) {
        ram.slice_mut(address, bytes.len())
            .unwrap()
            .copy_from_slice(bytes);
    }

    #[test]
    fn a_raw_kernel_with_an_initramfs() {
        let (mut ram, mut env) = machine();
        let kernel = image(30 << 20, 0, 36 * MIB, FLAG_ANYWHERE);
        put(&mut ram, RAM, &kernel);
        let initrd = RAM + 38 * MIB..RAM + 40 * MIB + 3;
        env.set("bootargs", "root=/dev/xvda2 rw").unwrap();
        let images = Images {
            kernel: RAM,
            initrd: Some(initrd.clone()),
            ..Images::default()
        };
        let handover = prepare(&mut ram, &mut env, &images).unwrap();
        assert_eq!(handover.kernel.start, RAM);
        let tree = tree_at(&ram, handover.fdt).unwrap();
        assert_eq!(
            tree.find("/chosen").unwrap().string("bootargs"),
            Some("root=/dev/xvda2 rw")
        );
        assert_eq!(support::chosen_initrd(tree), Some(initrd));
        assert!(
            tree.find("/memory@200000000").is_ok(),
            "the loader's own tree keeps its memory nodes"
        );
        assert_eq!(env.get_hex("fdtaddr", 0), handover.fdt);
        assert_eq!(env.get_hex("initrd_start", 0), RAM + 38 * MIB);
        assert_eq!(ram.slice(RAM, 30 << 20).unwrap(), kernel);
        assert_eq!(
            tree_at(&ram, CONTROL).unwrap().bytes(),
            xen_guest(),
            "the loader's own tree is untouched"
        );
    }

    #[test]
    fn a_kernel_is_moved_with_all_its_bytes() {
        let (mut ram, mut env) = machine();
        let kernel = image(5 << 20, 0, 8 * MIB, FLAG_ANYWHERE);
        put(&mut ram, RAM + 0x8_0000, &kernel);
        let images = Images {
            kernel: RAM + 0x8_0000,
            ..Images::default()
        };
        let handover = prepare(&mut ram, &mut env, &images).unwrap();
        assert_eq!(handover.kernel.start, RAM + 2 * MIB);
        assert_eq!(ram.slice(handover.kernel.start, 5 << 20).unwrap(), kernel);
        let tree = tree_at(&ram, handover.fdt).unwrap();
        assert_eq!(
            tree.find("/chosen").unwrap().string("bootargs"),
            Some("console=hvc0")
        );
    }

    #[test]
    fn a_compressed_kernel_is_unpacked() {
        let kernel = image(3 << 20, 0, 4 * MIB, FLAG_ANYWHERE);
        let file = gzip::testing::pack(&kernel);
        for (wish, len) in [
            (Some(RAM + 20 * MIB), None),
            (None, Some(file.len() as u64)),
            (Some(RAM), None),
        ] {
            let (mut ram, mut env) = machine();
            put(&mut ram, RAM + 0x1000, &file);
            if let Some(wish) = wish {
                env.set_hex("kernel_comp_addr_r", wish).unwrap();
            }
            let images = Images {
                kernel: RAM + 0x1000,
                kernel_len: len,
                ..Images::default()
            };
            let handover = prepare(&mut ram, &mut env, &images).unwrap();
            assert_eq!(ram.slice(handover.kernel.start, 3 << 20).unwrap(), kernel);
            assert_eq!(handover.kernel.start % (2 * MIB), 0);
        }
        let (mut ram, mut env) = machine();
        put(&mut ram, RAM, &file);
        env.set_hex("kernel_comp_addr_r", 0x1000).unwrap();
        let images = Images {
            kernel: RAM,
            ..Images::default()
        };
        assert_eq!(prepare(&mut ram, &mut env, &images), Err(Failed));
    }

    #[test]
    fn an_initramfs_that_xen_passed_stays() {
        let (mut ram, mut env) = machine();
        put(&mut ram, RAM, &image(4096, 0, 20 * MIB, FLAG_ANYWHERE));
        let given = RAM + 10 * MIB..RAM + 12 * MIB;
        let mut blob = alloc::vec![0; 0x1000];
        fdt::open_into(fdt::Fdt::new(&xen_guest()).unwrap(), &mut blob).unwrap();
        support::initrd(&mut FdtMut::new(&mut blob).unwrap(), &given).unwrap();
        put(&mut ram, CONTROL, &blob);
        let mut images = Images {
            kernel: RAM,
            kernel_len: Some(4096),
            ..Images::default()
        };
        let handover = prepare(&mut ram, &mut env, &images).unwrap();
        assert_eq!(handover.kernel.start, RAM + 12 * MIB);
        assert_eq!(
            support::chosen_initrd(tree_at(&ram, handover.fdt).unwrap()),
            Some(given.clone())
        );
        // The user's own replaces it, and then it is in nobody's way.
        images.initrd = Some(RAM + 40 * MIB..RAM + 41 * MIB);
        let handover = prepare(&mut ram, &mut env, &images).unwrap();
        assert_eq!(
            support::chosen_initrd(tree_at(&ram, handover.fdt).unwrap()),
            images.initrd
        );
    }

    #[test]
    fn a_tree_of_the_users_gets_the_memory() {
        let (mut ram, mut env) = machine();
        put(&mut ram, RAM, &image(4096, 0, MIB, FLAG_ANYWHERE));
        put(&mut ram, RAM + 30 * MIB, &xen_guest());
        let images = Images {
            kernel: RAM,
            fdt: Some(RAM + 30 * MIB),
            ..Images::default()
        };
        let handover = prepare(&mut ram, &mut env, &images).unwrap();
        let tree = tree_at(&ram, handover.fdt).unwrap();
        assert!(tree.find("/memory@40000000").is_ok());
        assert!(
            tree.find("/memory@200000000").is_err(),
            "this machine has one bank"
        );
    }

    #[test]
    fn what_cannot_be_booted_is_refused() {
        let (mut ram, mut env) = machine();
        let mut refused =
            |images: Images| assert_eq!(prepare(&mut ram, &mut env, &images), Err(Failed));
        let kernel = |kernel| Images {
            kernel,
            ..Images::default()
        };
        refused(kernel(RAM));
        refused(kernel(0));
        refused(kernel(RAM + 60 * MIB));
        refused(kernel(CONTROL));
        let (mut ram, mut env) = machine();
        put(&mut ram, RAM, &image(4096, 0, 20 * MIB, FLAG_ANYWHERE));
        let mut refused =
            |images: Images| assert_eq!(prepare(&mut ram, &mut env, &images), Err(Failed));
        refused(Images {
            initrd: Some(0x1000..0x2000),
            ..kernel(RAM)
        });
        refused(Images {
            initrd: Some(RAM + 4096..RAM + 8192),
            ..kernel(RAM)
        });
        refused(Images {
            initrd: Some(RAM + 51 * MIB..RAM + 53 * MIB),
            ..kernel(RAM)
        });
        refused(Images {
            fdt: Some(RAM + 30 * MIB),
            ..kernel(RAM)
        });
        env.delete("fdtcontroladdr");
        assert_eq!(prepare(&mut ram, &mut env, &kernel(RAM)), Err(Failed));
    }
}
