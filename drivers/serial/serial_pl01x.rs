// SPDX-License-Identifier: GPL-2.0-or-later
//! Arm's PL011 UART, as Xen emulates it (`vuart = "sbsa_uart"` of xl.cfg).
//!
//! Source: Arm DDI 0183 (PL011), the subset of the SBSA generic UART.
#![cfg(CONFIG_PL01X_SERIAL)]

use alloc::sync::Arc;
use arch::mmio::Mmio;
use arch::time::Deadline;
use common::{Error, Result};
use core::sync::atomic::{AtomicBool, Ordering};
use dm::serial::Serial;
use dm::{Compatible, Device, Model, Ops, UclassId};

/// Data register.
const DR: u64 = 0x00;
/// Flag register.
const FR: u64 = 0x18;
/// Flag: nothing was received.
const FR_RXFE: u32 = 1 << 4;
/// Flag: there is no room to send.
const FR_TXFF: u32 = 1 << 5;
/// How long a character may take to leave before it is dropped.
const SEND_MS: u64 = 100;

struct Pl011 {
    registers: Mmio,
    /// Nobody takes what is sent: nothing is waited for until there is room again.
    stuck: AtomicBool,
}

impl Serial for Pl011 {
    fn write(&self, bytes: &[u8]) {
        let is_full = || self.registers.read(FR) & FR_TXFF != 0;
        for &byte in bytes {
            let was_stuck = self.stuck.load(Ordering::Relaxed);
            let deadline = Deadline::after_ms(if was_stuck { 0 } else { SEND_MS });
            while is_full() && !deadline.expired() {
                core::hint::spin_loop();
            }
            self.stuck.store(is_full(), Ordering::Relaxed);
            self.registers.write(DR, byte.into());
        }
    }

    fn read(&self) -> Option<u8> {
        let empty = self.registers.read(FR) & FR_RXFE != 0;
        // The upper bits report reception errors.
        (!empty).then(|| self.registers.read(DR) as u8)
    }

    fn wait(&self, timeout_us: u64) {
        let deadline = Deadline::after_us(timeout_us);
        while self.registers.read(FR) & FR_RXFE != 0 && !deadline.expired() {
            core::hint::spin_loop();
        }
    }
}

fn probe(_model: &Model, port: &Arc<Device>) -> Result<Ops> {
    let reg = port.node().ok_or(Error::NotFound)?.reg(0)?;
    let registers = Mmio::map(reg.start, reg.size).map_err(Error::Invalid)?;
    Ok(Ops::Serial(Arc::new(Pl011 {
        registers,
        stuck: AtomicBool::new(false),
    })))
}

dm::driver! {
    name: "serial_pl01x",
    id: UclassId::Serial,
    of_match: &[Compatible { compatible: "arm,sbsa-uart", data: 0 }, Compatible { compatible: "arm,pl011", data: 0 }],
    probe: Some(probe),
}
