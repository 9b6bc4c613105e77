// SPDX-License-Identifier: GPL-2.0-or-later
//! Guests in a row on Xen, and what is lost with them; how is told in `tests/xen/soak.py`.

use kconfig::Python;

use crate::build;
use crate::command;
use crate::output::Output;
use crate::packages;

/// Builds the loader, and boots Linux with it in so many guests.
pub fn soak(output: &Output, count: Option<u32>) -> Result<(), String> {
    packages::ensure()?;
    build::build(output)?;
    let python = Python::ensure(&["scripts/kconfig/requirements.txt"])?;
    let mut soak = python.command();
    soak.current_dir(kconfig::root());
    soak.args(["-u", "tests/xen/soak.py"]);
    soak.arg(output.file("u-boot.bin"));
    soak.args(count.map(|count| count.to_string()));
    command::run(&mut soak)
}
