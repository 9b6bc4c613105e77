// SPDX-License-Identifier: GPL-2.0-or-later
//! What the commands of standard boot have in common: what is remembered between them.
#![cfg(CONFIG_BOOTSTD)]

use crate::Context;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use arch::mem::Ram;
use boot::bootmeth::{BootMethod, Machine};
use dm::Model;
use env::Env;

/// What was found and chosen.
#[derive(Default)]
pub struct BootStd {
    /// Properties of methods that the user set, by method and property.
    pub properties: BTreeMap<(&'static str, String), String>,
}

impl Machine for Context {
    fn parts(&mut self) -> (&mut Ram, &mut Env, &Model) {
        (&mut self.ram, &mut self.env, &self.dm)
    }

    fn run_script(&mut self, script: &str) -> i32 {
        Context::run_script(self, script)
    }

    fn property(&mut self, method: &'static BootMethod, property: &str) -> String {
        let key = (method.name, property.to_string());
        let set = self.state::<BootStd>().properties.get(&key).cloned();
        let mut known = method.properties.iter();
        let usual = known.find(|(name, _)| *name == property);
        let usual = usual.and_then(|(_, values)| values.first());
        set.or_else(|| usual.map(ToString::to_string))
            .unwrap_or_default()
    }
}
