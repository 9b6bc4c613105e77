// SPDX-License-Identifier: GPL-2.0-or-later
//! Makes the Kconfig symbols and the command files of this folder known.

fn main() {
    kconfig::emit();
    kconfig::emit_modules("");
}
