// SPDX-License-Identifier: GPL-2.0-or-later
//! Thousands of other ends that write anything anywhere: no panic, no wait
//! without end, no grant that somebody let go of.

use crate::xen::fake::Fixture;
use crate::xen::fake::blkback::Config;
use crate::xen::fake::random::Random;
use crate::xen::fake::xenstored::Message;
use crate::xen::xenstore::NO_TRANSACTION;
use alloc::boxed::Box;
use alloc::vec::Vec;
use arch::time::Deadline;
use dm::blk::BlockDevice;
use include::xen::io::blkif::SLOT_SIZE;
use include::xen::io::ring::{RSP_PROD, SLOTS};

/// How often each is tried (a disk is spoilt many times in one try); an interpreter of the code gets less.
const DISK_TRIES: u64 = if cfg!(miri) { 1 } else { 2500 };
const STORE_TRIES: u64 = if cfg!(miri) { 4 } else { 10_000 };
const CONNECT_TRIES: u64 = if cfg!(miri) { 1 } else { 1000 };
/// More than all the time limits of a use, in milliseconds.
const LIMIT_MS: u64 = 60_000;

/// Spoils some words of the part of a ring that the other end writes.
fn spoil(ring: &mut [u8], random: &mut Random) {
    for _ in 0..1 + random.below(3) {
        let value = random.nasty();
        match random.below(6) {
            0 => ring[RSP_PROD..][..4].copy_from_slice(&(value as u32).to_le_bytes()),
            1 => {
                let index = random.below(16);
                ring[index] ^= 1 << random.below(8);
            }
            _ => {
                let response = SLOTS + random.below(4) * SLOT_SIZE;
                let at = response + random.below(3) * 4;
                ring[at..at + 4].copy_from_slice(&(value as u32).to_le_bytes());
            }
        }
    }
}

#[test]
fn rings_of_disks() {
    for seed in 0..DISK_TRIES {
        let mut random = Random::new(seed);
        let fixture = Fixture::with_disk(match seed % 2 {
            0 => Config::with("feature-flush-cache", 1),
            _ => Config::like_linux(),
        });
        let disk = fixture.connect().unwrap();
        let mut tampering = random.clone();
        fixture.disk(|back| {
            back.behaviour.batch = 1 + tampering.below(4);
            back.behaviour.tamper = Some(Box::new(move |ring| {
                if tampering.one_in(4) {
                    spoil(ring, &mut tampering);
                }
            }));
        });
        let before = arch::time::ms();
        let mut buffer = fixture.buffer(16 << 10, random.below(4096));
        for _ in 0..4 {
            let len = random.below(32) * 512;
            match random.below(3) {
                0 => _ = disk.write(random.below(100) as u64, &buffer[..len]),
                1 => _ = disk.flush(),
                _ => _ = disk.read(random.below(100) as u64, &mut buffer[..len]),
            }
        }
        fixture.disk(|back| back.behaviour.tamper = None);
        _ = disk.close();
        drop(disk);
        assert!(arch::time::ms() - before < LIMIT_MS, "seed {seed}");
        // The other end has let go of everything by now.
        fixture.services.grants.end_leaked();
        fixture.finish(0);
    }
}

/// What a bad daemon makes of a reply.
fn answers(random: &mut Random, reply: Message) -> Vec<Message> {
    let mut reply = reply;
    let value = random.nasty() as u32;
    match random.below(12) {
        0 => reply.id = value,
        1 => reply.op = value,
        2 => reply.transaction = value,
        3 => reply.payload.truncate(value as usize),
        4 => reply.payload.extend([value as u8; 100]),
        5 => {
            let len = reply.payload.len().max(1);
            reply.payload.resize(len, 0);
            reply.payload[random.below(len)] = value as u8;
        }
        6 => return Vec::new(),
        7 => return [reply.clone(), reply].into(),
        8 => return [Message::event("device/vbd", "x"), reply].into(),
        9 => reply.payload = (0..random.below(4097)).map(|i| i as u8).collect(),
        _ => {}
    }
    [reply].into()
}

#[test]
fn streams_of_xenstore() {
    for seed in 0..STORE_TRIES {
        let mut random = Random::new(seed);
        let fixture = Fixture::new();
        let store = fixture.store();
        let mut spoiling = random.clone();
        fixture.world(|world| {
            world.store.start_at(random.nasty() as u32);
            world.store.chunk = 1 + random.below(2000);
            if random.one_in(8) {
                world.store.outgoing.extend(random.next().to_le_bytes());
            }
            if random.one_in(8) {
                let index = include::xen::io::xs_wire::REQ_CONS + 4 * random.below(4);
                world.store.page.store_u32(index, random.nasty() as u32);
                world.store.frozen = true;
            }
            world.store.hook = Some(Box::new(move |_, reply| answers(&mut spoiling, reply)));
        });
        let before = arch::time::ms();
        for _ in 0..6 {
            match random.below(7) {
                0 => _ = store.read("a"),
                1 => _ = store.write(NO_TRANSACTION, "a", "b"),
                2 => _ = store.directory("a"),
                3 => _ = store.transaction(|t| store.write(t, "a", "c")),
                4 => _ = store.watch("a", "t"),
                5 => _ = store.wait_event("t", Deadline::after_ms(10)),
                _ => _ = store.remove(NO_TRANSACTION, "a"),
            }
        }
        let took = arch::time::ms() - before;
        assert!(took < 40 * LIMIT_MS, "seed {seed} took {took} ms");
    }
}

#[test]
fn stores_that_lie_while_a_disk_connects() {
    for seed in 0..CONNECT_TRIES {
        let fixture = Fixture::with_disk(Config::default());
        let mut spoiling = Random::new(seed);
        let first = spoiling.below(30);
        let mut count = 0;
        fixture.world(|world| {
            world.store.hook = Some(Box::new(move |_, reply| {
                count += 1;
                match count < first {
                    true => [reply].into(),
                    false => answers(&mut spoiling, reply),
                }
            }));
        });
        if let Ok(disk) = fixture.connect() {
            let mut buffer = fixture.buffer(4096, 0);
            _ = disk.read(0, &mut buffer);
            _ = disk.close();
        }
        let kept = fixture.services.grants.leaked();
        assert!(kept <= 1, "seed {seed}");
        fixture.finish(kept);
    }
}
