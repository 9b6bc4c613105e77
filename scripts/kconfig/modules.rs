// SPDX-License-Identifier: GPL-2.0-or-later
//! Module declarations from what lies in a folder, so that adding a command or
//! a driver is adding its file.

use std::path::Path;
use std::{env, fs};

/// Writes `$OUT_DIR/modules-NAME.rs` with a `mod` for each source file of `dir`
/// (relative to the crate) that its `lib.rs` or `mod.rs` does not declare
/// itself. The file includes it; each module says in its own first line, with
/// `#![cfg(CONFIG_...)]`, when it is part of the image.
///
/// `NAME` is the last part of `dir`, or the crate's name for the crate's own folder.
pub fn emit_modules(dir: &str) {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let folder = Path::new(&root).join(dir);
    println!("cargo:rerun-if-changed={}", folder.display());
    let name = folder
        .file_name()
        .and_then(|n| n.to_str())
        .expect("a folder has a name");
    let declared: String = ["lib.rs", "mod.rs"]
        .iter()
        .filter_map(|f| fs::read_to_string(folder.join(f)).ok())
        .collect();
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect();
    files.sort();
    let mut text = String::new();
    for file in files {
        let stem = file
            .file_stem()
            .and_then(|s| s.to_str())
            .expect("source files have UTF-8 names");
        let own = matches!(stem, "lib" | "mod" | "build")
            || declared
                .lines()
                .any(|l| l.ends_with(&format!("mod {stem};")));
        if !own {
            text += &format!("#[path = {:?}]\nmod {stem};\n", file);
        }
    }
    fs::write(Path::new(&out).join(format!("modules-{name}.rs")), text)
        .expect("OUT_DIR is writable");
}
