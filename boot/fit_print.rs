// SPDX-License-Identifier: GPL-2.0-or-later
//! Shows what is in a FIT image, in U-Boot's words.

use crate::fdt::{Node, strings};
use crate::fit::{Fit, SubImage};
use crate::fit_hash::is_hash;
use crate::image_names::{self as names, DataSize, printable};
use alloc::string::String;
use common::{print, println};
use include::uimage::{
    TYPE_FIRMWARE, TYPE_FLATDT, TYPE_FPGA, TYPE_KERNEL, TYPE_RAMDISK, TYPE_STANDALONE,
};

/// Shows all images and configurations.
pub fn print(fit: Fit<'_>) {
    println!("   FIT description: {}", text(fit.root(), "description"));
    for (index, image) in fit.images().enumerate() {
        println!("    Image {index} ({})", image.name());
        print_image(image);
    }
    let Some(configurations) = fit.configurations() else {
        return;
    };
    if let Some(default) = configurations.string("default") {
        println!(
            "    Default Configuration: '{}'",
            printable(default.as_bytes())
        );
    }
    for (index, node) in configurations.children().enumerate() {
        println!("    Configuration {index} ({})", node.name());
        print_configuration(node);
    }
}

/// Shows an image.
pub fn print_image(image: SubImage<'_>) {
    let (node, kind) = (image.node, image.kind());
    let line = |name: &str, value: &dyn core::fmt::Display| println!("     {name:13} {value}");
    line("Description:", &text(node, "description"));
    line("Type:", &names::kind(kind));
    line("Compression:", &names::compression(image.compression()));
    match image.place() {
        Ok(place) => {
            line("Data Start:", &Hex(place.start));
            let size = place.end.saturating_sub(place.start);
            line("Data Size:", &DataSize(size));
        }
        Err(_) => {
            line("Data Start:", &"unavailable");
            line("Data Size:", &"unavailable");
        }
    }
    let is_one_of = |kinds: &[u8]| kinds.contains(&kind);
    let has_os = is_one_of(&[TYPE_KERNEL, TYPE_RAMDISK, TYPE_FIRMWARE]);
    if has_os || is_one_of(&[TYPE_STANDALONE, TYPE_FLATDT]) {
        line("Architecture:", &names::arch(image.arch()));
    }
    if has_os {
        line("OS:", &names::os(image.os()));
    }
    let address = |name, address: Option<u64>| match address {
        Some(address) => line(name, &Hex(address)),
        None => line(name, &"unavailable"),
    };
    let is_loaded = has_os || is_one_of(&[TYPE_STANDALONE, TYPE_FPGA]);
    if is_loaded || (kind == TYPE_FLATDT && image.load().is_some()) {
        address("Load Address:", image.load());
    }
    if is_one_of(&[TYPE_KERNEL, TYPE_STANDALONE, TYPE_RAMDISK]) {
        address("Entry Point:", image.entry());
    }
    print_hashes(node);
}

fn print_configuration(node: Node<'_>) {
    println!("     Description:  {}", text(node, "description"));
    println!("     Kernel:       {}", text(node, "kernel"));
    print_list(node, "Init Ramdisk:", "ramdisk");
    print_list(node, "Firmware:", "firmware");
    print_list(node, "FDT:", "fdt");
    print_list(node, "Compatible:", "compatible");
    print_list(node, "FPGA:", "fpga");
    print_list(node, "Loadables:", "loadables");
    print_hashes(node);
}

fn print_list(node: Node<'_>, name: &str, property: &str) {
    let values = node.property(property).map(strings).into_iter().flatten();
    for (index, value) in values.enumerate() {
        let name = if index == 0 { name } else { "" };
        println!("     {name:13} {}", printable(value.as_bytes()));
    }
}

/// Shows the hashes and signatures of an image or a configuration.
fn print_hashes(node: Node<'_>) {
    for node in node.children() {
        if is_hash(&node) {
            print_hash(node, "Hash");
        } else if node.name().starts_with("signature") {
            print_hash(node, "Sign");
        }
    }
}

fn print_hash(node: Node<'_>, what: &str) {
    print!("     {what} algo:    ");
    let Some(algorithm) = node.string("algo") else {
        println!("invalid/unsupported");
        return;
    };
    print!("{}", printable(algorithm.as_bytes()));
    if let Some(key) = node.string("key-name-hint") {
        print!(":{}", printable(key.as_bytes()));
    }
    if node.property("required").is_some() {
        print!(" (required)");
    }
    println!();
    if let Some(padding) = node.string("padding") {
        println!("     {what} padding: {}", printable(padding.as_bytes()));
    }
    print!("     {what} value:   ");
    match node.property("value") {
        Some(value) => value.iter().for_each(|byte| print!("{byte:02x}")),
        None => print!("unavailable"),
    }
    println!();
}

/// A property of text.
fn text(node: Node<'_>, property: &str) -> String {
    let value = node.property(property);
    value.map_or("unavailable".into(), |value| {
        printable(strings(value).next().unwrap_or_default().as_bytes())
    })
}

struct Hex(u64);

impl core::fmt::Display for Hex {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "0x{:08x}", self.0)
    }
}
