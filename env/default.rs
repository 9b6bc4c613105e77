// SPDX-License-Identifier: GPL-2.0-or-later
//! The variables at the start.

use crate::Env;

impl Default for Env {
    fn default() -> Env {
        Env::empty()
    }
}
