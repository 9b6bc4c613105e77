// SPDX-License-Identifier: GPL-2.0-or-later
//! `config`: the configuration that this image was built with.
#![cfg(CONFIG_CMD_CONFIG)]

use crate::{CmdResult, Context};
use common::{Error, console, println};

/// The whole `.config`.
const CONFIG: &str = include_str!(env!("KCONFIG_FILE"));

fn do_config(_ctx: &mut Context, args: &[&str]) -> CmdResult {
    let wanted = args.get(1).copied().unwrap_or("").to_ascii_lowercase();
    for line in CONFIG.lines() {
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
        if line.to_ascii_lowercase().contains(&wanted) {
            println!("{line}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn the_configuration_is_shown() {
        assert!(output("config").contains("\nCONFIG_CMD_CONFIG=y\n"));
        assert_eq!(output("config cmd_config=Y"), "CONFIG_CMD_CONFIG=y\n");
        assert_eq!(run("config 'this is in no .config'"), (0, "".into()));
    }
}

command! {
    name: "config",
    max_args: 2,
    repeatable: true,
    usage: "print .config",
    help: "[str]\n\nWith 'str', print only the lines that contain it, in upper or lower case.",
    run: do_config,
}
