// SPDX-License-Identifier: GPL-2.0-or-later
//! The variables at the start, as the configuration wants them.
//!
//! The load addresses are not among them: [`Env::set_layout`] computes those
//! once the memory is known.

use crate::vars::Variables;
use crate::{By, Env, Import, Separator};
use alloc::string::ToString;
use common::println;
use include::config::{
    CONFIG_BOOTARGS, CONFIG_BOOTCOMMAND, CONFIG_BOOTCOUNT_ALTBOOTCMD, CONFIG_BOOTCOUNT_BOOTLIMIT,
    CONFIG_BOOTDELAY, CONFIG_SYS_ARCH, CONFIG_SYS_BOARD, CONFIG_SYS_CPU, CONFIG_SYS_VENDOR,
};

/// Variables with the same value in each configuration.
const FIXED: [(&str, &str); 4] = [
    ("stdin", "serial"),
    ("stdout", "serial"),
    ("stderr", "serial"),
    (
        "pvblockboot",
        "ext4load pvblock 0 ${kernel_addr_r} /boot/Image;booti ${kernel_addr_r} - ${fdtcontroladdr};",
    ),
];

impl Default for Env {
    fn default() -> Env {
        let configured = [
            ("arch", CONFIG_SYS_ARCH),
            ("cpu", CONFIG_SYS_CPU),
            ("board", CONFIG_SYS_BOARD),
            ("board_name", CONFIG_SYS_BOARD),
            ("vendor", CONFIG_SYS_VENDOR),
            ("bootcmd", CONFIG_BOOTCOMMAND),
            ("bootargs", CONFIG_BOOTARGS),
            ("altbootcmd", CONFIG_BOOTCOUNT_ALTBOOTCMD),
        ];
        let mut defaults = Variables::new();
        let fixed = FIXED.into_iter();
        #[cfg(CONFIG_DISTRO_DEFAULTS)]
        let fixed = fixed.chain(crate::distro::variables());
        for (name, value) in fixed.chain(configured) {
            if !value.is_empty() {
                defaults.insert(name.to_string(), value.to_string());
            }
        }
        if cfg!(CONFIG_AUTOBOOT) {
            defaults.insert("bootdelay".to_string(), CONFIG_BOOTDELAY.to_string());
        }
        if CONFIG_BOOTCOUNT_BOOTLIMIT > 0 {
            let limit = CONFIG_BOOTCOUNT_BOOTLIMIT.to_string();
            defaults.insert("bootlimit".to_string(), limit);
        }
        Env::default_of(defaults)
    }
}

impl Env {
    /// Sets variables to their default values, all of them if `names` is
    /// empty. A variable of `names` without a default value is deleted, unless
    /// it is to be kept.
    pub fn set_defaults(&mut self, names: &[&str], keep: bool, by: By) {
        let data = Env::default_of(self.defaults.clone()).export(Separator::Nul, &[]);
        let how = Import {
            separator: Separator::Nul,
            crlf: false,
            delete: !keep && !names.is_empty(),
            names,
            by,
        };
        if let Err(error) = self.import(&data, &how) {
            println!("## Error: Environment import failed: {error}");
        }
        if names.is_empty() {
            self.state.is_default = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_in_it() {
        let env = Env::default();
        for (name, value) in [
            ("arch", CONFIG_SYS_ARCH),
            ("cpu", CONFIG_SYS_CPU),
            ("board", CONFIG_SYS_BOARD),
            ("vendor", CONFIG_SYS_VENDOR),
        ] {
            assert_eq!(env.get(name).unwrap_or_default(), value, "{name}");
        }
        let delay = CONFIG_BOOTDELAY.to_string();
        assert_eq!(env.get("bootdelay"), Some(delay.as_str()));
        assert_eq!(env.get("bootcmd").unwrap_or_default(), CONFIG_BOOTCOMMAND);
        assert_eq!(env.get("bootargs").unwrap_or_default(), CONFIG_BOOTARGS);
        assert!(env.get("pvblockboot").is_some());
    }
}
