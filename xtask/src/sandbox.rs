// SPDX-License-Identifier: GPL-2.0-or-later
//! The sandbox: the loader as a process of this machine.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::command;
use crate::output::{self, Output};
use crate::packages;

/// The package of the program, and the name of its configuration.
pub const BOARD: &str = "sandbox";

/// The program in the package.
const PROGRAM: &str = "u-boot";

/// Device trees: the source in `arch/sandbox/dts`, and where the program looks for it.
const TREES: [(&str, &str); 2] = [
    ("sandbox.dts", "u-boot.dtb"),
    ("test.dts", "arch/sandbox/dts/test.dtb"),
];

/// The sandbox's folder, configured.
pub fn output() -> Result<Output, String> {
    let output = Output::of(BOARD);
    if !output.file(".config").exists() {
        let defconfig = kconfig::root().join("configs/sandbox_defconfig");
        output.config().load_defconfig(&defconfig)?;
    }
    Ok(output)
}

/// Builds `u-boot`, its device trees and `.config`.
pub fn build(output: &Output) -> Result<(), String> {
    packages::ensure()?;
    let mut cargo = output.dated().cargo("build");
    cargo.args(["--profile", BOARD, "--package", BOARD]);
    command::run(&mut cargo)?;
    for (source, target) in TREES {
        let source = kconfig::root().join("arch/sandbox/dts").join(source);
        let target = output.file(target);
        output::make_folder_of(&target)?;
        kconfig::compile_tree(&source, &target)?;
    }
    // A program that runs cannot be written to, but another one can take its name.
    let built = output.cargo_folder().join(BOARD).join(PROGRAM);
    let (new, program) = (output.file("u-boot.new"), output.file(PROGRAM));
    fs::copy(&built, &new)
        .and_then(|_| fs::rename(&new, &program))
        .map_err(|e| format!("{}: {e}", program.display()))?;
    Ok(())
}

/// Builds it and becomes it.
pub fn run(arguments: &[OsString]) -> Result<(), String> {
    let output = output()?;
    build(&output)?;
    let program = output.file(PROGRAM);
    let error = Command::new(&program).args(arguments).exec();
    Err(format!("{}: {error}", program.display()))
}
