// SPDX-License-Identifier: GPL-2.0-or-later
//! The machine of a sandbox: RAM from address 0, with the control device tree at its top.

use crate::Machine;
use crate::mem::{Access, Ram, Reserved};
use crate::sandbox::options::Options;
use fdt::Fdt;
use include::config::CONFIG_SANDBOX_RAM_SIZE_MB;
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use std::fs::{File, OpenOptions};
use std::path::Path;

/// The addresses below are for scripts that name small ones; load addresses
/// begin here, because 0 often means none.
const USABLE: u64 = 2 << 20;
/// Room for edits in the device tree.
const FDT_ROOM: u64 = 64 << 10;
const PAGE: u64 = 4096;

/// Makes the machine. `tree` was checked to be a device tree.
///
/// # Errors
/// A message for the user.
pub fn machine(options: &Options, tree: Vec<u8>) -> Result<Machine, String> {
    let size = (CONFIG_SANDBOX_RAM_SIZE_MB as u64) << 20;
    let room = (tree.len() as u64 + FDT_ROOM).next_multiple_of(PAGE);
    let fdt_address = size
        .checked_sub(room)
        .filter(|&address| address > USABLE)
        .ok_or("the device tree does not fit in the RAM")?;
    let memory = map(options, size)?;
    let reserved = Reserved {
        range: fdt_address..size,
        what: "device tree",
        access: Access::NoLoad,
    };
    // SAFETY: the mapping is new, of this size, and never unmapped.
    let mut ram = unsafe { Ram::mapped(0, memory, size, vec![reserved]) };
    ram.slice_mut(fdt_address, tree.len())
        .map_err(|error| error.to_string())?
        .copy_from_slice(&tree);
    let tree = Fdt::new(tree.leak()).map_err(|error| format!("the device tree: {error:?}"))?;
    Ok(Machine {
        ram,
        tree: Box::leak(Box::new(tree)),
        fdt_address,
        usable: USABLE..fdt_address,
    })
}

/// Maps memory that the host gives when it is used, or the file that the user named.
fn map(options: &Options, size: u64) -> Result<*mut u8, String> {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    let len = usize::try_from(size).map_err(|_| "the host has no room for so much RAM")?;
    let nowhere = core::ptr::null_mut();
    let mapped = match &options.memory {
        // SAFETY: where the host likes, so that nothing is replaced.
        None => unsafe { mmap_anonymous(nowhere, len, access, MapFlags::PRIVATE) },
        Some(path) => {
            let file = memory_file(path, size, options.rm_memory)?;
            let flags = match options.rm_memory {
                true => MapFlags::PRIVATE,
                false => MapFlags::SHARED,
            };
            // SAFETY: as before; the RAM is bytes, which any contents are.
            unsafe { mmap(nowhere, len, access, flags, &file, 0) }
        }
    };
    let memory = mapped.map_err(|error| format!("cannot map {size} bytes of RAM: {error}"))?;
    Ok(memory.cast())
}

/// The file that holds the RAM, made if it is missing.
fn memory_file(path: &Path, size: u64, remove: bool) -> Result<File, String> {
    let failed = |error| format!("{}: {error}", path.display());
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(path).map_err(failed)?;
    let len = file.metadata().map_err(failed)?.len();
    if len == 0 {
        file.set_len(size).map_err(failed)?;
    } else if len != size {
        let path = path.display();
        return Err(format!("{path}: {len} bytes, the RAM has {size}"));
    }
    if remove {
        std::fs::remove_file(path).map_err(failed)?;
    }
    Ok(file)
}
