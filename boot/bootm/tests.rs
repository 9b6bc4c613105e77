// SPDX-License-Identifier: GPL-2.0-or-later
//! Kernels, initramfs and device trees find their places.

use super::*;
use crate::decompress::gzip;
use crate::fdt::FdtMut;
use crate::fdt::testing::xen_guest;
use crate::image::testing::image;
use alloc::sync::Arc;
use arch::mem::{Access, Reserved};
use dm::{Device, Driver, Ops, UclassDriver, UclassId};
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

/// What back-ends keep mapped, in the loader's own memory.
const KEPT: Range<u64> = RAM + 53 * MIB..RAM + 53 * MIB + 0x1000;

static DRIVERS: [Driver; 2] = [
    Driver {
        name: "keeps",
        id: UclassId::Xen,
        probe: Some(|_, _| Ok(Ops::None)),
        remove: Some(|model, _| {
            model.set_exposed(alloc::vec![KEPT]);
            Ok(())
        }),
        ..Driver::new()
    },
    Driver {
        name: "fails",
        id: UclassId::Nop,
        probe: Some(|_, _| Ok(Ops::None)),
        remove: Some(|_, _| Err(common::Error::Busy)),
        ..Driver::new()
    },
];
static UCLASSES: [UclassDriver; 2] = [
    UclassDriver::new(UclassId::Xen, "xen"),
    UclassDriver::new(UclassId::Nop, "nop"),
];

/// A machine with such a device, and a kernel that is ready in it.
fn ready(driver: &str) -> (Ram, Model, Arc<Device>, Handover) {
    let (mut ram, mut env) = machine();
    put(&mut ram, RAM, &image(4096, 0, 20 * MIB, FLAG_ANYWHERE));
    let images = Images {
        kernel: RAM,
        ..Images::default()
    };
    let handover = prepare(&mut ram, &mut env, &images).unwrap();
    let model = Model::new(&DRIVERS, &UCLASSES, None);
    let device = model.bind_driver(model.root(), driver, driver.into(), None);
    let device = device.unwrap();
    model.probe(&device).unwrap();
    (ram, model, device, handover)
}

#[test]
fn what_is_still_mapped_is_taken_away_from_the_kernel() {
    let (mut ram, model, device, handover) = ready("keeps");
    let fdt = handover.fdt;
    assert_eq!(start(&mut ram, &model, handover), Ok(()));
    assert!(!device.active());
    let tree = tree_at(&ram, fdt).unwrap();
    let node = tree.find("/reserved-memory/mapped@43500000").unwrap();
    assert!(node.property("no-map").is_some());
    assert!(support::reserved(tree).contains(&(KEPT.start..KEPT.start + 0x1_0000)));
}

#[test]
fn a_kernel_that_cannot_be_told_is_not_started() {
    let (mut ram, model, device, handover) = ready("keeps");
    // Linux ignores such a node.
    let mut tree = tree_at_mut(&mut ram, handover.fdt).unwrap();
    let root = tree.fdt().root().offset();
    tree.add_node(root, "reserved-memory").unwrap();
    assert_eq!(start(&mut ram, &model, handover), Err(Failed));
    assert!(!device.active());
}

#[test]
fn a_device_that_cannot_be_stopped_keeps_the_kernel_from_being_started() {
    let (mut ram, model, _, handover) = ready("fails");
    assert_eq!(start(&mut ram, &model, handover), Err(Failed));
}
