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
            let count = self.write_some(bytes).unwrap_or(0);
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
        while full() && !deadline.expired() {
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
