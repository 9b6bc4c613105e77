// SPDX-License-Identifier: GPL-2.0-or-later
//! The sandbox: the loader as a process of this machine.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use kconfig::Python;

use crate::command;
use crate::output::Output;
use crate::packages;

/// The package of the program, and the name of its configuration.
pub const BOARD: &str = "sandbox";

/// The program in the package.
const PROGRAM: &str = "u-boot";

/// The variable with the date of a build.
const DATE: &str = "SOURCE_DATE_EPOCH";

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
    let mut cargo = output.cargo("build");
    cargo.args(["--profile", BOARD, "--package", BOARD]);
    if std::env::var_os(DATE).is_none() {
        cargo.envs(commit_time().map(|time| (DATE, time)));
    }
    command::run(&mut cargo)?;
    for (source, target) in TREES {
        let source = kconfig::root().join("arch/sandbox/dts").join(source);
        let target = output.file(target);
        make_folder_of(&target)?;
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

/// Puts the host's tools where the suite looks for those of a build; what is missing fails its test.
fn link_tools(output: &Output) -> Result<(), String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    for (name, place) in [
        ("mkimage", "tools/mkimage"),
        ("dumpimage", "tools/dumpimage"),
        ("dtc", "scripts/dtc/dtc"),
    ] {
        let mut programs = std::env::split_paths(&path).map(|folder| folder.join(name));
        let link = output.file(place);
        if let Some(program) = programs.find(|program| program.is_file())
            && !link.exists()
        {
            make_folder_of(&link)?;
            std::os::unix::fs::symlink(&program, &link)
                .map_err(|e| format!("{}: {e}", link.display()))?;
        }
    }
    Ok(())
}

/// When the source was committed, in seconds since 1970: test suites for U-Boot's
/// sandbox look for a date behind its version.
fn commit_time() -> Option<String> {
    let mut git = Command::new("git");
    git.args(["log", "-1", "--format=%ct"]);
    let outcome = git.current_dir(kconfig::root()).output().ok()?;
    let time = String::from_utf8(outcome.stdout).ok()?.trim().to_string();
    time.parse::<u64>().is_ok().then_some(time)
}

/// Runs U-Boot's own test suite on the sandbox: what is in `checkout`, a source
/// tree of U-Boot's, with further arguments for its `test/py/test.py`.
pub fn uboot_pytest(words: &[OsString]) -> Result<(), String> {
    let (checkout, arguments) = words
        .split_first()
        .ok_or("uboot-pytest needs the path of a source tree of U-Boot's")?;
    let checkout = fs::canonicalize(checkout).map_err(|e| format!("{checkout:?}: {e}"))?;
    let output = output()?;
    build(&output)?;
    // The suite reads the configuration in both places.
    let copy = output.file("include/autoconf.mk");
    make_folder_of(&copy)?;
    fs::copy(output.file(".config"), &copy).map_err(|e| format!("{}: {e}", copy.display()))?;
    link_tools(&output)?;
    let requirements = checkout.join("test/py/requirements.txt");
    let python = Python::ensure_in("venv-uboot", &[&requirements.to_string_lossy()])?;
    let mut test = python.command();
    test.arg("./test/py/test.py").current_dir(&checkout);
    test.args(["-p", "no:cacheprovider", "--board-type", BOARD]);
    // Where it finds what it wants to know of the board.
    test.env("PYTHONPATH", kconfig::root().join("tests/sandbox"));
    for (option, folder) in [
        ("--build-dir", "."),
        ("--result-dir", "uboot-pytest"),
        ("--persistent-data-dir", "uboot-pytest/data"),
    ] {
        test.arg(option).arg(output.file(folder));
    }
    command::run(test.args(arguments))
}

fn make_folder_of(path: &Path) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}
