// SPDX-License-Identifier: GPL-2.0-or-later
//! XenStore with a daemon that keeps to the rules.

use crate::xen::fake::Fixture;
use crate::xen::fake::terminal::press_ctrl_c;
use crate::xen::fake::xenstored::Message;
use crate::xen::xenstore::{NO_TRANSACTION, WatchEvent};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::Error;

#[test]
fn nodes_are_read_written_listed_and_removed() {
    let fixture = Fixture::new();
    let store = fixture.store();
    assert_eq!(store.read("a"), Err(Error::NotFound));
    store.write(NO_TRANSACTION, "a/b", "one").unwrap();
    store.write(NO_TRANSACTION, "a/c", "").unwrap();
    assert_eq!(store.read("a/b").unwrap(), "one");
    assert_eq!(store.read("a/c").unwrap(), "");
    assert_eq!(store.directory("a").unwrap(), ["b", "c"]);
    assert_eq!(store.directory("a/b").unwrap(), Vec::<&str>::new());
    assert_eq!(store.directory("b"), Err(Error::NotFound));
    store.remove(NO_TRANSACTION, "a").unwrap();
    store.remove(NO_TRANSACTION, "a").unwrap();
    assert_eq!(store.read("a/b"), Err(Error::NotFound));
    fixture.world(|world| world.store.tree.set("/local/domain/1/n", b"12\0"));
    assert_eq!(store.read("n").unwrap(), "12");
}

#[test]
fn errors_are_told_apart() {
    let fixture = Fixture::new();
    let store = fixture.store();
    fixture.world(|world| {
        world.store.tree.forbidden = Some("secret");
        world.store.tree.set("/x", [0xff, 0xfe]);
    });
    assert_eq!(store.read("secret"), Err(Error::Permission));
    assert!(matches!(store.read("a/"), Err(Error::Invalid(_))));
    assert!(matches!(store.read("/x"), Err(Error::Protocol(_))));
    let long = "x".repeat(4096);
    assert!(matches!(store.read(&long), Err(Error::Invalid(_))));
    // Nothing of that ends the store's use.
    store.write(NO_TRANSACTION, "y", "z").unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn messages_larger_than_the_ring_go_in_pieces() {
    for chunk in [7, 100, 1000, 1024, usize::MAX] {
        for start in [0, 1020, u32::MAX - 700] {
            let fixture = Fixture::new();
            fixture.world(|world| {
                world.store.chunk = chunk;
                world.store.start_at(start);
            });
            let store = fixture.store();
            let value: alloc::string::String =
                (0..4080).map(|i| (b'a' + i as u8 % 26) as char).collect();
            store.write(NO_TRANSACTION, "v", &value).unwrap();
            assert_eq!(store.read("v").unwrap(), value);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_long_listing_comes_in_parts() {
    let fixture = Fixture::new();
    let store = fixture.store();
    let names: Vec<_> = (0..2000).map(|i| format!("{:06}", i)).collect();
    fixture.world(|world| {
        for name in &names {
            world.store.tree.set(&format!("/dir/{name}"), "");
        }
    });
    assert_eq!(store.directory("/dir").unwrap(), names);

    // It changes after the second part: all is read again.
    let mut parts = 0;
    fixture.world(|world| {
        world.store.hook = Some(alloc::boxed::Box::new(move |request, mut reply| {
            if request.op == include::xen::io::xs_wire::op::DIRECTORY_PART {
                parts += 1;
                if parts > 2 {
                    reply.payload.insert(0, b'9');
                }
            }
            [reply].into()
        }));
    });
    assert_eq!(store.directory("/dir").unwrap(), names);
}

#[test]
fn a_transaction_is_tried_again_and_leaves_nothing_when_it_fails() {
    let fixture = Fixture::new();
    let store = fixture.store();
    fixture.world(|world| world.store.tree.conflicts = 3);
    let mut tries = 0;
    store
        .transaction(|transaction| {
            tries += 1;
            store.write(transaction, "a", &tries.to_string())?;
            store.write(transaction, "b", "2")
        })
        .unwrap();
    assert_eq!(tries, 4);
    assert_eq!(store.read("a").unwrap(), "4");

    let failed = store.transaction(|transaction| {
        store.write(transaction, "a", "lost")?;
        Err(Error::NoDevice)
    });
    assert_eq!(failed, Err(Error::NoDevice));
    assert_eq!(store.read("a").unwrap(), "4");

    fixture.world(|world| world.store.tree.conflicts = usize::MAX);
    assert_eq!(store.transaction(|_| Ok(())), Err(Error::Busy));
    assert_eq!(fixture.world(|world| world.store.tree.open()), 0);
}

#[test]
fn watches_report_changes_until_they_end() {
    let fixture = Fixture::new();
    let store = fixture.store();
    let soon = || Deadline::after_ms(1000);
    let event = |path: &str, token: &str| {
        Ok(WatchEvent {
            path: path.to_string(),
            token: token.to_string(),
        })
    };
    store.watch("/dev", "one").unwrap();
    store.watch("/other", "two").unwrap();
    assert_eq!(
        store.wait_event(|token| token == "one", soon()),
        event("/dev", "one")
    );
    assert_eq!(
        store.wait_event(|token| token == "one", soon()),
        Err(Error::Timeout)
    );
    fixture.world(|world| {
        world.store.tree.set("/dev/state", "4");
        world.store.tree.set("/device", "not below");
    });
    assert_eq!(
        store.wait_event(|token| token == "one", soon()),
        event("/dev/state", "one")
    );
    assert_eq!(
        store.wait_event(|token| token == "two", soon()),
        event("/other", "two")
    );

    fixture.world(|world| world.store.tree.set("/dev/state", "5"));
    store.unwatch("/dev", "one").unwrap();
    assert_eq!(
        store.wait_event(|token| token == "one", soon()),
        Err(Error::Timeout)
    );
    assert_eq!(store.unwatch("/dev", "one"), Err(Error::NotFound));
}

#[test]
fn events_between_a_request_and_its_reply_are_kept() {
    let fixture = Fixture::new();
    let store = fixture.store();
    fixture.world(|world| {
        world.store.hook = Some(alloc::boxed::Box::new(|_, reply| {
            [
                Message::event("/early", "t"),
                reply,
                Message::event("/late", "t"),
            ]
            .into()
        }));
    });
    store.write(NO_TRANSACTION, "a", "b").unwrap();
    let wait = || {
        store
            .wait_event(|token| token == "t", Deadline::after_ms(10))
            .unwrap()
            .path
    };
    assert_eq!(
        (wait(), wait()),
        ("/early".to_string(), "/late".to_string())
    );
}

#[test]
fn a_reply_that_is_there_before_anybody_waits_is_seen_at_once() {
    let fixture = Fixture::new();
    let store = fixture.store();
    store.write(NO_TRANSACTION, "a", "b").unwrap();
    // The daemon answers inside of the notification: no time may pass.
    let before = arch::time::us();
    store.read("a").unwrap();
    assert!(arch::time::us() - before < 1_000_000);
}

#[test]
fn a_request_given_up_leaves_the_stream_in_step() {
    let fixture = Fixture::new();
    let store = fixture.store();
    store.write(NO_TRANSACTION, "a", "right").unwrap();
    store.write(NO_TRANSACTION, "late", "wrong").unwrap();
    for long in [false, true] {
        // Ctrl-C while the daemon does not even read, or has read but not answered.
        let path = match long {
            true => "x".repeat(3000),
            false => "late".to_string(),
        };
        fixture.world(|world| world.store.frozen = true);
        press_ctrl_c();
        assert_eq!(store.read(&path), Err(Error::Interrupted));
        fixture.world(|world| world.store.frozen = false);
        assert_eq!(store.read("a").unwrap(), "right");

        fixture.world(|world| world.store.frozen = true);
        assert_eq!(store.read(&path), Err(Error::Timeout));
        fixture.world(|world| world.store.frozen = false);
        assert_eq!(store.read("a").unwrap(), "right");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_daemon_that_never_reads_does_not_fill_the_memory() {
    let fixture = Fixture::new();
    let store = fixture.store();
    fixture.world(|world| world.store.frozen = true);
    for _ in 0..50 {
        assert_eq!(store.read(&"x".repeat(4000)), Err(Error::Timeout));
    }
    fixture.world(|world| {
        world.store.frozen = false;
        world.store.tree.set("/a", "b");
    });
    assert_eq!(store.read("/a"), Ok("b".to_string()));
}

#[test]
fn a_guest_may_have_no_store() {
    let fixture = Fixture::new();
    fixture.world(|world| world.channels = false);
    assert_eq!(fixture.services.store().err(), Some(Error::NoDevice));
    fixture.world(|world| world.channels = true);
    fixture.services.store().unwrap();
}
