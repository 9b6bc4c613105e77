// SPDX-License-Identifier: GPL-2.0-or-later
//! Building the loader.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kconfig::Symbol;

use crate::command;
use crate::image;
use crate::output::Output;
use crate::sandbox;

/// What the board's code is compiled for.
pub const TARGET: &str = "aarch64-unknown-none-softfloat";

/// The package, and the name of the program in it.
pub const BOARD: &str = "xenguest_arm64";

/// What the tests' own back-end is compiled for: a static program in Domain-0.
const TARGET_DOM0: &str = "aarch64-unknown-linux-musl";

/// The targets that everything needs.
pub const TARGETS: [&str; 2] = [TARGET, TARGET_DOM0];

/// Builds what the configuration is for: the board's image, or the sandbox.
pub fn build(output: &Output) -> Result<(), String> {
    // Before cargo starts, so that build scripts find it done.
    let symbols = output.config().symbols()?;
    let is_sandbox = |symbol: &Symbol| symbol.name == "SANDBOX" && symbol.value == "y";
    match symbols.iter().any(is_sandbox) {
        true => sandbox::build(output),
        false => build_board(output),
    }
}

/// Builds `u-boot.bin`, `u-boot`, `u-boot.map` and `.config`.
fn build_board(output: &Output) -> Result<(), String> {
    ensure_target(TARGET)?;
    let folder = output.cargo_folder().join(TARGET).join("release");
    let map = folder.join("u-boot.map");
    command::run(
        output
            .cargo("build")
            .args(["--release", "--package", BOARD, "--target", TARGET])
            .env("UBOOT_MAP", &map),
    )?;
    let elf = folder.join(BOARD);
    copy(&elf, &output.file("u-boot"))?;
    copy(&map, &output.file("u-boot.map"))?;
    let bin = output.file("u-boot.bin");
    let image = image::flatten(&elf)?;
    fs::write(&bin, &image).map_err(|e| format!("{}: {e}", bin.display()))?;
    println!("{}: {} bytes", Output::show(&bin), image.len());
    Ok(())
}

/// Builds the tests' own back-end of disks; returns where it is.
pub fn build_blkback(output: &Output) -> Result<PathBuf, String> {
    ensure_target(TARGET_DOM0)?;
    let mut build = output.cargo("build");
    build.args(["--release", "--package=blkback", "--target", TARGET_DOM0]);
    command::run(&mut build)?;
    let folder = output.cargo_folder().join(TARGET_DOM0);
    Ok(folder.join("release/blkback"))
}

/// Adds a target of the compiler where it is missing.
pub fn ensure_target(target: &str) -> Result<(), String> {
    let libraries = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .output()
        .map_err(|e| format!("cannot start rustc: {e}"))?;
    let folder = String::from_utf8_lossy(&libraries.stdout);
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    println!("adding the Rust target {target}");
    command::run(Command::new("rustup").args(["target", "add", target]))
        .map_err(|e| format!("{e}\nThe Rust target {target} is needed"))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to)
        .map(drop)
        .map_err(|e| format!("cannot copy {} to {}: {e}", from.display(), to.display()))
}
