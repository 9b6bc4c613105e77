// SPDX-License-Identifier: GPL-2.0-or-later
//! Measuring; what is measured and how is told in `tests/bench`.

use std::path::Path;

use crate::command;
use crate::output::Output;
use crate::sandbox;

/// Measures the sandbox, and another one beside it.
pub fn bench(against: Option<&Path>) -> Result<(), String> {
    let sandbox = sandbox::output()?;
    sandbox::build(&sandbox)?;
    let mut bench = Output::default().cargo("run");
    bench.args(["--quiet", "--package=tests", "--bin=bench-host", "--"]);
    bench.arg(sandbox.file("u-boot"));
    if let Some(other) = against {
        let other = other
            .canonicalize()
            .map_err(|e| format!("{}: {e}", other.display()))?;
        bench.arg(other);
    }
    command::run(&mut bench)
}
