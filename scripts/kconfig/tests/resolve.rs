// SPDX-License-Identifier: GPL-2.0-or-later
//! Resolving the tree's Kconfig files with the real kconfiglib.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kconfig::{Config, Symbol};

/// A folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn value<'a>(symbols: &'a [Symbol], name: &str) -> &'a str {
    let found = symbols.iter().find(|symbol| symbol.name == name);
    &found.unwrap_or_else(|| panic!("no symbol {name}")).value
}

#[test]
fn a_missing_configuration_is_made_from_the_default() {
    let config = Config::at(folder("missing").join(".config"));
    let symbols = config.symbols().unwrap();
    assert_eq!(value(&symbols, "TARGET_XENGUEST_ARM64"), "y");
    assert_eq!(value(&symbols, "SYS_PROMPT"), "xenguest# ");
    assert_eq!(value(&symbols, "BOOTDELAY"), "10");
    assert!(config.path().exists());
}

#[test]
fn an_edited_configuration_is_resolved_again() {
    let config = Config::at(folder("edited").join(".config"));
    assert_eq!(value(&config.symbols().unwrap(), "CMD_EXT4"), "y");
    let text = fs::read_to_string(config.path()).unwrap();
    // File times can be as coarse as the system's clock tick.
    std::thread::sleep(std::time::Duration::from_millis(50));
    let off = text.replace("CONFIG_CMD_EXT4=y", "# CONFIG_CMD_EXT4 is not set");
    fs::write(config.path(), off).unwrap();
    assert_eq!(value(&config.symbols().unwrap(), "CMD_EXT4"), "n");
}

#[test]
fn symbols_of_a_foreign_defconfig_are_named_once_and_do_no_harm() {
    let folder = folder("foreign");
    let file = folder.join("foreign_defconfig");
    let lines = "CONFIG_ARM=y\nCONFIG_TARGET_XENGUEST_ARM64=y\nCONFIG_BOOTDELAY=3\n\
                 CONFIG_NOT_OF_THIS_TREE=y\n# CONFIG_NOR_THIS is not set\n\
                 CONFIG_NOT_OF_THIS_TREE=y\n# CONFIG_CMD_ECHO is not set\n";
    fs::write(&file, lines).unwrap();
    let config = Config::at(folder.join(".config"));
    config.load_defconfig(&file).unwrap();
    let symbols = config.symbols().unwrap();
    assert_eq!(value(&symbols, "BOOTDELAY"), "3");
    assert_eq!(value(&symbols, "CMD_ECHO"), "n");

    let output = Command::new(kconfig::root().join("target/venv/bin/python"))
        .args(["scripts/kconfig/resolve.py", "defconfig"])
        .args([config.path(), &file])
        .current_dir(kconfig::root())
        .output()
        .unwrap();
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{notes}");
    assert_eq!(notes.lines().count(), 1, "{notes}");
    assert_eq!(notes.matches("NOT_OF_THIS_TREE").count(), 1, "{notes}");
    assert_eq!(notes.matches("NOR_THIS").count(), 1, "{notes}");
    assert!(!notes.contains("CMD_ECHO"), "{notes}");
}

#[test]
fn the_configurations_are_in_their_shortest_form() {
    for name in ["xenguest_arm64_defconfig", "xenguest_arm64_env_defconfig"] {
        let folder = folder(&format!("shortest-{name}"));
        let config = Config::at(folder.join(".config"));
        let ours = kconfig::root().join("configs").join(name);
        config.load_defconfig(&ours).unwrap();
        let saved = folder.join("defconfig");
        config.save_defconfig(&saved).unwrap();
        assert_eq!(
            fs::read_to_string(saved).unwrap(),
            fs::read_to_string(ours).unwrap()
        );
    }
}

#[test]
fn a_missing_defconfig_is_an_error_with_its_name() {
    let config = Config::at(folder("none").join(".config"));
    let message = config
        .load_defconfig(Path::new("configs/no_such_defconfig"))
        .unwrap_err();
    assert!(message.contains("no_such_defconfig"), "{message}");
}
