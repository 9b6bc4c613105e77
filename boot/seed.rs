// SPDX-License-Identifier: GPL-2.0-or-later
//! Random numbers for the kernel: `/chosen/rng-seed` and `/chosen/kaslr-seed`.
//!
//! A guest has no hardware for random numbers, but Xen's toolstack passes a seed.
//! What the kernel gets is a SHA-256 of it, of the time, and of how often this
//! was asked for: it is never the same twice, and one cannot be told from another.
#![cfg(CONFIG_SHA256)]

use crate::fdt::{Fdt, FdtError, FdtMut};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use sha2::{Digest, Sha256};

/// What is said without a seed.
pub const NO_SEED: &str = "No RNG device: the device tree has no /chosen/rng-seed";

/// The seed that Xen passes in a tree.
pub fn of(tree: Fdt<'_>) -> Option<Vec<u8>> {
    let seed = tree.find("/chosen").ok()?.property("rng-seed")?;
    Some(seed.to_vec()).filter(|seed| !seed.is_empty())
}

/// Gives `/chosen` a seed for the kernel's random numbers, and one for its place
/// in memory unless there is one already.
///
/// # Errors
/// If there is no room.
pub fn chosen(tree: &mut FdtMut<'_>, seed: &[u8]) -> Result<(), FdtError> {
    let root = tree.fdt().root().offset();
    let chosen = tree.find_or_add_node(root, "chosen")?;
    tree.set_property(chosen, "rng-seed", &number(b"rng", seed))?;
    let old = tree.fdt().find("/chosen")?.property("kaslr-seed");
    // Zeros are what Linux leaves of one that it has used.
    if old.is_some_and(|old| old.iter().any(|&byte| byte != 0)) {
        return Ok(());
    }
    self::place(tree, seed)
}

/// Gives `/chosen` a seed for the kernel's place in memory, also if there is one.
///
/// # Errors
/// If there is no room.
pub fn place(tree: &mut FdtMut<'_>, seed: &[u8]) -> Result<(), FdtError> {
    let root = tree.fdt().root().offset();
    let chosen = tree.find_or_add_node(root, "chosen")?;
    let place = number(b"kaslr", seed);
    let place = place.first_chunk::<8>().unwrap_or(&[0; 8]);
    tree.set_property(chosen, "kaslr-seed", place)
}

fn number(purpose: &[u8], seed: &[u8]) -> [u8; 32] {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let asked = ASKED.fetch_add(1, Ordering::Relaxed);
    let hash = Sha256::new().chain_update(purpose).chain_update(seed);
    let hash = hash.chain_update(arch::time::us().to_le_bytes());
    hash.chain_update(asked.to_le_bytes()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fdt::open_into;
    use crate::fdt::testing::{build, node, xen_guest};
    use std::collections::BTreeSet;

    fn seeded(blob: &[u8], room: usize) -> Result<Vec<u8>, FdtError> {
        let mut roomy = alloc::vec![0; blob.len() + room];
        open_into(Fdt::new(blob)?, &mut roomy)?;
        chosen(&mut FdtMut::new(&mut roomy)?, b"a seed")?;
        Ok(roomy)
    }

    #[test]
    fn no_two_seeds_are_the_same() {
        let mut seen = BTreeSet::new();
        for _ in 0..100 {
            let tree = seeded(&xen_guest(), 512).unwrap();
            let chosen = Fdt::new(&tree).unwrap().find("/chosen").unwrap();
            let [rng, kaslr] =
                ["rng-seed", "kaslr-seed"].map(|name| chosen.property(name).unwrap());
            assert_eq!((rng.len(), kaslr.len()), (32, 8));
            assert!(seen.insert(rng[..8].to_vec()) && seen.insert(kaslr.to_vec()));
        }
    }

    #[test]
    fn a_place_that_was_chosen_stays() {
        let tree = |place: &[u8]| {
            let chosen = node(
                "chosen",
                &[("kaslr-seed", place), ("rng-seed", b"12345678")],
                &[],
            );
            build(&node("", &[], &[chosen]), &[], 0)
        };
        for (place, stays) in [(b"\x01\0\0\0\0\0\0\0", true), (&[0; 8], false)] {
            let seeded = seeded(&tree(place), 512).unwrap();
            let chosen = Fdt::new(&seeded).unwrap().find("/chosen").unwrap();
            assert_eq!(chosen.property("kaslr-seed") == Some(place), stays);
            assert_ne!(chosen.property("rng-seed"), Some(&b"12345678"[..]));
        }
        assert_eq!(
            of(Fdt::new(&tree(b"")).unwrap()),
            Some(b"12345678".to_vec())
        );
        assert_eq!(of(Fdt::new(&xen_guest()).unwrap()), None);
        assert_eq!(seeded(&xen_guest(), 0), Err(FdtError::NoSpace));
    }
}
