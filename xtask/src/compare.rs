// SPDX-License-Identifier: GPL-2.0-or-later
//! Comparing answers with those of another loader; the cases are in `tests/compare`.

use std::ffi::OsString;
use std::fs;

use kconfig::Python;

use crate::board::Board;
use crate::build;
use crate::command;
use crate::output::Output;
use crate::packages;
use crate::sandbox;

/// Runs the cases in our sandbox and in another one, or on Xen in our image and in
/// another one. The words are the other program, and the areas to compare if not all.
pub fn compare(board: Board, output: &Output, words: &[OsString]) -> Result<(), String> {
    let (other, areas) = words
        .split_first()
        .ok_or("compare needs the program to compare with")?;
    let other = fs::canonicalize(other).map_err(|e| format!("{other:?}: {e}"))?;
    let ours = match board {
        Board::Sandbox => {
            let sandbox = sandbox::output()?;
            sandbox::build(&sandbox)?;
            sandbox.file("u-boot")
        }
        Board::Xen => {
            packages::ensure()?;
            build::build(output)?;
            output.file("u-boot.bin")
        }
    };
    let python = Python::ensure(&["scripts/kconfig/requirements.txt"])?;
    let mut compare = python.command();
    compare.arg(kconfig::root().join("tests/compare/compare.py"));
    if board == Board::Xen {
        compare.arg("--xen");
    }
    command::run(compare.arg(ours).arg(other).args(areas))
}
