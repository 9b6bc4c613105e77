// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot method `script`: a script of the shell in an image, `boot.scr`.
//!
//! Behaviour: U-Boot, `doc/develop/bootstd/script.rst`. Unlike there, a disk
//! without a partition table may have one, too.

use crate::bootflow::{BootError, Bootflow};
use crate::bootm;
use crate::bootmeth::{Machine, find_and_read};
use crate::script;
use crate::spec::Part;
use alloc::format;
use alloc::string::String;
use common::Result;
use env::Env;
use fs::FileSystem;

/// What a script of Armbian has in it.
const ARMBIAN: &[u8] = b"armbianEnv";

fn read(flow: &mut Bootflow, files: &dyn FileSystem) -> Result<()> {
    find_and_read(flow, files)?;
    flow.subdir = Some(format!("{}/", flow.folder()));
    let bytes = flow.buffer.as_deref().unwrap_or_default();
    let mut windows = bytes.windows(ARMBIAN.len());
    flow.os_name = windows
        .any(|window| window == ARMBIAN)
        .then(|| String::from("Armbian"));
    Ok(())
}

/// A script that boots does not end: whatever its status, it failed.
fn boot(machine: &mut dyn Machine, flow: &mut Bootflow) -> core::result::Result<(), BootError> {
    let (_, env, _) = machine.parts();
    tell(env, flow).map_err(|error| bootm::failed("Cannot set the script's variables", error))?;
    let verify = env.get_yesno("verify") != Some(false);
    let bytes = flow.buffer.as_deref().unwrap_or_default();
    let text = script::text(bytes, bytes.as_ptr() as u64, Part::Any, verify)?;
    match machine.run_script(&text) {
        0 => Err(BootError::Failed),
        status => Err(BootError::Status(status)),
    }
}

/// Says in the environment where the script is from.
fn tell(env: &mut Env, flow: &Bootflow) -> Result<()> {
    let (number, part) = (flow.bootdev.number, flow.partition.number);
    env.set("devtype", flow.bootdev.interface)?;
    env.set("devnum", &format!("{number:x}"))?;
    env.set("distro_bootpart", &format!("{part:x}"))?;
    env.set("prefix", flow.subdir.as_deref().unwrap_or_default())
}

crate::bootmeth! {
    name: "script",
    order: 2,
    description: "Script boot from a block device",
    files: &["boot.scr.uimg", "boot.scr"],
    file_type: "script",
    read: read,
    boot: boot,
}
