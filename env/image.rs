// SPDX-License-Identifier: GPL-2.0-or-later
//! A stored environment: a checksum, with redundant copies a serial number,
//! then the variables.
//!
//! U-Boot's own format, which `fw_printenv`, `fw_setenv` and `mkenvimage` know:
//! a CRC-32 (little-endian) of all bytes of the variables with the zeros
//! behind them; one byte that counts the saves; `name=value` texts, each with
//! a NUL at its end, and one more at the end of all.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

use alloc::vec;
use alloc::vec::Vec;
use common::println;
use crc::{CRC_32_ISO_HDLC, Crc, Table};

static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// Bytes of the checksum.
const CHECKSUM: usize = size_of::<u32>();

/// The form of a stored environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Bytes of all of it.
    pub size: usize,
    /// Whether it has a serial number.
    pub redundant: bool,
}

impl Format {
    /// Bytes in front of the variables.
    pub fn header(self) -> usize {
        CHECKSUM.saturating_add(usize::from(self.redundant))
    }

    /// Makes an image; says so and gives nothing if the variables do not fit.
    pub fn make(self, variables: &[u8], serial: u8) -> Option<Vec<u8>> {
        let room = self.size.saturating_sub(self.header());
        if variables.len() > room {
            let need = variables.len();
            println!("Env export buffer too small: {room}, but need {need}");
            return None;
        }
        let mut image = vec![0; self.header()];
        image.extend_from_slice(variables);
        image.resize(self.size, 0);
        self.seal(&mut image, serial);
        Some(image)
    }

    /// Puts the checksum and the serial number in front of variables that are in their place.
    fn seal(self, image: &mut [u8], serial: u8) {
        let Some((header, variables)) = image.split_at_mut_checked(self.header()) else {
            return;
        };
        let checksum = CRC.checksum(variables).to_le_bytes();
        let fields = checksum.into_iter().chain([serial]);
        for (place, byte) in header.iter_mut().zip(fields) {
            *place = byte;
        }
    }

    /// The serial number and the variables of an image whose checksum is right.
    pub fn check(self, image: &[u8]) -> Option<(u8, &[u8])> {
        let (checksum, rest) = image.split_first_chunk::<CHECKSUM>()?;
        let (serial, variables) = match self.redundant {
            true => rest.split_first().map(|(serial, rest)| (*serial, rest))?,
            false => (0, rest),
        };
        let good =
            !variables.is_empty() && CRC.checksum(variables) == u32::from_le_bytes(*checksum);
        good.then_some((serial, variables))
    }
}

/// Makes an image, in the form of this configuration, of variables that are in
/// their place, with zeros behind them.
pub fn seal(image: &mut [u8]) {
    configured(image.len()).seal(image, 1);
}

/// The variables of an image in the form of this configuration, if its checksum is right.
pub fn variables_of(image: &[u8]) -> Option<&[u8]> {
    let (_, variables) = configured(image.len()).check(image)?;
    Some(variables)
}

fn configured(size: usize) -> Format {
    Format {
        size,
        redundant: cfg!(CONFIG_ENV_REDUNDANT),
    }
}

/// Whether the second of two valid copies is the newer one.
pub fn second_is_newer(first: u8, second: u8) -> bool {
    match (first, second) {
        (255, 0) => true,
        (0, 255) => false,
        _ => second > first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_what_u_boot_writes() {
        let plain = Format {
            size: 16,
            redundant: false,
        };
        // Made with `mkenvimage -s 16 -p 0`.
        let image = plain.make(b"a=1\0\0", 0).unwrap();
        assert_eq!(image[4..], *b"a=1\0\0\0\0\0\0\0\0\0");
        assert_eq!(plain.check(&image), Some((0, &image[4..])));
        let redundant = Format {
            redundant: true,
            ..plain
        };
        let image = redundant.make(b"a=1\0\0", 7).unwrap();
        assert_eq!((image.len(), image[4]), (16, 7));
        assert_eq!(redundant.check(&image), Some((7, &image[5..])));
        assert_eq!(plain.check(&image), None);
        for at in (0..16).filter(|at| *at != 4) {
            let mut bad = image.clone();
            bad[at] ^= 1;
            assert_eq!(redundant.check(&bad), None, "{at}");
        }
        for len in 0..16 {
            assert_eq!(redundant.check(&image[..len]), None);
        }
    }

    #[test]
    fn what_does_not_fit_gives_no_image() {
        let _console = common::testing::capture();
        let format = Format {
            size: 16,
            redundant: false,
        };
        assert!(format.make(&[1; 12], 0).is_some());
        assert!(format.make(&[1; 13], 0).is_none());
        let tiny = Format { size: 2, ..format };
        assert!(tiny.make(&[1], 0).is_none());
    }

    #[test]
    fn serial_numbers_begin_again_after_255() {
        assert!(second_is_newer(1, 2));
        assert!(!second_is_newer(2, 1));
        assert!(!second_is_newer(3, 3));
        assert!(second_is_newer(255, 0));
        assert!(!second_is_newer(0, 255));
    }
}
