// SPDX-License-Identifier: GPL-2.0-or-later
//! The real tools that make images; a missing one fails the test that needs it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a tool and returns what it printed.
pub fn run(tool: &str, args: &[&str]) -> String {
    run_with_input(tool, args, "")
}

/// Runs a tool that reads commands.
pub fn run_with_input(tool: &str, args: &[&str], input: &str) -> String {
    let (succeeded, stdout, stderr) = outcome(tool, args, input);
    assert!(succeeded, "{tool} {args:?} failed:\n{stdout}{stderr}");
    stdout
}

/// Runs a tool that may fail; returns whether it succeeded, and what it printed.
pub fn outcome(tool: &str, args: &[&str], input: &str) -> (bool, String, String) {
    // Debian has most of them where only root looks.
    let path = format!(
        "{}:/usr/sbin:/sbin",
        std::env::var("PATH").unwrap_or_default()
    );
    let mut child = Command::new("env")
        .arg(format!("PATH={path}"))
        .arg(tool)
        .args(args)
        .env("MTOOLS_SKIP_CHECK", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{tool}: {error}"));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// A new image file of a size in bytes, full of zeros.
pub fn image(folder: &Path, name: &str, size: u64) -> PathBuf {
    let path = folder.join(name);
    std::fs::File::create(&path)
        .and_then(|file| file.set_len(size))
        .unwrap();
    path
}

/// A path as an argument.
pub fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}
