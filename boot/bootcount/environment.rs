// SPDX-License-Identifier: GPL-2.0-or-later
//! The count in the variable `bootcount` of the stored environment, as long as
//! `upgrade_available` is not 0.

use alloc::format;
use common::{Error, Result};
use dm::Model;
use env::Env;

/// A count that is kept.
pub struct Counter {
    count: u64,
}

impl Counter {
    /// The count, if the user wants that starts are counted.
    pub fn find(_model: &Model, env: &Env) -> Option<Counter> {
        let count = env.get_ulong("bootcount", 10, 0);
        (env.get_ulong("upgrade_available", 10, 0) != 0).then_some(Counter { count })
    }

    /// How often the system was started since it was up.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Saves the environment with another count.
    ///
    /// # Errors
    /// If it cannot be saved.
    pub fn keep(self, model: &Model, env: &mut Env, count: u64) -> Result<()> {
        env.set("bootcount", &format!("{count}"))?;
        match env.can_be_saved() {
            true => env.save(model),
            false => Err(Error::NoDevice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::count;
    use super::*;
    use common::testing::capture;

    #[test]
    fn an_environment_that_is_not_stored_counts_nothing() {
        let console = capture();
        let (model, mut env) = (Model::new(&[], &[], None), Env::empty());
        env.set("bootlimit", "1").unwrap();
        env.set("bootcount", "5").unwrap();
        assert!(!count(&model, &mut env));
        assert_eq!(
            (env.get("bootcount"), console.take()),
            (Some("1"), "".into())
        );
        env.set("upgrade_available", "1").unwrap();
        env.set("bootcount", "1").unwrap();
        assert!(!count(&model, &mut env));
        assert!(console.take().starts_with("Error storing bootcount: "));
        assert_eq!(env.get("bootcount"), Some("2"));
    }
}
