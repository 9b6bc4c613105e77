// SPDX-License-Identifier: GPL-2.0-or-later
//! No place: each start begins with the default environment.
#![cfg(CONFIG_ENV_IS_NOWHERE)]

env_driver! {
    name: "nowhere",
    // After all others, as what is left when they have nothing.
    priority: 200,
    storage: None,
}
