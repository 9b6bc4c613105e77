// SPDX-License-Identifier: GPL-2.0-or-later
//! Disks of which the toolstack says that their back-end is not trusted
//! (`trusted = 0`): it must see nothing but what belongs on the disk.
//!
//! What it asks for, pages made for the purpose and zeroed, is what all disks have.

use crate::xen::blkfront::BlkFront;
use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::{Config, Contents};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::ToString;
use dm::blk::BlockDevice;

/// More than a request.
const LEN: usize = 300 << 10;
/// What is written to the disk, and stands nowhere else.
const WRITTEN: u8 = 0x77;

/// A disk whose front-end's directory says this of its back-end, if anything.
fn connect(config: Config, trusted: Option<&str>) -> (Fixture, BlkFront) {
    let fixture = Fixture::with_disk(config);
    fixture.world(|world| {
        let key = world.disks[0].front_key("trusted");
        if let Some(value) = trusted {
            world.store.tree.set(&key, value);
        }
    });
    let disk = fixture.connect().unwrap();
    (fixture, disk)
}

/// Whether a page holds whole sectors that are or were on the disk, or zeros.
fn is_data(page: &[u8]) -> bool {
    page.chunks(512).all(|sector| {
        let first = u64::from_le_bytes(sector[..8].try_into().unwrap());
        let all = |byte| sector.iter().all(|&b| b == byte);
        all(0) || all(WRITTEN) || sector == Contents::default().sector(first >> 8)
    })
}

/// Whether a page holds segments of requests, which name pages that are granted, or zeros.
fn is_segments(page: &[u8], granted: &BTreeSet<u32>) -> bool {
    page.chunks(8).all(|segment| {
        let reference = u32::from_le_bytes(segment[..4].try_into().unwrap());
        let sectors = matches!(segment[4..], [0, 0..8, 0, 0]);
        segment == [0; 8] || sectors && granted.contains(&reference)
    })
}

/// Looks at all pages that the back-end could map.
fn assert_nothing_else_is_shown(fixture: &Fixture) {
    fixture.world(|world| {
        let number = |key: &str| {
            world
                .store
                .tree
                .get(&world.disks[0].front_key(key))?
                .parse()
                .ok()
        };
        let keys = ["ring-ref".to_string()].into_iter();
        let ring: BTreeSet<u32> = keys
            .chain((0..16).map(|i| format!("ring-ref{i}")))
            .filter_map(|key| number(&key))
            .collect();
        let granted: BTreeSet<u32> = world
            .xen
            .granted()
            .map(|(reference, _)| reference)
            .collect();
        assert!(!ring.is_empty() && ring.is_subset(&granted));
        for (reference, page) in world.xen.granted() {
            let shown = match ring.contains(&reference) {
                // Requests hold no data.
                true => !page.chunks(8).any(|part| part == [WRITTEN; 8]),
                false => is_data(&page[..]) || is_segments(&page[..], &granted),
            };
            assert!(shown, "{reference}: {page:x?}");
        }
        world.xen.assert_no_secret();
    });
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn nothing_is_shown_that_does_not_belong_on_the_disk() {
    for trusted in [Some("0"), Some("1"), Some("x"), None] {
        for config in [Config::default(), Config::like_linux()] {
            let (fixture, disk) = connect(config, trusted);
            for offset in [0, 1, 512, 3584] {
                // What lies around it in its pages is nobody's business.
                let mut buffer = fixture.buffer(LEN, offset);
                disk.read(9, &mut buffer).unwrap();
                assert_nothing_else_is_shown(&fixture);
                buffer.fill(WRITTEN);
                disk.write(700, &buffer[..LEN - 1024]).unwrap();
                assert_nothing_else_is_shown(&fixture);
                disk.read(690, &mut buffer[..13 * 512]).unwrap();
                assert!(buffer.is_intact());
                assert_nothing_else_is_shown(&fixture);
            }
            disk.close().unwrap();
            drop(disk);
            fixture.finish(0);
        }
    }
}
