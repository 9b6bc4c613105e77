// SPDX-License-Identifier: GPL-2.0-or-later
//! Makes the Kconfig symbols and the drivers of each folder known.

fn main() {
    kconfig::emit();
    kconfig::emit_modules("block");
    kconfig::emit_modules("cpu");
    kconfig::emit_modules("serial");
    kconfig::emit_modules("xen");
}
