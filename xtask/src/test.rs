// SPDX-License-Identifier: GPL-2.0-or-later
//! Every check that a change has to pass.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use kconfig::Python;

use crate::build::{self, BOARD, TARGET};
use crate::command;
use crate::differing;
use crate::image;
use crate::output::Output;
use crate::packages;
use crate::sandbox;

/// A step: its name, and what it does.
type Step = (&'static str, fn(&Output) -> Result<(), String>);

/// In order, the fast ones first. The last one ends with the closing line of
/// its test runner.
const STEPS: &[Step] = &[
    ("tools", |_| {
        packages::ensure()?;
        build::TARGETS
            .into_iter()
            .try_for_each(build::ensure_target)
    }),
    ("formatting", formatting),
    ("lints, host", lints_host),
    ("lints, aarch64", lints_board),
    ("lints, sandbox", |_| lints_host(&sandbox::output()?)),
    ("host tests", host_tests),
    ("host tests, sandbox", host_tests_again),
    ("sandbox", test_sandbox),
    ("undefined behaviour", |output| {
        // The interpreter uses one processor for long; Debian's disks for the tests on Xen are made beside it.
        std::thread::scope(|scope| {
            let disks = scope.spawn(debian_disks);
            interpreted(output)?;
            disks.join().unwrap_or_else(panicked)
        })
    }),
    ("aarch64 build", build::build),
    ("reduced configuration", reduced),
    ("stored environment", stored_environment),
    ("end-to-end tests on Xen", end_to_end),
];

/// Parts that can be switched off: the symbols, and what then must not be in
/// the program (crate and module as they are in a mangled name).
const REMOVABLE: &[(&[&str], &str)] = &[
    (&["CMD_EXT4"], "3cmd4ext4"),
    (&["CMD_EXT4"], "2fs4ext4"),
    (&["CMD_FDT"], "3cmd3fdt"),
    (&["CMD_MEMORY"], "3cmd6memory"),
    (&["XEN_SERIAL"], "6serial10serial_xen"),
];

/// Runs all steps, and stops at the first that fails.
pub fn test(output: &Output) -> Result<(), String> {
    let mut times = Vec::new();
    for (name, step) in STEPS {
        println!("==> {name}");
        let start = Instant::now();
        let outcome = step(output);
        times.push(format!("{name} {} s", start.elapsed().as_secs()));
        if let Err(message) = outcome {
            println!("==> failed: {}", times.join(", "));
            return Err(format!("{name}: {message}"));
        }
        // The summary comes before the last step's own closing line.
        if times.len() + 1 == STEPS.len() {
            println!("==> passed: {}", times.join(", "));
        }
    }
    Ok(())
}

/// All sources by name: `cargo fmt` does not see the modules that build scripts find.
fn formatting(_output: &Output) -> Result<(), String> {
    let mut sources = Vec::new();
    find_sources(kconfig::root(), &mut sources).map_err(|e| format!("the sources: {e}"))?;
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--check", "--edition", "2024"]).args(sources);
    command::run(rustfmt.current_dir(kconfig::root()))
}

pub fn find_sources(folder: &Path, sources: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            let name = path.file_name().unwrap_or_default();
            if name != "target" && name != ".git" {
                find_sources(&path, sources)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    Ok(())
}

fn lints_host(output: &Output) -> Result<(), String> {
    let mut clippy = output.cargo("clippy");
    clippy.args(["--workspace", "--exclude", BOARD, "--all-targets"]);
    if !output.is_sandbox() {
        clippy.args(["--exclude", sandbox::BOARD]);
    }
    command::run(clippy.args(["--", "--deny", "warnings"]))
}

fn lints_board(output: &Output) -> Result<(), String> {
    let mut clippy = output.cargo("clippy");
    clippy.args(["--package", BOARD, "--target", TARGET, "--release"]);
    command::run(clippy.args(["--", "--deny", "warnings"]))
}

fn host_tests(output: &Output) -> Result<(), String> {
    let mut test = output.cargo("test");
    // The sandbox itself has its own tests.
    test.args([
        "--workspace",
        "--exclude",
        BOARD,
        "--exclude",
        sandbox::BOARD,
    ]);
    command::run(&mut test)
}

/// Those that the other configuration may have another outcome for.
fn host_tests_again(first: &Output) -> Result<(), String> {
    let output = sandbox::output()?;
    let targets = differing::targets(&first.config(), &output.config())?;
    let mut libraries = output.cargo("test");
    libraries.arg("--lib");
    libraries.args(targets.packages.iter().flat_map(|name| ["--package", name]));
    command::run(&mut libraries)?;
    let mut tests = output.cargo("test");
    tests.args(["--package", "tests"]);
    tests.args(targets.tests.iter().flat_map(|name| ["--test", name]));
    command::run(&mut tests)
}

/// The program, as a user starts it.
fn test_sandbox(_output: &Output) -> Result<(), String> {
    let output = sandbox::output()?;
    build::build(&output)?;
    let program = ("UBOOT_SANDBOX", output.file("u-boot"));
    command::run(&mut pytest(&["tests/sandbox"], &[program])?)
}

/// The crate that shares memory in an interpreter that notices undefined
/// behaviour, in two halves at the same time; tests that would take it too long
/// say so themselves.
fn interpreted(output: &Output) -> Result<(), String> {
    if !ensure_miri() {
        println!("NOT DONE: Miri is missing and cannot be installed; by hand: {ADD_MIRI}");
        return Ok(());
    }
    let miri = |options: &[&str]| {
        let mut miri = output.program("rustup");
        miri.args(["run", "nightly", "cargo", "miri", "test", "--lib"]);
        // The other packages use tables that a linker makes.
        miri.arg("--package=drivers").args(options);
        // Shared pages have addresses that front-end and back-end make pointers from,
        // and a page that a back-end keeps is never freed.
        miri.env(
            "MIRIFLAGS",
            "-Zmiri-permissive-provenance -Zmiri-ignore-leaks",
        );
        miri
    };
    command::run(&mut miri(&["--no-run"]))?;
    let skipped = HALF.map(|name| ["--skip", name]).concat();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let all_but = [&["--", "xen"], &skipped[..]].concat();
            command::run_beside(&mut miri(&all_but))
        });
        command::run(&mut miri(&[&["--"], &HALF[..]].concat()))?;
        other.join().unwrap_or_else(panicked)
    })
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Result<(), String> {
    Err("a thread panicked".to_owned())
}

/// What takes the interpreter half of its time.
const HALF: [&str; 3] = [
    "xen::tests::disk_",
    "xen::tests::grants",
    "xen::tests::store",
];

const ADD_MIRI: &str =
    "rustup toolchain install nightly --profile minimal --component miri --component rust-src";

fn ensure_miri() -> bool {
    let version = ["run", "nightly", "cargo", "miri", "--version"];
    command::succeeds(Command::new("rustup").args(version)) || {
        let mut words = ADD_MIRI.split(' ');
        let mut add = Command::new(words.next().unwrap_or_default());
        command::run(add.args(words)).is_ok()
    }
}

/// What is switched off must be gone from the image, and be there otherwise.
fn reduced(output: &Output) -> Result<(), String> {
    let folder = output.file("reduced");
    let small = Output::at(folder.clone());
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let defconfig = folder.join("defconfig");
    let mut text = fs::read_to_string(kconfig::root().join("configs/xenguest_arm64_defconfig"))
        .map_err(|e| format!("configs/xenguest_arm64_defconfig: {e}"))?;
    for symbol in REMOVABLE.iter().flat_map(|(symbols, _)| *symbols) {
        text = text.replace(&format!("CONFIG_{symbol}=y\n"), "");
        text += &format!("# CONFIG_{symbol} is not set\n");
    }
    fs::write(&defconfig, text).map_err(|e| format!("{}: {e}", defconfig.display()))?;
    small.config().load_defconfig(&defconfig)?;
    build::build(&small)?;
    let full = image::symbols(&output.file("u-boot"))?;
    let rest = image::symbols(&small.file("u-boot"))?;
    for (symbols, part) in REMOVABLE {
        let has = |names: &[String]| names.iter().any(|name| name.contains(part));
        if has(&rest) {
            return Err(format!("{part} is in the image without {symbols:?}"));
        }
        if !has(&full) {
            return Err(format!("{part} is not in the image with {symbols:?}"));
        }
    }
    Ok(())
}

/// The image that keeps its environment on a disk, for the tests on Xen.
fn stored_environment(output: &Output) -> Result<(), String> {
    let stored = Output::at(output.file("env"));
    let defconfig = kconfig::root().join("configs/xenguest_arm64_env_defconfig");
    stored.config().load_defconfig(&defconfig)?;
    build::build(&stored)
}

fn end_to_end(output: &Output) -> Result<(), String> {
    let programs = [
        ("UBOOT_BIN", output.file("u-boot.bin")),
        ("UBOOT_REDUCED", output.file("reduced/u-boot.bin")),
        ("BLKBACK_BIN", build::build_blkback(output)?),
        ("UBOOT_ENV", output.file("env/u-boot.bin")),
    ];
    let debian = "tests/xen/test_debian.py";
    // Each has a Xen host, which uses little more than one processor.
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| command::run_beside(&mut pytest(&[debian], &programs)?));
        command::run(&mut pytest(&["tests/xen", "--ignore", debian], &programs)?)?;
        beside.join().unwrap_or_else(panicked)
    })
}

fn debian_disks() -> Result<(), String> {
    let python = Python::ensure(&["scripts/kconfig/requirements.txt"])?;
    command::run(
        python
            .command()
            .arg(kconfig::root().join("tests/xen/debian.py")),
    )
}

/// Runs tests on programs, which they find in variables.
fn pytest(tests: &[&str], programs: &[(&str, PathBuf)]) -> Result<Command, String> {
    let python = Python::ensure(&[
        "scripts/kconfig/requirements.txt",
        "tests/xen/requirements.txt",
    ])?;
    let mut pytest = python.command();
    pytest
        .args(["-m", "pytest", "-p", "no:cacheprovider"])
        .args(["--durations=5"])
        .args(tests)
        .envs(programs.iter().map(|(name, path)| (name, path)))
        .current_dir(kconfig::root());
    Ok(pytest)
}
