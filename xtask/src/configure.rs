// SPDX-License-Identifier: GPL-2.0-or-later
//! Making and changing a configuration.

use std::path::PathBuf;

use kconfig::Python;

use crate::command;
use crate::output::Output;

/// Replaces the configuration by `configs/NAME`.
pub fn defconfig(output: &Output, name: &str) -> Result<(), String> {
    let file: PathBuf = kconfig::root().join("configs").join(name);
    if !file.is_file() {
        return Err(format!("there is no configs/{name}"));
    }
    output.config().load_defconfig(&file)?;
    println!(
        "configuration written to {}",
        Output::show(&output.file(".config"))
    );
    Ok(())
}

/// Lets the user change the configuration in kconfiglib's menu.
pub fn menuconfig(output: &Output) -> Result<(), String> {
    // Makes the configuration, and the Python environment, where missing.
    output.config().symbols()?;
    let python = Python::ensure(&["scripts/kconfig/requirements.txt"])?;
    command::run(
        python
            .command()
            .args(["-m", "menuconfig", "Kconfig"])
            .env("KCONFIG_CONFIG", output.file(".config"))
            .env("MENUCONFIG_STYLE", "aquatic")
            .current_dir(kconfig::root()),
    )
}

/// Writes the configuration in its short form.
pub fn savedefconfig(output: &Output) -> Result<(), String> {
    let file = output.file("defconfig");
    output.config().save_defconfig(&file)?;
    println!("short configuration written to {}", Output::show(&file));
    Ok(())
}
