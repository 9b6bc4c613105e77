// SPDX-License-Identifier: GPL-2.0-or-later
//! Whether the images in a FIT image are what they were when it was made.
//!
//! Only hashes are compared. Signatures are not verified: who can change an
//! image can change its hashes too.

use crate::fdt::{Fdt, Node};
use crate::fit::{Fit, SubImage};
use crate::hash;
use crate::image_names::printable;
use common::{Error, print, println};

/// Compares the hashes of an image with its data, and says which were compared.
///
/// # Errors
/// If one is wrong, or cannot be compared; the console has been told. [`Error::Interrupted`].
pub fn verify(image: SubImage<'_>) -> Result<(), Error> {
    let data = image.data().map_err(|error| {
        println!("error!\n{error} in '{}' image node", image.name());
        Error::Corrupt("data of the image")
    })?;
    for node in image.node.children().filter(is_hash) {
        check(node, data).map_err(|(what, error)| {
            println!(
                " error!\n{what} for '{}' hash node in '{}' image node",
                node.name(),
                image.name()
            );
            error
        })?;
        print!("+ ");
    }
    Ok(())
}

/// Compares the hashes of all images, as `iminfo` does.
///
/// # Errors
/// As [`verify`], with the first image that is wrong.
pub fn verify_all(fit: Fit<'_>) -> Result<(), Error> {
    println!(
        "## Checking hash(es) for FIT Image at {:08x} ...",
        fit.address
    );
    for (index, image) in fit.images().enumerate() {
        print!("   Hash(es) for Image {index} ({}): ", image.name());
        verify(image)?;
        println!();
    }
    Ok(())
}

/// Says that the signatures that the loader's own tree requires are not looked at.
pub fn warn_of_required_keys(control: Fdt<'_>) {
    let keys = control.root().child("signature").into_iter();
    let required = keys
        .flat_map(Node::children)
        .find(|key| key.string("required").is_some());
    if let Some(key) = required {
        println!(
            "WARNING: the key '{}' is required, but signatures are not verified",
            key.name()
        );
    }
}

/// Whether a node of an image is a hash of its data.
pub(crate) fn is_hash(node: &Node<'_>) -> bool {
    node.name().starts_with("hash")
}

fn check(node: Node<'_>, data: &[u8]) -> Result<(), (&'static str, Error)> {
    let bad = |what| (what, Error::Corrupt(what));
    let name = node
        .string("algo")
        .ok_or(bad("Can't get hash algo property"))?;
    print!("{}", printable(name.as_bytes()));
    if node.u32("uboot-ignore").is_some_and(|ignored| ignored != 0) {
        print!("-skipped ");
        return Ok(());
    }
    let value = node
        .property("value")
        .ok_or(bad("Can't get hash value property"))?;
    let algorithm = hash::lookup(name).ok_or(bad("Unsupported hash algorithm"))?;
    let computed = algorithm
        .hash(data)
        .map_err(|error| ("Interrupted", error))?;
    if computed.len() != value.len() {
        return Err(bad("Bad hash value len"));
    }
    if computed != value {
        return Err(bad("Bad hash value"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fdt::testing::{Random, build, mutate, node};
    use crate::fit::testing::fit;
    use alloc::string::String;
    use alloc::vec::Vec;
    use common::testing::capture;

    fn hashed(data: &[u8], hashes: &[(&str, &[u8])]) -> Vec<u8> {
        let hashes: Vec<_> = hashes
            .iter()
            .enumerate()
            .map(|(index, (algo, value))| {
                let algo: Vec<u8> = algo.bytes().chain([0]).collect();
                let name = alloc::format!("hash-{index}");
                node(&name, &[("algo", &algo), ("value", value)], &[])
            })
            .collect();
        fit(&[node("kernel-1", &[("data", data)], &hashes)])
    }

    fn verified(bytes: &[u8]) -> (bool, String) {
        let console = capture();
        let image = Fit::parse(bytes, 0).unwrap().image("kernel-1").unwrap();
        (verify(image).is_ok(), console.take())
    }

    #[test]
    fn hashes_are_compared() {
        let sum = hash::CRC32.checksum(b"abc").to_be_bytes();
        let sha = hash::lookup("sha256").unwrap().hash(b"abc").unwrap();
        let hashes = [("crc32", &sum[..]), ("sha256", &sha)];
        let good = verified(&hashed(b"abc", &hashes));
        assert_eq!(good, (true, "crc32+ sha256+ ".into()));
        assert_eq!(verified(&hashed(b"abc", &[])), (true, String::new()));
        for (hash, expected) in [
            (("crc32", &b"abcd"[..]), "crc32 error!\nBad hash value for "),
            (("crc32", b"abc"), "crc32 error!\nBad hash value len for "),
            (
                ("rot13", b""),
                "rot13 error!\nUnsupported hash algorithm for ",
            ),
        ] {
            let (is_good, text) = verified(&hashed(b"abc", &[hash]));
            assert!(!is_good);
            let expected =
                alloc::format!("{expected}'hash-0' hash node in 'kernel-1' image node\n");
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_hash_can_be_ignored() {
        let one = 1u32.to_be_bytes();
        let hash = node(
            "hash-1",
            &[("algo", b"rot13\0"), ("uboot-ignore", &one)],
            &[],
        );
        let bytes = fit(&[node("kernel-1", &[("data", b"abc")], &[hash])]);
        assert_eq!(verified(&bytes), (true, "rot13-skipped + ".into()));
    }

    #[test]
    fn required_keys_are_named() {
        let key = |properties: &[(&str, &[u8])]| {
            let signature = node("signature", &[], &[node("key-dev", properties, &[])]);
            build(&node("", &[], &[signature]), &[], 0)
        };
        let console = capture();
        warn_of_required_keys(Fdt::new(&key(&[])).unwrap());
        assert_eq!(console.take(), "");
        warn_of_required_keys(Fdt::new(&key(&[("required", b"conf\0")])).unwrap());
        assert_eq!(
            console.take(),
            "WARNING: the key 'key-dev' is required, but signatures are not verified\n"
        );
    }

    #[test]
    fn changed_data_are_always_noticed() {
        let sum = hash::CRC32.checksum(&[7; 64]).to_be_bytes();
        let good = hashed(&[7; 64], &[("crc32", &sum)]);
        let start = good.windows(64).position(|w| w == [7; 64]).unwrap();
        let mut random = Random(11);
        for _ in 0..2000 {
            let mut bytes = good.clone();
            bytes[start + random.below(64)] ^= 1 << random.below(8);
            assert!(!verified(&bytes).0);
            let mut bytes = good.clone();
            mutate(&mut random, &mut bytes);
            let _console = capture();
            if let Ok(fit) = Fit::parse(&bytes, 0x4000) {
                _ = verify_all(fit);
                crate::fit_print::print(fit);
                _ = (fit.extent(), fit.configuration(None), fit.default_image());
            }
        }
    }
}
