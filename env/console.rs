// SPDX-License-Identifier: GPL-2.0-or-later
//! `stdin`, `stdout`, `stderr`: the variables that choose a console device.
//!
//! Behaviour: U-Boot, `common/console.c`: the name of no device is refused, and
//! the variables cannot be deleted.

use crate::By;
use crate::callback::Change;
use common::console::{self, File};
use common::{Error, Result, println};

fn change(change: &Change) -> Result<()> {
    let mut files = File::ALL.into_iter();
    let Some(file) = files.find(|file| file.name() == change.name) else {
        return Ok(());
    };
    match change.value {
        // Before there are consoles, any name will do.
        _ if console::devices().is_empty() => Ok(()),
        Some(device) => {
            console::assign(file, device).map_err(|_| Error::Invalid("no such console device"))
        }
        None => {
            if change.by != By::Force {
                println!("Can't delete \"{}\"", change.name);
            }
            Err(Error::Permission)
        }
    }
}

crate::env_callback! {
    name: "console",
    run: change,
}
