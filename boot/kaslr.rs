// SPDX-License-Identifier: GPL-2.0-or-later
//! Random numbers for the place of a kernel in memory.
//!
//! A guest has no hardware for random numbers, but Xen's toolstack passes
//! `/chosen/rng-seed`. What comes of it and of the time goes through SHA-256, so
//! that nobody can tell one number, or the seed, from another.

use crate::fdt::{FdtError, FdtMut};
use sha2::{Digest, Sha256};

/// What is said without a seed.
pub const NO_SEED: &str = "No RNG device: the device tree has no /chosen/rng-seed";

/// The generator's state, once it has a seed.
#[derive(Default)]
pub struct Generator(Option<[u8; 32]>);

impl Generator {
    /// A number that never comes again; `None` without what the toolstack gave this guest.
    ///
    /// The next state cannot be told from the number, nor the last one from the next.
    pub fn next(&mut self, seed: Option<&[u8]>) -> Option<[u8; 8]> {
        let hash = |first: &[u8], second: &[u8]| -> [u8; 32] {
            let hash = Sha256::new().chain_update(first).chain_update(second);
            hash.finalize().into()
        };
        let state = match self.0 {
            Some(state) => state,
            None => hash(b"seed", seed.filter(|seed| !seed.is_empty())?),
        };
        let state = hash(&state, &arch::time::us().to_le_bytes());
        self.0 = Some(hash(b"next", &state));
        hash(b"number", &state).first_chunk().copied()
    }
}

/// Gives `/chosen` a number.
///
/// # Errors
/// If there is no room.
pub fn set(tree: &mut FdtMut<'_>, number: [u8; 8]) -> Result<(), FdtError> {
    let root = tree.fdt().root().offset();
    let chosen = tree.find_or_add_node(root, "chosen")?;
    tree.set_property(chosen, "kaslr-seed", &number)
}
