// SPDX-License-Identifier: GPL-2.0-or-later
//! Daemons of XenStore that send anything.

use super::interact;
use crate::xen::fake::Fixture;
use crate::xen::fake::random::Random;
use crate::xen::fake::terminal::take_output;
use crate::xen::fake::xenstored::{Hook, Message};
use crate::xen::xenstore::NO_TRANSACTION;
use alloc::boxed::Box;
use alloc::vec::Vec;
use arch::time::Deadline;

/// How soon the prompt must answer again, in milliseconds.
const LIMIT_MS: u64 = 10_000;

/// A guest that only uses the store.
pub fn guest_without_disks(mut random: Random) -> u32 {
    let fixture = Fixture::new();
    let store = fixture.store();
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
        let rate = 1 + random.below(8);
        world.store.hook = Some(liar(random.clone(), 0, rate));
    });
    for _ in 0..2 + random.below(20) {
        let before = arch::time::ms();
        let store = store.together();
        match random.below(7) {
            0 => _ = store.read("a"),
            1 => _ = store.write(NO_TRANSACTION, "a", "b"),
            2 => _ = store.directory("a"),
            3 => _ = store.transaction(|t| store.write(t, "a", "c")),
            4 => _ = store.watch("a", "t"),
            5 => _ = store.wait_event(|token| token == "t", Deadline::after_ms(10)),
            _ => _ = store.remove(NO_TRANSACTION, "a"),
        }
        assert!(arch::time::ms() - before < LIMIT_MS);
    }
    take_output();
    drop(store);
    fixture.finish(0);
    0
}

/// Answers that are right `first` times, and then wrong once in `rate` times.
pub fn liar(mut random: Random, first: usize, rate: usize) -> Hook {
    let mut count = 0;
    Box::new(move |request, reply| {
        interact();
        count += 1;
        // What it grants to another domain, the fake cannot map.
        let domain = request.payload.ends_with(b"/backend-id\0");
        match count > first && !domain && random.one_in(rate) {
            true => lie(&mut random, reply),
            false => [reply].into(),
        }
    })
}

/// What a bad daemon makes of a reply.
fn lie(random: &mut Random, mut reply: Message) -> Vec<Message> {
    let value = random.nasty() as u32;
    match random.below(11) {
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
        _ => reply.payload = alloc::format!("{}", random.nasty()).into(),
    }
    [reply].into()
}
