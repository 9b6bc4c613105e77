// SPDX-License-Identifier: GPL-2.0-or-later
//! Scripts in memory, as legacy images or in FIT images.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/source.rst`.

use crate::bootm::{Failed, failed};
use crate::fit::{Fit, SubImage};
use crate::fit_hash;
use crate::spec::{Format, Part};
use crate::uimage::{BadLegacy, Legacy};
use alloc::string::String;
use arch::mem::Ram;
use common::println;
use include::uimage::TYPE_SCRIPT;

/// A script that is longer than this was none.
const MAX_LEN: usize = 1 << 20;

/// The text of the script at an address; with `verify` its checksums must be right.
///
/// # Errors
/// If there is none; the console has been told.
pub fn read(ram: &Ram, address: u64, part: Part<'_>, verify: bool) -> Result<String, Failed> {
    let bytes = ram
        .slice_from(address)
        .map_err(|error| failed("Cannot read the script", error))?;
    text(bytes, address, part, verify)
}

/// As [`read`], of an image in these bytes; an address is only told.
///
/// # Errors
/// As [`read`].
pub fn text(bytes: &[u8], address: u64, part: Part<'_>, verify: bool) -> Result<String, Failed> {
    let text = match Format::of(bytes) {
        Format::Legacy => legacy(bytes, verify)?,
        Format::Tree => {
            let fit = Fit::parse(bytes, address)
                .map_err(|error| failed("Bad FIT image format", error))?;
            fit_script(fit, part, verify)?
        }
        Format::Unknown => return Err(say("Wrong image format for \"source\" command")),
    };
    // The data of a FIT image that are a string have its end, too.
    let text = text.split(|&byte| byte == 0).next().unwrap_or(&[]);
    if text.len() > MAX_LEN {
        println!(
            "The script has {} bytes, at most {MAX_LEN} can be run",
            text.len()
        );
        return Err(Failed);
    }
    Ok(String::from_utf8_lossy(text).into_owned())
}

fn legacy(bytes: &[u8], verify: bool) -> Result<&[u8], Failed> {
    let image = Legacy::parse(bytes).map_err(|error| match error {
        BadLegacy::HeaderCrc => say("Bad header crc"),
        error => failed("Bad image", error),
    })?;
    if verify && !image.is_intact() {
        return Err(say("Bad data crc"));
    }
    if image.kind != TYPE_SCRIPT {
        return Err(say("Bad image type"));
    }
    let parts = image
        .parts()
        .map_err(|error| failed("Bad image", error))?
        .into_iter();
    let first = parts.take(1).next().and_then(|part| image.data.get(part));
    first.ok_or_else(|| say("Empty Script"))
}

fn fit_script<'a>(fit: Fit<'a>, part: Part<'_>, verify: bool) -> Result<&'a [u8], Failed> {
    let image = match part {
        Part::Image("") => default_image(fit)?,
        Part::Image(name) => find(fit, name)?,
        Part::Configuration(name) => configured(fit, name)?,
        Part::Any => {
            let default = fit.configuration(None);
            match default.and_then(|node| fit.image_of(node, "script")) {
                Some(image) => image,
                None => default_image(fit)?,
            }
        }
    };
    if image.kind() != TYPE_SCRIPT {
        return Err(say("Not a image image"));
    }
    if verify && fit_hash::verify(image).is_err() {
        return Err(say("Bad Data Hash"));
    }
    image
        .data()
        .map_err(|error| failed("Could not find script subimage data", error))
}

fn default_image(fit: Fit<'_>) -> Result<SubImage<'_>, Failed> {
    let name = fit.default_image();
    find(fit, name.ok_or_else(|| say("No FIT subimage unit name"))?)
}

fn find<'a>(fit: Fit<'a>, name: &str) -> Result<SubImage<'a>, Failed> {
    fit.image(name).ok_or_else(|| {
        println!("Can't find '{name}' FIT subimage");
        Failed
    })
}

fn configured<'a>(fit: Fit<'a>, name: &str) -> Result<SubImage<'a>, Failed> {
    let Some(node) = fit.configuration(Some(name).filter(|name| !name.is_empty())) else {
        println!("Could not find config {name}");
        return Err(Failed);
    };
    fit.image_of(node, "script").ok_or_else(|| {
        println!("Could not find script in {name}");
        Failed
    })
}

fn say(what: &str) -> Failed {
    println!("{what}");
    Failed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fdt::testing::{Random, mutate, node};
    use crate::fit::testing::fit_with;
    use crate::uimage::testing::{legacy, parts};
    use alloc::vec::Vec;
    use common::testing::capture;

    const BASE: u64 = 0x4000_0000;

    fn read_from(bytes: &[u8], part: Part<'_>, verify: bool) -> Result<String, String> {
        let console = capture();
        let mut ram = Ram::in_buffer(BASE, 8 << 20, Vec::new());
        let place = ram.slice_mut(BASE + 0x1000, bytes.len()).unwrap();
        place.copy_from_slice(bytes);
        read(&ram, BASE + 0x1000, part, verify).map_err(|_| console.take())
    }

    fn script(files: &[&[u8]]) -> Vec<u8> {
        legacy(TYPE_SCRIPT, 0, 0, 0, &parts(files))
    }

    #[test]
    fn legacy_scripts_are_read() {
        let text = |bytes: &[u8]| read_from(bytes, Part::Any, true);
        assert_eq!(
            text(&script(&[b"echo 1\n", b"more"])),
            Ok("echo 1\n".into())
        );
        let said = |bytes: &[u8]| text(bytes).unwrap_err();
        assert_eq!(said(&script(&[])), "Empty Script\n");
        assert_eq!(
            said(b"echo 1\n"),
            "Wrong image format for \"source\" command\n"
        );
        let kernel = legacy(include::uimage::TYPE_KERNEL, 0, 0, 0, b"x");
        assert_eq!(said(&kernel), "Bad image type\n");
        let mut bad = script(&[b"echo 1\n"]);
        *bad.last_mut().unwrap() = b'x';
        assert_eq!(said(&bad), "Bad data crc\n");
        assert_eq!(read_from(&bad, Part::Any, false), Ok("echo 1x".into()));
        bad[40] ^= 1;
        assert_eq!(said(&bad), "Bad header crc\n");
        let long = script(&[&[b' '; (1 << 20) + 1]]);
        assert!(said(&long).contains("at most"));
    }

    fn scripts(default: &[u8]) -> Vec<u8> {
        let image = |name, text: &[u8], hash: &[u8]| {
            let hash = node("hash-1", &[("algo", b"crc32\0"), ("value", hash)], &[]);
            node(name, &[("data", text), ("type", b"script\0")], &[hash])
        };
        let sum = |text: &[u8]| crate::hash::CRC32.checksum(text).to_be_bytes();
        let mut images = [
            image("script-1", b"echo 1", &sum(b"echo 1")),
            image("script-2", b"echo 2", &sum(b"echo 2")),
            image("bad", b"echo 3", &sum(b"echo 4")),
            node("fdt", &[("data", b""), ("type", b"flat_dt\0")], &[]),
        ];
        images.sort_by_key(|image| image.name.clone());
        let configuration = |name, script: &[u8]| node(name, &[("script", script)], &[]);
        fit_with(
            &images,
            default,
            &[
                configuration("conf-1", b"script-1\0"),
                configuration("conf-2", b"script-2\0"),
                node("empty", &[], &[]),
            ],
        )
    }

    #[test]
    fn fit_scripts_are_read() {
        let bytes = scripts(b"conf-2\0");
        let text = |part| read_from(&bytes, part, true);
        assert_eq!(text(Part::Any), Ok("echo 2".into()));
        assert_eq!(text(Part::Image("script-1")), Ok("echo 1".into()));
        assert_eq!(text(Part::Configuration("conf-1")), Ok("echo 1".into()));
        assert_eq!(text(Part::Configuration("")), Ok("echo 2".into()));
        let said = |part| text(part).unwrap_err();
        assert_eq!(
            said(Part::Image("none")),
            "Can't find 'none' FIT subimage\n"
        );
        assert_eq!(
            said(Part::Configuration("none")),
            "Could not find config none\n"
        );
        assert_eq!(
            said(Part::Configuration("empty")),
            "Could not find script in empty\n"
        );
        assert_eq!(said(Part::Image("")), "No FIT subimage unit name\n");
        assert_eq!(said(Part::Image("fdt")), "Not a image image\n");
        assert_eq!(
            said(Part::Image("bad")),
            "crc32 error!\nBad hash value for 'hash-1' hash node in 'bad' image node\n\
             Bad Data Hash\n"
        );
        assert_eq!(
            read_from(&bytes, Part::Image("bad"), false),
            Ok("echo 3".into())
        );
        let text = read_from(&scripts(b"empty\0"), Part::Any, true);
        assert_eq!(text, Err("No FIT subimage unit name\n".into()));
    }

    #[test]
    fn damaged_scripts_do_no_harm() {
        let mut random = Random(3);
        for good in [script(&[b"echo 1"]), scripts(b"conf-1\0")] {
            for _ in 0..200 {
                let mut bytes = good.clone();
                mutate(&mut random, &mut bytes);
                _ = read_from(&bytes, Part::Any, true);
                _ = read_from(&bytes, Part::Configuration("conf-2"), false);
            }
        }
    }
}
