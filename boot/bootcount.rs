// SPDX-License-Identifier: GPL-2.0-or-later
//! Counting starts, so that a system that does not come up any more gives way to
//! another one.
//!
//! Each start adds one to a count that the system sets back to 0 when it is up.
//! When the count is above the variable `bootlimit`, `altbootcmd` is run instead
//! of `bootcmd`. The count is kept in a file, or in the stored environment;
//! both are only written where the user has asked for it.
//!
//! Behaviour: U-Boot, `doc/api/bootcount.rst`.
#![cfg(CONFIG_BOOTCOUNT_LIMIT)]

#[cfg(CONFIG_BOOTCOUNT_ENV)]
#[path = "bootcount/environment.rs"]
mod store;
#[cfg(CONFIG_BOOTCOUNT_FS)]
#[path = "bootcount/file.rs"]
mod store;

pub use store::Counter;

use alloc::format;
use common::println;
use dm::Model;
use env::Env;

/// Counts this start, and sets the variable `bootcount`; then says whether there
/// were more than `bootlimit`, also on the console.
pub fn count(model: &Model, env: &mut Env) -> bool {
    let counter = Counter::find(model, env);
    let started = counter.as_ref().map_or(0, Counter::count);
    let count = started.saturating_add(1);
    let kept = counter.map(|counter| match counter.keep(model, env, count) {
        Ok(()) => count,
        // A count that cannot be kept is no reason not to boot.
        Err(error) => {
            println!("Error storing bootcount: {error}");
            started
        }
    });
    _ = env.set("bootcount", &format!("{count}"));
    let limit = env.get_ulong("bootlimit", 10, 0);
    let exceeded = limit > 0 && kept.is_some_and(|kept| kept > limit);
    if exceeded {
        println!("Warning: Bootlimit ({limit}) exceeded. Using altbootcmd.");
    }
    exceeded
}
