// SPDX-License-Identifier: GPL-2.0-or-later
//! Links the image: position-independent, by the architecture's linker script.

use std::env;

fn main() {
    kconfig::emit();
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    let script = kconfig::root().join("arch/arm/u-boot.lds");
    println!("cargo:rerun-if-changed={}", script.display());
    println!("cargo:rerun-if-env-changed=UBOOT_MAP");
    let mut args = vec![format!("-T{}", script.display())];
    args.extend(
        [
            "-pie",
            "--no-dynamic-linker",
            "-znotext",
            "-znorelro",
            "--build-id=none",
            // A section of its own that the script does not name would end up behind the image.
            "--orphan-handling=error",
        ]
        .map(String::from),
    );
    if let Ok(map) = env::var("UBOOT_MAP") {
        args.push(format!("-Map={map}"));
    }
    for arg in args {
        println!("cargo:rustc-link-arg-bins={arg}");
    }
}
