// SPDX-License-Identifier: GPL-2.0-or-later
//! Little-endian numbers in foreign bytes.
//!
//! Disk structures are read number by number at the offsets of their
//! definition; a number that is not there makes the structure corrupt.

use common::{Error, Result};

const SHORT: Error = Error::Corrupt("a structure ends too early");

/// The 8-bit number at an offset.
///
/// # Errors
/// [`Error::Corrupt`] if it lies beyond the end; so for all of these.
pub fn u8(bytes: &[u8], offset: usize) -> Result<u8> {
    bytes.get(offset).copied().ok_or(SHORT)
}

/// The 16-bit number at an offset.
///
/// # Errors
/// See [`u8`].
pub fn u16(bytes: &[u8], offset: usize) -> Result<u16> {
    array(bytes, offset).map(u16::from_le_bytes)
}

/// The 32-bit number at an offset.
///
/// # Errors
/// See [`u8`].
pub fn u32(bytes: &[u8], offset: usize) -> Result<u32> {
    array(bytes, offset).map(u32::from_le_bytes)
}

/// The 64-bit number at an offset.
///
/// # Errors
/// See [`u8`].
pub fn u64(bytes: &[u8], offset: usize) -> Result<u64> {
    array(bytes, offset).map(u64::from_le_bytes)
}

/// The big-endian 32-bit number at an offset.
///
/// # Errors
/// See [`u8`].
pub fn be32(bytes: &[u8], offset: usize) -> Result<u32> {
    array(bytes, offset).map(u32::from_be_bytes)
}

/// `N` bytes at an offset.
///
/// # Errors
/// See [`u8`].
pub fn array<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N]> {
    bytes
        .get(offset..)
        .and_then(|rest| rest.first_chunk::<N>())
        .copied()
        .ok_or(SHORT)
}

/// `len` bytes at an offset.
///
/// # Errors
/// See [`u8`].
pub fn slice(bytes: &[u8], offset: usize, len: usize) -> Result<&[u8]> {
    bytes
        .get(offset..)
        .and_then(|rest| rest.get(..len))
        .ok_or(SHORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_little_endian_and_inside() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(u8(&bytes, 8), Ok(9));
        assert_eq!(u16(&bytes, 1), Ok(0x0302));
        assert_eq!(u32(&bytes, 5), Ok(0x0908_0706));
        assert_eq!(u64(&bytes, 1), Ok(0x0908_0706_0504_0302));
        assert_eq!(be32(&bytes, 0), Ok(0x0102_0304));
        assert_eq!(slice(&bytes, 7, 2), Ok(&[8, 9][..]));
        for offset in [2, 9, usize::MAX] {
            assert_eq!(u64(&bytes, offset), Err(SHORT));
            assert_eq!(slice(&bytes, offset, 8), Err(SHORT));
        }
    }
}
