// SPDX-License-Identifier: GPL-2.0-or-later
//! The sandbox's console: the standard input and output of the process.
#![cfg(CONFIG_SANDBOX_SERIAL)]

use alloc::sync::Arc;
use arch::sandbox::os::{self, Input};
use common::Result;
use dm::serial::Serial;
use dm::{Compatible, Device, Model, Ops, UclassId};
use heapless::Deque;
use spin::Mutex;

/// Bytes that are read from the host at a time.
const CHUNK: usize = 64;

#[derive(Default)]
struct Port {
    input: Deque<u8, CHUNK>,
    /// The input is at its end.
    ended: bool,
}

#[derive(Default)]
struct SandboxSerial(Mutex<Port>);

impl Serial for SandboxSerial {
    fn write(&self, bytes: &[u8]) {
        os::write_output(bytes);
    }

    fn read(&self) -> Option<u8> {
        let mut port = self.0.lock();
        if port.input.is_empty() && !port.ended {
            let mut bytes = [0; CHUNK];
            match os::read_input(&mut bytes) {
                Input::Bytes(len) => {
                    // As many as there is room for.
                    bytes.iter().take(len).for_each(|&byte| {
                        _ = port.input.push_back(byte);
                    });
                }
                Input::Nothing => {}
                Input::End => port.ended = true,
            }
        }
        port.input.pop_front()
    }

    fn wait(&self, timeout_us: u64) {
        let (has_input, ended) = {
            let port = self.0.lock();
            (!port.input.is_empty(), port.ended)
        };
        match (has_input, ended) {
            (true, _) => {}
            (_, true) => os::sleep_us(timeout_us),
            _ => _ = os::input_within(timeout_us),
        }
    }

    fn ended(&self) -> bool {
        let port = self.0.lock();
        port.ended && port.input.is_empty()
    }
}

fn probe(_model: &Model, _port: &Arc<Device>) -> Result<Ops> {
    Ok(Ops::Serial(Arc::new(SandboxSerial::default())))
}

dm::driver! {
    name: "sandbox_serial",
    id: UclassId::Serial,
    of_match: &[Compatible { compatible: "sandbox,serial", data: 0 }],
    probe: Some(probe),
}
