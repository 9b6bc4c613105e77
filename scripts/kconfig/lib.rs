// SPDX-License-Identifier: GPL-2.0-or-later
//! Turns the Kconfig configuration into what Rust code is compiled with.
//!
//! The build script of a crate that depends on the configuration calls [`emit`];
//! its code can then say `#[cfg(CONFIG_CMD_EXT4)]`. The crate of interface
//! definitions also calls [`emit_constants`], for values such as
//! `CONFIG_SYS_PROMPT`. `xtask` uses [`Config`] to make and change
//! configurations.
//!
//! The configuration is the file that `$KCONFIG_CONFIG` names, or else
//! `target/xenguest_arm64/.config`, which is made from the default
//! configuration when it is missing: a fresh checkout builds as it is.

mod config;
mod dtc;
mod emit;
mod modules;
mod python;

use std::path::Path;

pub use config::{Config, DEFAULT_BOARD, Symbol, Type};
pub use dtc::compile_tree;
pub use modules::emit_modules;
pub use python::{Python, capture};

/// Sets a `cfg` for each symbol that is on, for the crate of this build script.
pub fn emit() {
    or_stop(current().map(|(config, symbols)| emit::cfgs(&config, &symbols)));
}

/// Writes `$OUT_DIR/config.rs` with a constant for the value of each symbol.
///
/// Booleans are `bool`, `int` is `i64`, `hex` is `u64` and `string` is `&str`.
/// A symbol without a value is 0 or empty, so code that names it compiles in
/// each configuration.
pub fn emit_constants() {
    or_stop(current().and_then(|(_, symbols)| emit::constants(&symbols)));
}

/// The root folder of this source tree.
pub fn root() -> &'static Path {
    // This crate is in scripts/kconfig.
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.nth(2).unwrap_or(Path::new("/"))
}

/// The configuration in force, brought up to date.
fn current() -> Result<(Config, Vec<Symbol>), String> {
    let config = Config::from_env();
    let symbols = config.symbols()?;
    Ok((config, symbols))
}

/// Ends a build script with a message that cargo shows, rather than a panic.
fn or_stop(result: Result<(), String>) {
    if let Err(message) = result {
        eprintln!("{message}");
        std::process::exit(1);
    }
}
