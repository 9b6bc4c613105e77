// SPDX-License-Identifier: GPL-2.0-or-later
//! Armv8 processors.
//!
//! Their kind is that of the processor we run on: a guest's are all the same,
//! and those of the others cannot be asked.
#![cfg(CONFIG_CPU_ARMV8)]

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use common::{Error, Result};
use dm::cpu::{Cpu, CpuInfo};
use dm::ofnode::OfNode;
use dm::{Compatible, Device, Model, Ops, UclassId};

struct Armv8(OfNode);

impl Cpu for Armv8 {
    fn description(&self) -> String {
        format!("CPU MIDR {:04x}", arch::cpu_part())
    }

    fn info(&self) -> CpuInfo {
        CpuInfo {
            id: cells(self.0, "reg") as u32,
            frequency: cells(self.0, "clock-frequency"),
            features: &["L1 cache", "MMU"],
        }
    }
}

/// A number of one or two cells; 0 if there is none.
fn cells(node: OfNode, name: &str) -> u64 {
    let value = node.property(name).unwrap_or_default();
    match (<[u8; 4]>::try_from(value), <[u8; 8]>::try_from(value)) {
        (Ok(cell), _) => u32::from_be_bytes(cell).into(),
        (_, Ok(cells)) => u64::from_be_bytes(cells),
        _ => 0,
    }
}

fn probe(_model: &Model, device: &Arc<Device>) -> Result<Ops> {
    let node = device.node().ok_or(Error::NotFound)?;
    Ok(Ops::Cpu(Arc::new(Armv8(node))))
}

dm::driver! {
    name: "arm-cpu",
    id: UclassId::Cpu,
    of_match: &[Compatible { compatible: "arm,armv8", data: 0 }],
    probe: Some(probe),
}
