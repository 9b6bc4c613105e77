// SPDX-License-Identifier: GPL-2.0-or-later
//! Starting the loader on a real Xen, on the user's terminal.

use std::path::PathBuf;

use kconfig::Python;

use crate::build;
use crate::command;
use crate::output::Output;
use crate::packages;

/// The guest that the user wants.
pub struct Guest {
    /// Stop at the prompt.
    pub prompt: bool,
    /// A raw disk image of the user's.
    pub disk: Option<PathBuf>,
    /// Memory in MiB.
    pub memory: u32,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            prompt: false,
            disk: None,
            memory: 512,
        }
    }
}

/// Sets up what is missing, builds the loader and runs it until Ctrl-].
pub fn run(output: &Output, guest: &Guest) -> Result<(), String> {
    // A wrong name should not come out after minutes of building.
    if let Some(disk) = &guest.disk {
        std::fs::File::open(disk).map_err(|e| format!("{}: {e}", disk.display()))?;
    }
    packages::ensure()?;
    build::build(output)?;
    let python = Python::ensure(&["scripts/kconfig/requirements.txt"])?;
    let mut run = python.command();
    run.arg(kconfig::root().join("tests/xen/run.py"))
        .arg(output.file("u-boot.bin"))
        .arg(format!("--memory={}", guest.memory));
    if guest.prompt {
        run.arg("--prompt");
    }
    if let Some(disk) = &guest.disk {
        run.arg("--disk").arg(disk);
    }
    command::run(&mut run)
}
