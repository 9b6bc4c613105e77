// SPDX-License-Identifier: GPL-2.0-or-later
//! Random numbers, as good as the machine has them: for identities, not for keys.

/// Fills a buffer with random bytes.
pub fn fill(bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        let number = crate::imp::random().to_le_bytes();
        chunk
            .iter_mut()
            .zip(number)
            .for_each(|(byte, random)| *byte = random);
    }
}

/// Spreads each bit of a number over all of it (the finalizer of SplitMix64).
#[cfg(any(target_os = "none", test))]
pub(crate) fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_fills_are_alike() {
        let mut all = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let mut bytes = [0; 13];
            fill(&mut bytes);
            assert!(all.insert(bytes));
        }
    }

    #[test]
    fn one_bit_changes_half_of_all() {
        for bit in 0..64 {
            let changed = (mix(1234) ^ mix(1234 ^ (1 << bit))).count_ones();
            assert!((12..53).contains(&changed), "{bit}: {changed}");
        }
    }
}
