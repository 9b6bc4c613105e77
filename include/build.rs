// SPDX-License-Identifier: GPL-2.0-or-later
//! Makes the Kconfig symbols known as `cfg(CONFIG_...)` and as constants.

fn main() {
    kconfig::emit();
    kconfig::emit_constants();
}
