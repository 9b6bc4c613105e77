// SPDX-License-Identifier: GPL-2.0-or-later
//! Which part of RAM an initramfs and a device tree may be moved to.
//!
//! Behaviour: U-Boot, `doc/usage/environment.rst`: `bootm_low`, `bootm_size`,
//! `bootm_mapsize`, `initrd_high` and `fdt_high`.

use crate::place::Free;
use arch::mem::Ram;
use core::ops::Range;
use env::Env;

/// How high something may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum High {
    /// As high as it gets, or where it is if that is a good place.
    Anywhere,
    /// It must not be moved.
    InPlace,
    /// It must end below this address.
    Below(u64),
}

/// What the environment says about places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What the kernel can reach early.
    pub map: Range<u64>,
    /// For the initramfs.
    pub initrd: High,
    /// For the device tree.
    pub fdt: High,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            map: 0..u64::MAX,
            initrd: High::Anywhere,
            fdt: High::Anywhere,
        }
    }
}

impl Limits {
    /// Reads the variables.
    pub fn of(ram: &Ram, env: &Env) -> Limits {
        let bottom = ram.banks().map(|bank| bank.start).min().unwrap_or(0);
        let low = env.get_hex("bootm_low", bottom);
        let is_set = |name: &&&str| env.get(name).is_some();
        let size = ["bootm_mapsize", "bootm_size"].iter().find(is_set);
        let end = size.map_or(u64::MAX, |name| low.saturating_add(env.get_hex(name, 0)));
        let start = if is_set(&&"bootm_low") { low } else { 0 };
        Limits {
            map: start..end,
            initrd: high(env, "initrd_high"),
            fdt: high(env, "fdt_high"),
        }
    }

    /// What of the free memory may be used for something that may be so high.
    pub fn free(&self, free: &Free, high: High) -> Free {
        let range = match high {
            High::Below(end) => 0..end,
            _ => self.map.clone(),
        };
        free.clone().within(&range)
    }
}

fn high(env: &Env, name: &str) -> High {
    // As in U-Boot, what is no number is 0, which means anywhere.
    match env.get(name).map(|_| env.get_hex(name, 0)) {
        None => High::Anywhere,
        Some(u64::MAX) => High::InPlace,
        Some(0) => High::Below(u64::MAX),
        Some(address) => High::Below(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn variables_set_the_limits() {
        let ram = Ram::in_buffer(0x4000_0000, 0x1000, Vec::new());
        let mut env = Env::empty();
        assert_eq!(Limits::of(&ram, &env), Limits::default());
        env.set("initrd_high", "ffffffffffffffff").unwrap();
        env.set("fdt_high", "48000000").unwrap();
        env.set("bootm_size", "1000000").unwrap();
        let expected = Limits {
            map: 0..0x4100_0000,
            initrd: High::InPlace,
            fdt: High::Below(0x4800_0000),
        };
        assert_eq!(Limits::of(&ram, &env), expected);
        env.set("initrd_high", "no").unwrap();
        env.set("bootm_low", "0x41000000").unwrap();
        env.set("bootm_mapsize", "2000000").unwrap();
        let limits = Limits::of(&ram, &env);
        assert_eq!(limits.initrd, High::Below(u64::MAX));
        assert_eq!(limits.map, 0x4100_0000..0x4300_0000);
    }
}
