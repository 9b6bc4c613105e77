// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of RAM.

use super::*;

fn ram() -> Ram {
    let loader = Reserved {
        range: 0x4000..0x5000,
        what: "loader",
        access: Access::Private,
    };
    let tree = Reserved {
        range: 0x3000..0x3800,
        what: "device tree",
        access: Access::NoLoad,
    };
    Ram::in_buffer(0x1000, 0x4000, alloc::vec![loader, tree])
}

#[test]
fn only_ram_is_given_out() {
    let mut ram = ram();
    assert_eq!(ram.slice(0x1000, 16).unwrap(), &[0; 16]);
    ram.slice_mut(0x1004, 4).unwrap().copy_from_slice(b"abcd");
    assert_eq!(&ram.slice(0x1000, 16).unwrap()[4..8], b"abcd");
    assert_eq!(
        ram.slice(0xfff, 2),
        Err(MemError::NotRam {
            start: 0xfff,
            len: 2
        })
    );
    assert!(ram.slice(0x4fff, 2).is_err());
    assert!(ram.slice(u64::MAX, usize::MAX).is_err());
    assert!(ram.slice(0x1000, usize::MAX).is_err());
}

#[test]
fn reservations_hold() {
    let mut ram = ram();
    assert!(matches!(
        ram.slice(0x3fff, 2),
        Err(MemError::Reserved { what: "loader", .. })
    ));
    assert!(ram.slice_mut(0x3000, 0x800).is_ok());
    assert!(matches!(
        ram.load_region(0x2fff, 2),
        Err(MemError::Reserved {
            what: "device tree",
            ..
        })
    ));
    assert!(ram.load_region(0x2fff, 1).is_ok());
    assert_eq!(ram.load_limit(0x2000), Ok(0x1000));
    assert_eq!(ram.load_limit(0x3800), Ok(0x800));
    assert!(ram.load_limit(0x3000).is_err());
    assert_eq!(ram.slice_from(0x2000).map(<[u8]>::len), Ok(0x2000));
    assert!(ram.slice_from(0x4800).is_err());
    assert!(ram.slice_from(0x5000).is_err());
    ram.unreserve(0x3000);
    ram.unreserve(0x4000);
    assert_eq!(ram.load_limit(0x2000), Ok(0x2000));
}

#[test]
fn a_source_and_its_target_are_apart() {
    let mut ram = ram();
    ram.slice_mut(0x1000, 4).unwrap().copy_from_slice(b"abcd");
    let (source, target) = ram
        .source_and_target(0x1000..0x1004, 0x1004..0x1008)
        .unwrap();
    target.copy_from_slice(source);
    assert_eq!(ram.slice(0x1000, 8).unwrap(), b"abcdabcd");
    // Reading the device tree is fine, overwriting it is not.
    assert!(
        ram.source_and_target(0x3000..0x3800, 0x1000..0x1800)
            .is_ok()
    );
    for (source, target) in [
        (0x1000..0x1004, 0x1003..0x1008),
        (0x1000..0x1004, 0x1000..0x1001),
        (0x1000..0x1800, 0x3000..0x3800),
        (0x4000..0x4004, 0x1000..0x1004),
        (0x1000..u64::MAX, 0x1000..0x1004),
    ] {
        assert!(ram.source_and_target(source, target).is_err());
    }
}

#[test]
fn copies_overlap_and_dumps_see_all() {
    let mut ram = ram();
    ram.slice_mut(0x1000, 4).unwrap().copy_from_slice(b"abcd");
    ram.copy(0x1000, 0x1002, 4).unwrap();
    assert_eq!(ram.slice(0x1000, 6).unwrap(), b"ababcd");
    assert!(ram.copy(0x1000, 0x4000, 4).is_err());
    let mut bytes = [1; 4];
    ram.peek(0x4000, &mut bytes).unwrap();
    assert_eq!(bytes, [0; 4]);
    assert!(ram.peek(0x5000, &mut bytes).is_err());
}

#[test]
fn what_is_not_mapped_is_not_even_looked_at() {
    let mut ram = ram();
    ram.reserve(Reserved {
        range: 0x2000..0x3000,
        what: owner::GUARD,
        access: Access::Unmapped,
    });
    let mut bytes = [1; 4];
    for (start, is_mapped) in [
        (0x1ffc, true),
        (0x1ffe, false),
        (0x2ffc, false),
        (0x3000, true),
    ] {
        assert_eq!(ram.peek(start, &mut bytes).is_ok(), is_mapped, "{start:#x}");
    }
    assert!(ram.slice(0x2000, 4).is_err() && ram.load_region(0x2000, 4).is_err());
    assert_eq!(ram.slice_from(0x1000).unwrap().len(), 0x1000);
}
