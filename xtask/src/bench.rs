// SPDX-License-Identifier: GPL-2.0-or-later
//! Measuring; what is measured and how is told in `tests/bench`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use kconfig::Python;

use crate::build;
use crate::command;
use crate::output::Output;
use crate::sandbox;

/// Where an arm64 image has its mark, and the mark.
const IMAGE_MAGIC: (usize, &[u8; 4]) = (56, b"ARM\x64");

/// Measures the command line in the sandbox, and on Xen the disks and the start
/// of a system; with other programs to compare with, only where these run.
pub fn bench(output: &Output, against: &[PathBuf]) -> Result<(), String> {
    let mut sandboxes = Vec::new();
    let mut images = Vec::new();
    for path in against {
        let path = path
            .canonicalize()
            .map_err(|e| format!("{}: {e}", path.display()))?;
        match is_image(&path)? {
            true => images.push(path),
            false => sandboxes.push(path),
        }
    }
    if sandboxes.len() > 1 {
        return Err("the command line is measured against one other sandbox at a time".into());
    }
    if !sandboxes.is_empty() || images.is_empty() {
        on_host(&sandboxes)?;
    }
    if !images.is_empty() || sandboxes.is_empty() {
        on_xen(output, &images)?;
    }
    Ok(())
}

fn is_image(path: &Path) -> Result<bool, String> {
    let (offset, magic) = IMAGE_MAGIC;
    let mut header = Vec::new();
    File::open(path)
        .and_then(|file| file.take(64).read_to_end(&mut header))
        .map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(header
        .get(offset..)
        .is_some_and(|rest| rest.starts_with(magic)))
}

fn on_host(others: &[PathBuf]) -> Result<(), String> {
    let sandbox = sandbox::output()?;
    sandbox::build(&sandbox)?;
    let mut bench = Output::default().cargo("run");
    bench.args(["--quiet", "--package=tests", "--bin=bench-host", "--"]);
    command::run(bench.arg(sandbox.file("u-boot")).args(others))
}

fn on_xen(output: &Output, others: &[PathBuf]) -> Result<(), String> {
    build::build(output)?;
    let python = Python::ensure(&["scripts/kconfig/requirements.txt"])?;
    let blkback = build::build_blkback(output)?;
    for script in ["pvblock", "debian"] {
        let mut bench = python.command();
        bench.current_dir(kconfig::root());
        bench.args(["-u", &format!("tests/bench/{script}.py")]);
        bench.env("BLKBACK_BIN", &blkback);
        bench.arg(output.file("u-boot.bin"));
        for other in others {
            bench.arg("--against").arg(other);
        }
        command::run(&mut bench)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_told_from_programs() {
        let path = std::env::temp_dir().join(format!("bench-{}", std::process::id()));
        let mut bytes = vec![0; 64];
        for (magic, is) in [(b"ARM\x64", true), (b"\x7fELF", false)] {
            bytes[56..60].copy_from_slice(magic);
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(is_image(&path), Ok(is));
        }
        std::fs::write(&path, "short").unwrap();
        assert_eq!(is_image(&path), Ok(false));
        std::fs::remove_file(&path).unwrap();
        assert!(is_image(&path).is_err());
    }
}
