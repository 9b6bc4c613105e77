// SPDX-License-Identifier: GPL-2.0-or-later
//! XenStore with a daemon that breaks the rules: an error, one message, and
//! never again a word to it.

use crate::xen::fake::Fixture;
use crate::xen::fake::terminal::{press_ctrl_c, take_output};
use crate::xen::fake::xenstored::{Hook, Message};
use crate::xen::services::Services;
use crate::xen::xenstore::NO_TRANSACTION;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::Error;
use dm::xen::Store;
use include::xen::io::xs_wire::{HEADER, REQ, REQ_CONS, REQ_PROD, RING_SIZE, RSP_PROD, op};

/// How soon the prompt must answer again, in milliseconds.
const LIMIT_MS: u64 = 10_000;

/// Fails the test unless the store was given up, for good and with one message.
fn assert_given_up(fixture: &Fixture, what: &str) {
    let store = fixture.store();
    take_output();
    let error = store.read("a").unwrap_err();
    assert!(matches!(error, Error::Protocol(_)), "{what}: {error}");
    let message = take_output();
    assert_eq!(message.matches("no longer used").count(), 1, "{what}");

    fixture.world(|world| {
        world.store.hook = None;
        world.store.outgoing.clear();
        world.store.start_at(0);
    });
    assert_eq!(store.read("a"), Err(error), "{what}");
    assert_eq!(store.watch("a", "t"), Err(error), "{what}");
    let event = store.wait_event(|token| token == "t", Deadline::after_ms(10));
    assert_eq!(event, Err(error), "{what}");
    assert_eq!(take_output(), "", "{what}");
}

fn with_hook(hook: impl FnMut(&Message, Message) -> Vec<Message> + Send + 'static) -> Fixture {
    let fixture = Fixture::new();
    fixture.world(|world| world.store.hook = Some(Box::new(hook)));
    fixture
}

/// The bytes of requests that the daemon has not taken yet.
fn untaken(fixture: &Fixture) -> Vec<u8> {
    fixture.world(|world| {
        let page = &world.store.page;
        let (from, to) = (page.load_u32(REQ_CONS), page.load_u32(REQ_PROD));
        (from..to)
            .map(|at| {
                let mut byte = [0];
                page.read(REQ + (at % RING_SIZE) as usize, &mut byte);
                byte[0]
            })
            .collect()
    })
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_daemon_that_stands_still_leaves_whole_requests_to_the_operating_system() {
    let fixture = Fixture::new();
    let store = fixture.store().until(Deadline::after_ms(1000));
    fixture.world(|world| world.store.frozen = true);
    for name in ["a", "bc", "def"].iter().cycle().take(90) {
        assert_eq!(store.read(&name.repeat(9)), Err(Error::Timeout));
    }
    assert_eq!(fixture.store().settle(), Ok(()));
    let bytes = untaken(&fixture);
    assert!(bytes.len() > RING_SIZE as usize / 2);
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let len = u32::from_le_bytes(rest[12..HEADER].try_into().unwrap());
        rest = &rest[HEADER + len as usize..];
    }

    // What does not fit can only be sent in parts.
    fixture.world(|world| world.store.frozen = false);
    assert_eq!(fixture.store().read("a"), Err(Error::NotFound));
    assert_eq!(
        (fixture.store().settle(), untaken(&fixture)),
        (Ok(()), Vec::new())
    );
    fixture.world(|world| world.store.frozen = true);
    let store = fixture.store().until(Deadline::after_ms(1000));
    let large = store.write(NO_TRANSACTION, "a", &"x".repeat(3000));
    assert_eq!(large, Err(Error::Timeout));
    assert_eq!(fixture.store().settle(), Err(Error::Busy));
    fixture.world(|world| world.store.frozen = false);
    assert_eq!(fixture.store().settle(), Ok(()));
    assert_eq!(fixture.store().read("a").unwrap().len(), 3000);
}

#[test]
fn replies_that_make_no_sense_end_the_store() {
    let cases: [(&str, Hook); 6] = [
        (
            "an id never asked",
            Box::new(|_, reply| {
                let id = reply.id + 1;
                [Message { id, ..reply }].into()
            }),
        ),
        (
            "an id from the far future",
            Box::new(|_, reply| {
                let id = reply.id + u32::MAX / 2;
                [Message { id, ..reply }].into()
            }),
        ),
        (
            "another type",
            Box::new(|_, reply| {
                let op = op::WRITE;
                [Message { op, ..reply }].into()
            }),
        ),
        (
            "no such type",
            Box::new(|_, reply| {
                let op = u32::MAX;
                [Message { op, ..reply }].into()
            }),
        ),
        (
            "too long",
            Box::new(|_, reply| {
                let payload = [b'x'; 4097].into();
                [Message { payload, ..reply }].into()
            }),
        ),
        (
            "a length of 4 GiB",
            Box::new(|_, reply| {
                let payload = [0xff; 4096].into();
                // The second one's header is made of the first one's payload.
                [
                    Message {
                        payload,
                        ..reply.clone()
                    },
                    reply,
                ]
                .into()
            }),
        ),
    ];
    for (what, hook) in cases {
        let fixture = Fixture::new();
        // Before the first answer it might be an earlier user's.
        assert_eq!(fixture.store().read("a"), Err(Error::NotFound));
        fixture.world(|world| {
            world.store.hook = Some(hook);
            if what == "a length of 4 GiB" {
                world.store.outgoing.extend([0xff; 16]);
            }
        });
        assert_given_up(&fixture, what);
    }
}

#[test]
fn indices_that_lie_end_the_store() {
    for (index, what) in [(REQ_CONS, "consumer"), (RSP_PROD, "producer")] {
        for lie in [1025, 4096, u32::MAX - 1024, u32::MAX / 2, 1 << 31] {
            let fixture = Fixture::new();
            fixture.world(|world| {
                world.store.frozen = true;
                world.store.page.store_u32(index, lie);
            });
            assert_given_up(&fixture, what);
        }
    }
}

#[test]
fn a_duplicate_reply_belongs_to_nothing() {
    let fixture = with_hook(|_, reply| [reply.clone(), reply].into());
    let store = fixture.store();
    store.write(NO_TRANSACTION, "a", "1").unwrap();
    store.write(NO_TRANSACTION, "b", "2").unwrap();
    for _ in 0..10 {
        assert_eq!(store.read("a"), Ok("1".to_string()));
        assert_eq!(store.read("b"), Ok("2".to_string()));
    }
}

#[test]
fn a_reply_that_comes_too_late_is_not_taken_for_the_next() {
    let mut late = None;
    let fixture = with_hook(move |request, reply| {
        if request.payload.starts_with(b"slow") {
            late = Some(reply);
            press_ctrl_c();
            return Vec::new();
        }
        late.take().into_iter().chain([reply]).collect()
    });
    let store = fixture.store();
    fixture.world(|world| {
        world.store.tree.set("/local/domain/1/slow", "wrong");
        world.store.tree.set("/local/domain/1/a", "right");
    });
    for _ in 0..3 {
        assert_eq!(store.read("slow"), Err(Error::Interrupted));
        assert_eq!(store.read("a"), Ok("right".to_string()));
    }
}

#[test]
fn what_an_earlier_user_of_the_ring_asked_for_is_not_taken_for_ours() {
    let mut late = Vec::new();
    let fixture = with_hook(move |request, reply| {
        if request.payload.starts_with(b"slow") {
            late.push(reply);
            press_ctrl_c();
            return Vec::new();
        }
        core::mem::take(&mut late)
            .into_iter()
            .chain([reply])
            .collect()
    });
    fixture.world(|world| {
        world.store.tree.set("/local/domain/1/slow", "wrong");
        world.store.tree.set("/local/domain/1/a", "right");
    });
    for _ in 0..3 {
        let earlier = Services::new(fixture.fake.clone());
        for _ in 0..5 {
            let slow = earlier.store().unwrap().read("slow");
            assert_eq!(slow, Err(Error::Interrupted));
        }
        arch::time::advance(1000);
        let store = Services::new(fixture.fake.clone()).store().unwrap();
        assert_eq!(store.read("a"), Ok("right".to_string()));
        assert_eq!(store.read("a"), Ok("right".to_string()));
    }
    assert_eq!(take_output(), "");
}

#[test]
fn a_daemon_that_never_answers_costs_a_time_limit() {
    let fixture = with_hook(|_, _| Vec::new());
    let store = fixture.store();
    let before = arch::time::ms();
    assert_eq!(store.read("a"), Err(Error::Timeout));
    assert_eq!(store.transaction(|_| Ok(())), Err(Error::Timeout));
    assert!(arch::time::ms() - before <= 10_100);
    assert_eq!(take_output(), "");
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn events_without_end_neither_hang_nor_fill_the_memory() {
    let fixture = Fixture::new();
    let store = fixture.store();
    fixture.world(|world| {
        world.store.hook = Some(Box::new(|_, _| Vec::new()));
        world.store.flood = Some(Message::event("/x", "another"));
    });
    let before = arch::time::ms();
    assert_eq!(store.read("a"), Err(Error::Timeout));
    let wait = store.wait_event(|token| token == "mine", Deadline::after_ms(500));
    assert_eq!(wait, Err(Error::Timeout));
    assert!(arch::time::ms() - before < 7000);
}

/// Daemons that answer each request just in time, in the middle of a listing or
/// of a transaction that never comes to an end.
#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn the_requests_of_an_operation_share_a_time_limit() {
    let fixture = with_hook(|request, mut reply| {
        (reply.op, reply.payload) = match request.op {
            op::DIRECTORY => (op::ERROR, b"E2BIG\0".into()),
            op::DIRECTORY_PART => (op::DIRECTORY_PART, b"1\0x\0".into()),
            op::TRANSACTION_END => (op::ERROR, b"EAGAIN\0".into()),
            op => (op, reply.payload),
        };
        [reply].into()
    });
    fixture.world(|world| world.store.pause_us = 3_000_000);
    let store: &dyn Store = &*fixture.store();
    let before = arch::time::ms();
    assert_eq!(store.directory("dir"), Err(Error::Timeout));
    let between = arch::time::ms();
    assert!(between - before < LIMIT_MS);
    let nodes = [("a", b"1".to_vec()), ("b", b"2".to_vec())];
    assert_eq!(store.write(&nodes), Err(Error::Timeout));
    assert!(arch::time::ms() - between < LIMIT_MS);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn only_so_many_events_are_kept() {
    let fixture = Fixture::new();
    let store = fixture.store();
    fixture.world(|world| {
        for i in 0..1000 {
            let event = Message::event(&alloc::format!("/{i}"), "t");
            world.store.send(&event);
            world.store.send(&event);
        }
        // Events without a path, a token or an end.
        for payload in [&b""[..], b"x", b"\0", b"\0\0\0\0", b"\xff\0\xff\0"] {
            let event = Message::event("", "");
            let payload = payload.into();
            world.store.send(&Message { payload, ..event });
        }
    });
    let mut seen = 0;
    while store
        .wait_event(|token| token == "t", Deadline::after_ms(1000))
        .is_ok()
    {
        seen += 1;
    }
    assert!((60..=64).contains(&seen), "{seen}");
    store.write(NO_TRANSACTION, "a", "b").unwrap();
}

#[test]
fn a_transaction_needs_a_number() {
    for number in ["", "x", "-1", "4294967296", "1 2"] {
        let fixture = with_hook(move |request, mut reply| {
            if request.op == op::TRANSACTION_START {
                reply.payload = number.as_bytes().to_vec();
            }
            [reply].into()
        });
        let result = fixture.store().transaction(|_| Ok(()));
        assert!(matches!(result, Err(Error::Protocol(_))), "{number}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_listing_without_end_is_given_up() {
    let fixture = with_hook(|request, mut reply| {
        match request.op {
            op::DIRECTORY => {
                reply.op = op::ERROR;
                reply.payload = b"E2BIG\0".into();
            }
            _ => {
                reply.op = op::DIRECTORY_PART;
                reply.payload = b"1\0".iter().copied().chain([b'x'; 4000]).collect();
            }
        }
        [reply].into()
    });
    let result = fixture.store().directory("/dir");
    assert!(matches!(result, Err(Error::Protocol(_))), "{result:?}");

    // One that changes each time.
    let mut generation = 0;
    let fixture = with_hook(move |request, mut reply| {
        generation += 1;
        (reply.op, reply.payload) = match request.op {
            op::DIRECTORY => (op::ERROR, b"E2BIG\0".into()),
            _ => (
                op::DIRECTORY_PART,
                alloc::format!("{generation}\0x\0").into(),
            ),
        };
        [reply].into()
    });
    assert_eq!(fixture.store().directory("/dir"), Err(Error::Busy));
}
