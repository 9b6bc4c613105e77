// SPDX-License-Identifier: GPL-2.0-or-later
//! The para-virtual console, both directions.
//!
//! Nothing is lost while the back-end works: output waits for room, input
//! stays in the ring until it is read. Indices that lie end the console's use.
//!
//! Source: `xen/include/public/io/console.h`.
#![cfg(all(CONFIG_XEN_SERIAL, CONFIG_XEN))]

use crate::xen::events::EventChannel;
use crate::xen::services::Services;
use crate::xen::shared::Shared;
use alloc::sync::Arc;
use arch::time::Deadline;
use common::{Error, Result};
use core::sync::atomic::{AtomicBool, Ordering};
use dm::serial::Serial;
use dm::{Device, Model, Ops, UclassId};
use include::xen::hvm;
use include::xen::io::console::{IN, IN_CONS, IN_PROD, IN_SIZE, OUT, OUT_CONS, OUT_PROD, OUT_SIZE};

/// How long output waits for a back-end that does not read.
const STUCK_MS: u64 = 2000;

/// How long the last output may take.
const DRAIN_MS: u64 = 500;
/// How often it is looked at, since the back-end need not notify of it.
const DRAIN_LOOK_US: u64 = 1000;

/// The console's two rings.
pub struct XenConsole {
    page: Shared,
    event: EventChannel,
    /// The back-end does not read: output is dropped, without waiting, until it does.
    stuck: AtomicBool,
    /// The back-end broke the rules.
    broken: AtomicBool,
}

impl XenConsole {
    /// The console behind a page and an event port.
    pub fn new(page: Shared, event: EventChannel) -> XenConsole {
        XenConsole {
            page,
            event,
            stuck: AtomicBool::new(false),
            broken: AtomicBool::new(false),
        }
    }

    /// Writes what there is room for; returns how many bytes that was.
    fn write_some(&self, bytes: &[u8]) -> Result<usize> {
        let mut producer = self.page.load_u32(OUT_PROD);
        let used = producer.wrapping_sub(self.page.load_u32(OUT_CONS));
        if used > OUT_SIZE {
            return self.violation();
        }
        let count = bytes.len().min((OUT_SIZE - used) as usize);
        for &byte in bytes.iter().take(count) {
            self.page
                .write(OUT + (producer % OUT_SIZE) as usize, &[byte]);
            producer = producer.wrapping_add(1);
        }
        if count > 0 {
            self.page.store_u32(OUT_PROD, producer);
            self.event.notify();
        }
        Ok(count)
    }

    fn read_one(&self) -> Result<Option<u8>> {
        let consumer = self.page.load_u32(IN_CONS);
        let available = self.page.load_u32(IN_PROD).wrapping_sub(consumer);
        if available > IN_SIZE {
            return self.violation();
        }
        if available == 0 {
            return Ok(None);
        }
        let mut byte = [0];
        self.page
            .read(IN + (consumer % IN_SIZE) as usize, &mut byte);
        self.page.store_u32(IN_CONS, consumer.wrapping_add(1));
        if available == 1 || available == IN_SIZE {
            // It is empty, or was full: the back-end may have more.
            self.event.notify();
        }
        Ok(byte.first().copied())
    }

    fn violation<T>(&self) -> Result<T> {
        self.broken.store(true, Ordering::Relaxed);
        Err(Error::Protocol("the console's indices"))
    }
}

impl Serial for XenConsole {
    fn write(&self, mut bytes: &[u8]) {
        let deadline = Deadline::after_ms(STUCK_MS);
        while !bytes.is_empty() && !self.broken.load(Ordering::Relaxed) {
            let Ok(count) = self.write_some(bytes) else {
                return;
            };
            bytes = bytes.get(count..).unwrap_or_default();
            if count > 0 {
                self.stuck.store(false, Ordering::Relaxed);
            } else if self.stuck.load(Ordering::Relaxed) {
                return;
            } else if deadline.expired() {
                self.stuck.store(true, Ordering::Relaxed);
            } else {
                self.event.wait(deadline.left_us());
            }
        }
    }

    fn read(&self) -> Option<u8> {
        match self.broken.load(Ordering::Relaxed) {
            true => None,
            false => self.read_one().ok().flatten(),
        }
    }

    fn wait(&self, timeout_us: u64) {
        self.event.wait(timeout_us);
    }

    fn drain(&self) {
        let deadline = Deadline::after_ms(DRAIN_MS);
        let full = || self.page.load_u32(OUT_CONS) != self.page.load_u32(OUT_PROD);
        while full() && !self.broken.load(Ordering::Relaxed) && !deadline.expired() {
            self.event.wait(deadline.left_us().min(DRAIN_LOOK_US));
        }
    }
}

fn probe(_model: &Model, console: &Arc<Device>) -> Result<Ops> {
    let services = console
        .parent()
        .ok_or(Error::NoDevice)?
        .private::<Services>()?;
    let (page, event) = services.channel(hvm::CONSOLE_PFN, hvm::CONSOLE_EVTCHN)?;
    Ok(Ops::Serial(Arc::new(XenConsole::new(page, event))))
}

dm::driver! { name: "serial_xen", id: UclassId::Serial, probe: Some(probe) }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xen::fake::Fixture;
    use alloc::vec::Vec;

    /// Twice what a ring holds, and more; an interpreter of the code gets less.
    const LEN: usize = if cfg!(miri) { 100 } else { 5000 };

    fn console(fixture: &Fixture) -> XenConsole {
        let (page, event) = fixture
            .services
            .channel(hvm::CONSOLE_PFN, hvm::CONSOLE_EVTCHN)
            .unwrap();
        XenConsole::new(page, event)
    }

    /// So many bytes, no two neighbouring parts of which are the same.
    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i ^ i >> 8) as u8).collect()
    }

    #[test]
    fn no_character_is_lost_on_the_way_out() {
        for chunk in [5, 100, 2047, usize::MAX] {
            for start in [0, 2000, u32::MAX - 1000] {
                let fixture = Fixture::new();
                fixture.world(|world| {
                    world.console.start_at(start);
                    world.console.chunk = chunk;
                });
                let console = console(&fixture);
                let text = pattern(LEN);
                for part in text.chunks(1700) {
                    console.write(part);
                }
                console.drain();
                fixture.world(|world| assert!(world.console.output == text));
            }
        }
    }

    #[test]
    fn no_character_is_lost_on_the_way_in() {
        for start in [0, 1000, u32::MAX - 500] {
            let fixture = Fixture::new();
            let text = pattern(LEN);
            fixture.world(|world| {
                world.console.start_at(start);
                world.console.typed.extend(&text);
            });
            let console = console(&fixture);
            let mut read = Vec::new();
            console.wait(1000);
            while let Some(byte) = console.read() {
                read.push(byte);
            }
            assert!(read == text);
            assert_eq!(console.read(), None);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "too long for an interpreter")]
    fn a_daemon_that_does_not_read_costs_one_wait() {
        let fixture = Fixture::new();
        fixture.world(|world| world.console.chunk = 0);
        let console = console(&fixture);
        let start = arch::time::ms();
        console.write(&pattern(2048));
        assert!(arch::time::ms() - start < STUCK_MS);
        for _ in 0..100 {
            console.write(b"lost");
        }
        console.drain();
        let waited = arch::time::ms() - start;
        assert!((STUCK_MS..2 * STUCK_MS).contains(&waited), "{waited}");

        // It reads again: what was in the ring, and what comes from now on.
        fixture.world(|world| world.console.chunk = usize::MAX);
        console.wait(1000);
        console.write(b"back");
        let wanted: Vec<u8> = pattern(2048).into_iter().chain(*b"back").collect();
        fixture.world(|world| assert!(world.console.output == wanted));
    }

    #[test]
    fn indices_that_lie_end_its_use() {
        for lie in [2049, 4096, 1 << 31, u32::MAX / 2] {
            for index in [IN_PROD, OUT_CONS] {
                let fixture = Fixture::new();
                let console = console(&fixture);
                console.page.store_u32(index, lie);
                let start = arch::time::ms();
                assert_eq!(console.read(), None);
                console.write(b"lost");
                assert_eq!(console.read(), None);
                console.drain();
                assert!(console.broken.load(Ordering::Relaxed));
                assert!(arch::time::ms() - start < DRAIN_MS);
                // Not a byte more, although the indices would now be right.
                fixture.world(|world| world.console.start_at(0));
                console.write(b"lost");
                fixture.world(|world| assert!(world.console.output.is_empty()));
            }
        }
    }

    #[test]
    fn a_guest_may_have_no_console() {
        let fixture = Fixture::new();
        fixture.world(|world| world.channels = false);
        let channel = fixture
            .services
            .channel(hvm::CONSOLE_PFN, hvm::CONSOLE_EVTCHN);
        assert_eq!(channel.err(), Some(Error::NoDevice));
    }
}
