// SPDX-License-Identifier: GPL-2.0-or-later
//! The grant table: growth, its end, and grants that the other domain keeps.

use crate::xen::fake::Fixture;
use crate::xen::gnttab::{Access, GrantTable, GrantedPages};
use crate::xen::shared::Pages;
use alloc::vec::Vec;
use common::Error;
use include::xen::grant_table::{ENTRIES_PER_FRAME, RESERVED_ENTRIES};

const DOMAIN: u16 = 3;

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn the_table_grows_until_xen_has_no_more() {
    let fixture = Fixture::new();
    let table = &fixture.services.grants;
    let page = Pages::new(1).unwrap();
    // The upper half of them.
    let all = 4 * ENTRIES_PER_FRAME;
    let grants: Vec<_> = (0..all)
        .map(|_| {
            table
                .grant(DOMAIN, page.frame(0), Access::ReadOnly)
                .unwrap()
        })
        .collect();
    let references: Vec<u32> = grants.iter().map(|grant| grant.reference()).collect();
    assert_eq!(
        references,
        (4 * ENTRIES_PER_FRAME..8 * ENTRIES_PER_FRAME).collect::<Vec<_>>()
    );
    assert_eq!(table.in_use(), all);
    let more = table.grant(DOMAIN, page.frame(0), Access::ReadOnly);
    assert_eq!(more.err(), Some(Error::NoMemory));

    drop(grants);
    assert_eq!(table.in_use(), 0);
    let again = table
        .grant(DOMAIN, page.frame(0), Access::ReadOnly)
        .unwrap();
    again.end().unwrap();
    fixture.finish(0);
}

#[test]
fn a_grant_says_who_may_do_what() {
    let fixture = Fixture::new();
    let table = &fixture.services.grants;
    let page = GrantedPages::new(table, DOMAIN, Access::ReadWrite, 1).unwrap();
    page.write(100, b"from the guest");
    fixture.world(|world| {
        let mut mapping = world
            .xen
            .map(DOMAIN, page.references().next().unwrap(), true);
        assert_eq!(&mapping.bytes[100..114], b"from the guest");
        assert!(mapping.bytes[114..].iter().all(|&byte| byte == 0));
        mapping.bytes[0] = 7;
        world.xen.unmap(mapping);
    });
    let mut byte = [0];
    page.read(0, &mut byte);
    assert_eq!(byte, [7]);
    page.end().unwrap();
    fixture.finish(0);
}

#[test]
#[should_panic(expected = "is for reading")]
fn the_fake_refuses_to_write_to_what_is_for_reading() {
    let fixture = Fixture::new();
    let page = GrantedPages::new(&fixture.services.grants, DOMAIN, Access::ReadOnly, 1).unwrap();
    fixture.world(|world| {
        world
            .xen
            .map(DOMAIN, page.references().next().unwrap(), true)
    });
}

#[test]
#[should_panic(expected = "shows what was in the heap")]
fn the_fake_sees_memory_that_was_not_cleared() {
    let fixture = Fixture::new();
    let table = &fixture.services.grants;
    let stale = Vec::<[u64; 512]>::with_capacity(3);
    let middle = stale.as_ptr().wrapping_byte_add(4096).cast();
    let grant = table.grant(
        DOMAIN,
        crate::xen::shared::frame_of(middle),
        Access::ReadOnly,
    );
    fixture.world(|world| {
        world.xen.map(DOMAIN, grant.unwrap().reference(), false);
    });
}

#[test]
fn what_is_kept_mapped_is_never_used_again() {
    let fixture = Fixture::new();
    let table = &fixture.services.grants;
    let kept = GrantedPages::new(table, DOMAIN, Access::ReadWrite, 1).unwrap();
    let reference = kept.references().next().unwrap();
    let mut mapping = fixture.world(|world| world.xen.map(DOMAIN, reference, true));
    assert_eq!(kept.end(), Err(Error::Busy));
    assert_eq!((table.leaked(), table.in_use()), (1, 1));

    // Neither the page nor the reference comes back, although the other end lets go later.
    let others: Vec<_> = (0..64)
        .map(|_| GrantedPages::new(table, DOMAIN, Access::ReadWrite, 1).unwrap())
        .collect();
    assert!(
        others
            .iter()
            .all(|page| page.references().next().unwrap() != reference)
    );
    mapping.bytes.fill(0xee);
    fixture.world(|world| world.xen.write_back(&mut mapping));
    for page in &others {
        let mut bytes = [0; 4096];
        page.read(0, &mut bytes);
        assert_eq!(bytes, [0; 4096]);
    }
    drop(others);
    fixture.finish(1);
}

#[test]
fn a_dropped_page_that_is_mapped_is_leaked_too() {
    let fixture = Fixture::new();
    let table = &fixture.services.grants;
    let page = GrantedPages::new(table, DOMAIN, Access::ReadOnly, 1).unwrap();
    let mapping = fixture.world(|world| {
        world
            .xen
            .map(DOMAIN, page.references().next().unwrap(), false)
    });
    drop(page);
    assert_eq!((table.leaked(), table.in_use()), (1, 1));
    table.end_leaked();
    assert_eq!((table.leaked(), table.in_use()), (1, 1));

    // Once the other end has let go, it can be kept from mapping the page again.
    fixture.world(|world| world.xen.unmap(mapping));
    table.end_leaked();
    fixture.finish(0);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn what_is_mapped_before_all_is_granted_is_never_used_again() {
    let fixture = Fixture::new();
    let reference = RESERVED_ENTRIES + 1;
    fixture.world(|world| world.xen.max_frames = 1);
    let table = GrantTable::new(fixture.services.hv.clone());
    // It has its only frame, and is next asked for its size when that is full.
    drop(table.grant(DOMAIN, 1, Access::ReadOnly).unwrap());
    fixture.world(|world| world.xen.guess = Some((DOMAIN, reference)));
    let count = ENTRIES_PER_FRAME as usize;
    let pages = GrantedPages::new(&table, DOMAIN, Access::ReadWrite, count);
    assert_eq!(pages.err(), Some(Error::NoMemory));
    let kept = table.leaked_frames();
    assert_eq!((kept.len(), table.in_use()), (1, 1));
    let others = [(); 4].map(|()| Pages::new(count).unwrap());
    let frames = others
        .iter()
        .flat_map(|pages| (0..count).map(|i| pages.frame(i)));
    assert!(!frames.into_iter().any(|frame| kept.contains(&frame)));

    let mapping = fixture.world(|world| world.xen.guessed.take().unwrap());
    assert_eq!(mapping.reference, reference);
    fixture.world(|world| world.xen.unmap(mapping));
    table.end_leaked();
    assert_eq!(table.in_use(), 0);
    fixture.finish(0);
}

#[test]
fn a_frame_that_no_grant_can_hold_is_refused() {
    let fixture = Fixture::new();
    let grant = fixture
        .services
        .grants
        .grant(DOMAIN, 1 << 32, Access::ReadOnly);
    assert_eq!(grant.err(), Some(Error::OutOfRange));
    fixture.finish(0);
}

#[test]
fn a_new_table_leaves_alone_what_an_old_one_could_not_take_back() {
    let fixture = Fixture::new();
    let old = &fixture.services.grants;
    let page = GrantedPages::new(old, DOMAIN, Access::ReadWrite, 1).unwrap();
    let kept = page.references().next().unwrap();
    let mapping = fixture.world(|world| world.xen.map(DOMAIN, kept, true));
    drop(page);

    // It knows of it before anything is granted.
    let new = GrantTable::new(fixture.services.hv.clone());
    assert_eq!((new.leaked(), new.in_use()), (1, 1));
    assert_eq!(new.leaked_frames(), old.leaked_frames());
    let page = GrantedPages::new(&new, DOMAIN, Access::ReadWrite, 1).unwrap();
    assert_ne!(page.references().next().unwrap(), kept);
    assert_eq!((new.leaked(), new.in_use()), (1, 2));
    drop(page);
    new.end_leaked();
    assert_eq!((new.leaked(), new.in_use()), (1, 1));
    fixture.world(|world| world.xen.unmap(mapping));
    new.end_leaked();
    assert_eq!((new.leaked(), new.in_use()), (0, 0));
    old.end_leaked();
    fixture.finish(0);
}

#[test]
fn a_single_frame_is_used_but_for_what_is_the_toolstacks() {
    let fixture = Fixture::new();
    fixture.world(|world| world.xen.max_frames = 1);
    let table = GrantTable::new(fixture.services.hv.clone());
    let page = GrantedPages::new(&table, DOMAIN, Access::ReadWrite, 1).unwrap();
    assert!(page.references().eq([RESERVED_ENTRIES]));
    assert_eq!(table.in_use(), 1);
    page.end().unwrap();
    assert_eq!(table.in_use(), 0);
    fixture.finish(0);
}

#[test]
fn what_is_kept_is_known_by_its_frame() {
    let fixture = Fixture::new();
    let table = &fixture.services.grants;
    let pages = Pages::new(3).unwrap();
    let grants = [0, 1, 2].map(|i| {
        table
            .grant(DOMAIN, pages.frame(i), Access::ReadWrite)
            .unwrap()
    });
    let kept = grants[1].reference();
    let mapping = fixture.world(|world| world.xen.map(DOMAIN, kept, true));
    drop(grants);
    assert_eq!(table.leaked_frames(), [pages.frame(1)]);
    fixture.world(|world| world.xen.unmap(mapping));
    table.end_leaked();
    assert!(table.leaked_frames().is_empty());
    fixture.finish(0);
}
