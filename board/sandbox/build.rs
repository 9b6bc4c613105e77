// SPDX-License-Identifier: GPL-2.0-or-later
//! Compiles the built-in control device tree.

use std::env;
use std::path::Path;

fn main() {
    kconfig::emit();
    let source = kconfig::root().join("arch/sandbox/dts/sandbox.dts");
    println!("cargo:rerun-if-changed={}", source.display());
    let folder = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let target = Path::new(&folder).join("sandbox.dtb");
    if let Err(message) = kconfig::compile_tree(&source, &target) {
        eprintln!("{message}");
        std::process::exit(1);
    }
}
