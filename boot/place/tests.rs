// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the places of images.

use super::*;
use arch::mem::{Access, Reserved};

const RAM: u64 = 0x4000_0000;
const MIB: u64 = 1 << 20;

/// 64 MiB with the loader in the uppermost 12.
fn ram() -> Ram {
    let loader = Reserved {
        range: RAM + 52 * MIB..RAM + 64 * MIB,
        what: "loader",
        access: Access::Private,
    };
    let tree = Reserved {
        range: RAM + 50 * MIB..RAM + 50 * MIB + 0x3000,
        what: "device tree",
        access: Access::NoLoad,
    };
    Ram::in_buffer(RAM, 64 << 20, alloc::vec![loader, tree])
}

fn request(kernel: u64, size: u64, initrd: Option<Range<u64>>) -> Request {
    Request {
        image: Image {
            text_offset: 0,
            size,
            anywhere: true,
        },
        kernel: kernel..kernel + size,
        initrd,
        fdt: RAM + 50 * MIB..RAM + 50 * MIB + 0x3000,
        fdt_len: 0x6000,
        keep: Vec::new(),
        limits: Limits::default(),
    }
}

#[test]
fn free_is_what_is_left() {
    let mut free = Free::of(&ram());
    assert_eq!(
        free.0,
        [RAM..RAM + 50 * MIB, RAM + 50 * MIB + 0x3000..RAM + 52 * MIB]
    );
    free.remove(&(RAM + MIB..RAM + 2 * MIB));
    assert!(free.fits(RAM, MIB) && !free.fits(RAM, MIB + 1) && !free.fits(u64::MAX, 2));
    free.remove(&(0..RAM + MIB));
    free.remove(&(0..0));
    assert_eq!(free.largest(), Some(RAM + 2 * MIB..RAM + 50 * MIB));
    assert_eq!(free.highest(&ram(), 0x1001), Some(RAM + 52 * MIB - 0x2000));
    assert_eq!(free.highest(&ram(), 49 * MIB), None);
}

#[test]
fn what_is_well_placed_stays() {
    let initrd = RAM + 38 * MIB + 5..RAM + 46 * MIB;
    let plan = plan(&ram(), &request(RAM, 36 * MIB, Some(initrd.clone()))).unwrap();
    assert_eq!((plan.kernel, plan.initrd), (RAM, Some(initrd.start)));
    assert_eq!(plan.fdt, RAM + 52 * MIB - 0x6000);
}

#[test]
fn a_kernel_is_moved_to_where_it_may_be() {
    assert_eq!(
        plan(&ram(), &request(RAM + 0x1000, 36 * MIB, None))
            .unwrap()
            .kernel,
        RAM + 2 * MIB
    );
    // Its BSS would reach into the device tree: as low as possible instead.
    assert_eq!(
        plan(&ram(), &request(RAM + 16 * MIB, 36 * MIB, None))
            .unwrap()
            .kernel,
        RAM
    );
    let mut fixed = request(RAM + 8 * MIB, 8 * MIB, None);
    fixed.image = Image {
        text_offset: 0x8_0000,
        size: 8 * MIB,
        anywhere: false,
    };
    assert_eq!(plan(&ram(), &fixed).unwrap().kernel, RAM + 0x8_0000);
}

#[test]
fn an_initramfs_in_the_way_moves() {
    let initrd = RAM + 20 * MIB..RAM + 28 * MIB;
    let plan = plan(
        &ram(),
        &request(RAM + 4 * MIB, 16 * MIB, Some(initrd.clone())),
    )
    .unwrap();
    assert_eq!(
        (plan.kernel, plan.initrd),
        (RAM + 4 * MIB, Some(initrd.start))
    );
    let mut large = request(RAM, 36 * MIB, Some(initrd));
    large.kernel = RAM..RAM + 18 * MIB;
    let plan = super::plan(&ram(), &large).unwrap();
    assert_eq!((plan.kernel, plan.initrd), (RAM, Some(RAM + 42 * MIB)));
    assert_eq!(plan.fdt, RAM + 52 * MIB - 0x6000);
}

#[test]
fn what_must_stay_is_kept_free() {
    let mut kept = request(RAM, 8 * MIB, None);
    kept.keep = alloc::vec![RAM + 4 * MIB..RAM + 5 * MIB, RAM + 51 * MIB..RAM + 60 * MIB];
    let plan = plan(&ram(), &kept).unwrap();
    assert_eq!(plan.kernel, RAM + 6 * MIB);
    assert_eq!(plan.fdt, RAM + 51 * MIB - 0x6000);
}

#[test]
fn the_user_says_how_high() {
    let initrd = RAM + 30 * MIB..RAM + 38 * MIB;
    let place = |initrd_high, fdt_high| {
        let mut request = request(RAM, 8 * MIB, Some(initrd.clone()));
        request.limits.initrd = initrd_high;
        request.limits.fdt = fdt_high;
        plan(&ram(), &request).map(|plan| (plan.initrd, plan.fdt, plan.fdt_len))
    };
    let top = RAM + 52 * MIB - 0x6000;
    assert_eq!(
        place(High::Anywhere, High::Anywhere),
        Ok((Some(initrd.start), top, 0x6000))
    );
    assert_eq!(
        place(High::Below(RAM + 24 * MIB), High::Below(RAM + 16 * MIB)),
        Ok((Some(RAM + 16 * MIB), RAM + 16 * MIB - 0x6000, 0x6000))
    );
    assert_eq!(
        place(High::InPlace, High::InPlace),
        Ok((Some(initrd.start), RAM + 50 * MIB, 0x6000))
    );
    assert_eq!(
        place(High::Below(RAM + 10 * MIB), High::Anywhere)
            .unwrap_err()
            .what,
        "initramfs next to the kernel"
    );
    // A kernel does not overwrite what has to stay where it is.
    let mut fixed = request(RAM + 28 * MIB, 8 * MIB, Some(initrd.clone()));
    fixed.limits.initrd = High::InPlace;
    assert_eq!(plan(&ram(), &fixed).unwrap().kernel, RAM);
    fixed.limits = Limits {
        map: RAM + 2 * MIB..RAM + 20 * MIB,
        ..Limits::default()
    };
    // An initramfs that the kernel cannot reach is moved to where it can.
    let plan = plan(&ram(), &fixed).unwrap();
    assert_eq!(plan.initrd, Some(RAM + 12 * MIB));
    assert_eq!(plan.fdt, RAM + 12 * MIB - 0x6000);
}

#[test]
fn an_initramfs_in_memory_that_is_kept_is_moved() {
    let initrd = RAM + 30 * MIB..RAM + 38 * MIB;
    let mut request = request(RAM, 8 * MIB, Some(initrd.clone()));
    // Its own reservation is no reason.
    request.keep = alloc::vec![initrd.clone()];
    let place = |request: &Request| plan(&ram(), request).unwrap().initrd;
    assert_eq!(place(&request), Some(initrd.start));
    request.keep.push(RAM + 37 * MIB..RAM + 40 * MIB);
    // Below the device tree, which is at 50 MiB.
    assert_eq!(place(&request), Some(RAM + 42 * MIB));
}

#[test]
fn too_much_is_refused() {
    let error = |request| plan(&ram(), &request).unwrap_err().what;
    assert_eq!(error(request(RAM, 51 * MIB, None)), "kernel");
    let initrd = RAM + 30 * MIB..RAM + 49 * MIB;
    assert_eq!(
        error(request(RAM, 36 * MIB, Some(initrd))),
        "initramfs next to the kernel"
    );
    let mut wide = request(RAM, 49 * MIB, None);
    wide.fdt_len = 3 * MIB;
    assert_eq!(error(wide), "device tree");
}
