// SPDX-License-Identifier: GPL-2.0-or-later
//! The console's daemon: takes what the guest prints, and types.

use super::machine::Machine;
use crate::xen::shared::Pages;
use include::xen::io::console::{IN, IN_CONS, IN_PROD, IN_SIZE, OUT, OUT_CONS, OUT_PROD, OUT_SIZE};
use std::collections::VecDeque;
use std::vec::Vec;

/// The daemon.
pub struct Xenconsoled {
    /// The rings.
    pub page: Pages,
    /// The guest's port.
    pub port: u32,
    /// What the guest has printed.
    pub output: Vec<u8>,
    /// What is still to be typed.
    pub typed: VecDeque<u8>,
    /// The most bytes that are taken at a time.
    pub chunk: usize,
}

impl Xenconsoled {
    /// A daemon that works.
    pub fn new(port: u32) -> Xenconsoled {
        Xenconsoled {
            page: Pages::new(1).unwrap(),
            port,
            output: Vec::new(),
            typed: VecDeque::new(),
            chunk: usize::MAX,
        }
    }

    /// Starts both rings' indices anywhere, as after long use.
    pub fn start_at(&mut self, index: u32) {
        for offset in [IN_CONS, IN_PROD, OUT_CONS, OUT_PROD] {
            self.page.store_u32(offset, index);
        }
    }

    /// Takes output and types.
    pub fn run(&mut self, xen: &mut Machine) {
        xen.take_notified(self.port);
        if self.take_output() | self.type_keys() {
            xen.notify_guest(0, self.port);
        }
    }

    fn take_output(&mut self) -> bool {
        let mut consumer = self.page.load_u32(OUT_CONS);
        let available = self.page.load_u32(OUT_PROD).wrapping_sub(consumer);
        if available > OUT_SIZE {
            return false; // A test has broken the indices.
        }
        let count = self.chunk.min(available as usize);
        for _ in 0..count {
            let mut byte = [0];
            self.page
                .read(OUT + (consumer % OUT_SIZE) as usize, &mut byte);
            self.output.extend(byte);
            consumer = consumer.wrapping_add(1);
        }
        self.page.store_u32(OUT_CONS, consumer);
        count > 0
    }

    fn type_keys(&mut self) -> bool {
        let mut producer = self.page.load_u32(IN_PROD);
        let used = producer.wrapping_sub(self.page.load_u32(IN_CONS));
        let count = self.typed.len().min(IN_SIZE.saturating_sub(used) as usize);
        for key in self.typed.drain(..count) {
            self.page.write(IN + (producer % IN_SIZE) as usize, &[key]);
            producer = producer.wrapping_add(1);
        }
        if count > 0 {
            self.page.store_u32(IN_PROD, producer);
        }
        count > 0
    }
}
