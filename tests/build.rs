// SPDX-License-Identifier: GPL-2.0-or-later
//! Makes the Kconfig symbols known to the tests as `cfg(CONFIG_...)`.

fn main() {
    kconfig::emit();
}
