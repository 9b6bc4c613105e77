// SPDX-License-Identifier: GPL-2.0-or-later
//! U-Boot's own test suite, on the sandbox or on a guest of a real Xen.

use std::ffi::OsString;
use std::fs;

use kconfig::{DEFAULT_BOARD, Python};

use crate::board::Board;
use crate::build;
use crate::command;
use crate::output::{self, Output};
use crate::packages;
use crate::sandbox;

/// Tests that need a command the board has not, without saying so. The suite takes
/// the message for a dead board, and ends.
const LEFT_OUT: &[(Board, &str)] = &[
    (Board::Sandbox, "test_extension.py::test_extension"),
    (Board::Xen, "test_gpt.py::test_gpt_set_bootable"),
    (Board::Xen, "test_gpt.py::test_gpt_transpose"),
];

/// Builds the board, and runs the suite of a source tree of U-Boot's on it: the
/// first of `words` is its path, the others are arguments for its `test/py/test.py`.
pub fn run(board: Board, image: Output, words: &[OsString]) -> Result<(), String> {
    let (checkout, arguments) = words
        .split_first()
        .ok_or("uboot-pytest needs the path of a source tree of U-Boot's")?;
    let checkout = fs::canonicalize(checkout).map_err(|e| format!("{checkout:?}: {e}"))?;
    packages::ensure()?;
    let (output, name) = match board {
        Board::Sandbox => (sandbox::output()?, sandbox::BOARD),
        Board::Xen => (image.dated(), DEFAULT_BOARD),
    };
    build::build(&output)?;
    // The suite reads the configuration in both places.
    let copy = output.file("include/autoconf.mk");
    output::make_folder_of(&copy)?;
    fs::copy(output.file(".config"), &copy).map_err(|e| format!("{}: {e}", copy.display()))?;
    link_tools(&output)?;
    let requirements = checkout.join("test/py/requirements.txt");
    let python = Python::ensure_in("venv-uboot", &[&requirements.to_string_lossy()])?;
    let folder = kconfig::root().join("tests/uboot");
    let mut test = python.command();
    if board == Board::Xen {
        test.arg(folder.join("on_xen.py"))
            .arg(output.file("u-boot.bin"));
    }
    test.arg("./test/py/test.py").current_dir(&checkout);
    test.args(["-p", "no:cacheprovider", "--board-type", name]);
    // Where it finds what it wants to know of the board.
    test.env("PYTHONPATH", folder);
    for (option, folder) in [
        ("--build-dir", "."),
        ("--result-dir", "uboot-pytest"),
        ("--persistent-data-dir", "uboot-pytest/data"),
    ] {
        test.arg(option).arg(output.file(folder));
    }
    for (_, name) in LEFT_OUT.iter().filter(|(of, _)| *of == board) {
        test.arg(format!("--deselect=tests/{name}"));
    }
    command::run(test.args(arguments))
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
            output::make_folder_of(&link)?;
            std::os::unix::fs::symlink(&program, &link)
                .map_err(|e| format!("{}: {e}", link.display()))?;
        }
    }
    Ok(())
}
