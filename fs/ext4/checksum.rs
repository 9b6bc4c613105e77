// SPDX-License-Identifier: GPL-2.0-or-later
//! CRC-32C without the final inversion, so that one checksum can go on from another.

use crc::{Algorithm, Crc, Table};

static CASTAGNOLI: Algorithm<u32> = Algorithm {
    width: 32,
    poly: 0x1edc_6f41,
    init: 0xffff_ffff,
    refin: true,
    refout: true,
    xorout: 0,
    check: 0x1cf9_6d7c,
    residue: 0,
};

static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CASTAGNOLI);

/// The checksum of `bytes` after what `seed` is the checksum of; `!0` for nothing.
pub fn crc32c(seed: u32, bytes: &[u8]) -> u32 {
    let mut digest = CRC.digest_with_initial(seed.reverse_bits());
    digest.update(bytes);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_castagnolis_and_can_go_on() {
        assert_eq!(!crc32c(!0, b"123456789"), 0xe306_9283);
        assert_eq!(
            crc32c(crc32c(!0, b"1234"), b"56789"),
            crc32c(!0, b"123456789")
        );
    }
}
