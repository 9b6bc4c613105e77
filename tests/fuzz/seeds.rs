// SPDX-License-Identifier: GPL-2.0-or-later
//! Where a target begins: files that the real tools make, put into its corpus
//! when it starts.

use std::path::{Path, PathBuf};
use tests::tool::run_with_input;

/// Writes seeds into the corpus that the command line names first, unless they
/// are there. `make` gets a folder to work in.
pub fn plant(make: impl FnOnce(&Path) -> Vec<Vec<u8>>) {
    let folders = std::env::args().skip(1).map(PathBuf::from);
    let Some(corpus) = folders.into_iter().find(|path| path.is_dir()) else {
        return;
    };
    if corpus.join("seed-0").exists() {
        return;
    }
    let work = corpus.join(format!(".work-{}", std::process::id()));
    std::fs::create_dir(&work).expect("the corpus can be written");
    for (index, seed) in make(&work).into_iter().enumerate().rev() {
        std::fs::write(corpus.join(format!("seed-{index}")), seed).expect("it can be written");
    }
    std::fs::remove_dir_all(work).expect("it is there");
}

/// What a command line makes, as `$0`, of bytes, which are in `$1`.
#[allow(dead_code)]
pub fn made(work: &Path, command: &str, input: &[u8]) -> Vec<u8> {
    let (from, to) = (work.join("input"), work.join("output"));
    std::fs::write(&from, input).expect("it can be written");
    let [from, to] = [&from, &to].map(|path| path.to_str().expect("it is text"));
    tests::tool::run("sh", &["-c", command, to, from]);
    std::fs::read(to).expect("the command has made it")
}

/// A device tree that dtc makes of a source.
#[allow(dead_code)]
pub fn tree(work: &Path, source: &str) -> Vec<u8> {
    let to = work.join("tree.dtb");
    let path = to.to_str().expect("it is text");
    run_with_input("dtc", &["-q", "-@", "-O", "dtb", "-o", path, "-"], source);
    std::fs::read(to).expect("dtc has made it")
}
