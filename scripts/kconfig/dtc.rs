// SPDX-License-Identifier: GPL-2.0-or-later
//! Compiling device trees.

use std::path::Path;
use std::process::Command;

use crate::python::capture;

/// Compiles a device tree's source with dtc.
///
/// # Errors
/// A message for the user.
pub fn compile_tree(source: &Path, target: &Path) -> Result<(), String> {
    let mut dtc = Command::new("dtc");
    dtc.args(["-q", "-I", "dts", "-O", "dtb", "-o"]);
    let outcome = capture(dtc.arg(target).arg(source)).map(drop);
    outcome.map_err(|e| {
        format!("cannot compile the device tree: {e}\nOn Debian, dtc is installed with: apt-get install device-tree-compiler")
    })
}
