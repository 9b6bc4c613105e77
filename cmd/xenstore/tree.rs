// SPDX-License-Identifier: GPL-2.0-or-later
//! `xenstore ls`: a node's descendants with their values.

use super::{escaped, failed, trimmed};
use crate::CmdResult;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use common::{Error, console, print, println};
use dm::xen::Store;

/// How deep nodes are shown; XenStore's own paths are seldom deeper than ten.
const DEPTH_MAX: usize = 64;
/// Bytes of names that may wait to be shown.
const PENDING_MAX: usize = 1 << 20;

/// A node whose children are being shown.
struct Level {
    path: String,
    /// The names that are still to be shown, the last one first.
    names: Vec<Vec<u8>>,
}

/// Prints what is below a path; with whole paths if `full`.
pub fn show(store: &dyn Store, path: &str, full: bool) -> CmdResult {
    let path = if path == "/" { "" } else { path };
    let mut levels = Vec::new();
    open(store, path, &mut levels)?;
    while let Some(level) = levels.last_mut() {
        let Some(name) = level.names.pop() else {
            levels.pop();
            continue;
        };
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
        // Paths are text: what is none can be shown but not be asked for.
        let child = core::str::from_utf8(&name).map(|name| format!("{}/{name}", level.path));
        let shown = match full {
            true => format!("{}/{}", escaped(level.path.as_bytes()), escaped(&name)),
            false => escaped(&name),
        };
        let indent = if full {
            0
        } else {
            levels.len().saturating_sub(1)
        };
        print!("{:indent$}{shown}", "");
        let Ok(child) = child else {
            println!(":");
            continue;
        };
        match store.read(&child) {
            Ok(value) => println!(" = \"{}\"", escaped(trimmed(&value))),
            Err(Error::Interrupted) => return Err(Error::Interrupted.into()),
            // It is gone, or not for us to read.
            Err(_) => println!(":"),
        }
        open(store, &child, &mut levels)?;
    }
    Ok(())
}

/// Reads the names below a path.
fn open(store: &dyn Store, path: &str, levels: &mut Vec<Level>) -> CmdResult {
    let asked = if path.is_empty() { "/" } else { path };
    let mut names = match store.directory(asked) {
        Ok(names) => names,
        // It went away meanwhile, or is not for us to read.
        Err(Error::NotFound | Error::Permission) if !levels.is_empty() => return Ok(()),
        Err(error) => return Err(failed("list", asked, error)),
    };
    if names.is_empty() {
        return Ok(());
    }
    let waiting = levels.iter().flat_map(|level| &level.names).chain(&names);
    let waiting: usize = waiting.map(Vec::len).sum();
    if levels.len() >= DEPTH_MAX || waiting > PENDING_MAX {
        return Err(failed("list", path, Error::OutOfRange));
    }
    names.reverse();
    levels.push(Level {
        path: path.into(),
        names,
    });
    Ok(())
}
