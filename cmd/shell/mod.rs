// SPDX-License-Identifier: GPL-2.0-or-later
//! The shell.

/// The shell's own state.
#[derive(Default)]
pub struct Shell {}
