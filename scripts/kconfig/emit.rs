// SPDX-License-Identifier: GPL-2.0-or-later
//! What a build script tells cargo and the compiler about a configuration.

use std::fmt::Write as _;
use std::path::Path;

use crate::config::{Config, Symbol, Type};

/// Prints the `cfg` of each symbol that is on, and when to run again.
pub fn cfgs(config: &Config, symbols: &[Symbol]) {
    println!("cargo:rerun-if-env-changed=KCONFIG_CONFIG");
    println!("cargo:rerun-if-changed={}", config.path().display());
    for path in config.sources() {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    for symbol in symbols.iter().filter(|symbol| symbol.kind == Type::Bool) {
        println!("cargo:rustc-check-cfg=cfg(CONFIG_{})", symbol.name);
        if symbol.value == "y" {
            println!("cargo:rustc-cfg=CONFIG_{}", symbol.name);
        }
    }
}

/// Writes the constants of every symbol to `$OUT_DIR/config.rs`.
pub fn constants(symbols: &[Symbol]) -> Result<(), String> {
    let folder = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: not in a build script")?;
    let path = Path::new(&folder).join("config.rs");
    let mut text = String::new();
    for symbol in symbols {
        let constant = constant(symbol)?;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "/// Value of the configuration symbol of this name.\n{constant}"
        );
    }
    std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// One constant, as Rust code.
fn constant(symbol: &Symbol) -> Result<String, String> {
    let Symbol { name, kind, value } = symbol;
    let bad = |_| format!("CONFIG_{name}: {value:?} is not a number that fits");
    let (kind, value) = match kind {
        Type::Bool => ("bool", (value == "y").to_string()),
        Type::String => ("&str", format!("{value:?}")),
        Type::Int | Type::Hex if value.is_empty() => (number_type(*kind), "0".to_string()),
        Type::Int => ("i64", value.parse::<i64>().map_err(bad)?.to_string()),
        Type::Hex => {
            let digits = value.trim_start_matches("0x").trim_start_matches("0X");
            let number = u64::from_str_radix(digits, 16).map_err(bad)?;
            ("u64", format!("{number:#x}"))
        }
    };
    Ok(format!("pub const CONFIG_{name}: {kind} = {value};"))
}

fn number_type(kind: Type) -> &'static str {
    if kind == Type::Hex { "u64" } else { "i64" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant_of(kind: Type, value: &str) -> Result<String, String> {
        constant(&Symbol {
            name: "X".into(),
            kind,
            value: value.into(),
        })
    }

    #[test]
    fn each_type_has_its_constant() {
        let text = |kind, value| constant_of(kind, value).unwrap();
        assert_eq!(text(Type::Bool, "y"), "pub const CONFIG_X: bool = true;");
        assert_eq!(text(Type::Bool, "n"), "pub const CONFIG_X: bool = false;");
        assert_eq!(text(Type::Int, "-2"), "pub const CONFIG_X: i64 = -2;");
        assert_eq!(
            text(Type::Hex, "0x40080000"),
            "pub const CONFIG_X: u64 = 0x40080000;"
        );
        assert_eq!(
            text(Type::String, "a\"b\\"),
            r#"pub const CONFIG_X: &str = "a\"b\\";"#
        );
    }

    #[test]
    fn a_symbol_without_a_value_is_zero_or_empty() {
        let text = |kind| constant_of(kind, "").unwrap();
        assert_eq!(text(Type::Int), "pub const CONFIG_X: i64 = 0;");
        assert_eq!(text(Type::Hex), "pub const CONFIG_X: u64 = 0;");
        assert_eq!(text(Type::String), r#"pub const CONFIG_X: &str = "";"#);
    }

    #[test]
    fn a_number_that_does_not_fit_is_named() {
        let message = constant_of(Type::Hex, "0x10000000000000000").unwrap_err();
        assert!(message.contains("CONFIG_X"), "{message}");
    }
}
