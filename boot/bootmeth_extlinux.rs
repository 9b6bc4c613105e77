// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot method `extlinux`: what an `extlinux.conf` says.
//!
//! Behaviour: U-Boot, `boot/bootmeth_extlinux.c`. Neighbours: [`crate::label`]
//! does the work, for `sysboot` too.

use crate::bootflow::{BootError, Bootflow};
use crate::bootm;
use crate::bootmeth::{Machine, find_and_read};
use crate::extlinux::last_label;
use crate::label::{self, Options, Outcome};
use alloc::string::String;
use fs::FileSystem;

/// The system's name is that of the last label.
fn read(flow: &mut Bootflow, files: &dyn FileSystem) -> common::Result<()> {
    find_and_read(flow, files)?;
    let text = String::from_utf8_lossy(flow.buffer.as_deref().unwrap_or_default());
    flow.os_name = last_label(&text);
    Ok(())
}

fn boot(machine: &mut dyn Machine, flow: &mut Bootflow) -> Result<(), BootError> {
    let options = Options {
        prompt: false,
        fallback: machine.property(flow.method, "fallback") == "1",
    };
    let text = flow.buffer.as_deref().unwrap_or_default();
    let mut outcome = Outcome::Nothing;
    flow.with_loader(machine, |loader, model| {
        outcome = label::boot(loader, text, options, &mut |loader, handover| {
            bootm::start(loader.ram, model, handover)
        })?;
        Ok(())
    })?;
    match outcome {
        Outcome::Started => return Ok(()),
        Outcome::Nothing => return Err(BootError::Failed),
        Outcome::LocalCommand => {}
    }
    let commands = String::from(machine.parts().1.get("localcmd").unwrap_or(""));
    // As with a script: what returns has started nothing, so the next flow is tried.
    match machine.run_script(&commands) {
        0 => Err(BootError::Failed),
        status => Err(BootError::Status(status)),
    }
}

crate::bootmeth! {
    name: "extlinux",
    order: 1,
    description: "Extlinux boot from a block device",
    files: &["extlinux/extlinux.conf"],
    file_type: "extlinux_cfg",
    properties: &[("fallback", &["0", "1"])],
    read: read,
    boot: boot,
}
