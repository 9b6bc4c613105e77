// SPDX-License-Identifier: GPL-2.0-or-later
//! The arm64 Linux `Image`: its header, and where it may be placed.
//!
//! Source: Linux, `Documentation/arch/arm64/booting.rst`; raw constants in
//! [`include::image`].

use common::{Error, Result, println};
use include::image as raw;

/// What a kernel without `image_size`, from before Linux 3.17, is taken to need.
const OLD_SIZE: u64 = 16 << 20;
/// Where such a kernel is placed above the base.
const OLD_TEXT_OFFSET: u64 = 0x8_0000;

/// What the header of an `Image` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Bytes from a 2 MiB aligned base to the image.
    pub text_offset: u64,
    /// Bytes of memory it needs, its BSS included.
    pub size: u64,
    /// Whether the base may be anywhere in RAM; otherwise memory below it is lost.
    pub anywhere: bool,
}

impl Image {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is none, [`Error::Unsupported`] for a
    /// big-endian kernel. The console has been told.
    pub fn parse(header: &[u8]) -> Result<Image> {
        let field = |offset: usize| {
            let bytes = header.get(offset..)?.first_chunk()?;
            Some(u64::from_le_bytes(*bytes))
        };
        let magic = field(raw::MAGIC).map(|magic| magic as u32);
        let (Some(raw::ARM64_MAGIC), Some(size), Some(text_offset), Some(flags)) = (
            magic,
            field(raw::IMAGE_SIZE),
            field(raw::TEXT_OFFSET),
            field(raw::FLAGS),
        ) else {
            println!("Bad Linux ARM64 Image magic!");
            return Err(Error::Corrupt("Linux ARM64 Image magic"));
        };
        if flags & raw::FLAG_BIG_ENDIAN != 0 {
            println!("The kernel is big-endian, which is not supported");
            return Err(Error::Unsupported("big-endian kernel"));
        }
        let anywhere = flags & raw::FLAG_ANYWHERE != 0;
        if size == 0 {
            println!("Image lacks image_size field, assuming 16MiB");
            return Ok(Image {
                text_offset: OLD_TEXT_OFFSET,
                size: OLD_SIZE,
                anywhere,
            });
        }
        if text_offset >= raw::BASE_ALIGN
            || size < raw::HEADER_LEN as u64
            || size > u64::from(u32::MAX)
        {
            println!("Bad Linux ARM64 Image header: size {size:#x}, text offset {text_offset:#x}");
            return Err(Error::Corrupt("Linux ARM64 Image header"));
        }
        Ok(Image {
            text_offset,
            size,
            anywhere,
        })
    }

    /// The lowest place at or above `address` where it may be.
    pub fn place_from(&self, address: u64) -> Option<u64> {
        let base = address.saturating_sub(self.text_offset);
        base.checked_next_multiple_of(raw::BASE_ALIGN)?
            .checked_add(self.text_offset)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Headers for tests.

    use super::raw;
    use alloc::vec::Vec;

    /// An image of `len` bytes whose header says this; the rest counts up.
    pub fn image(len: usize, text_offset: u64, size: u64, flags: u64) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..len).map(|i| (i / 7) as u8).collect();
        bytes[raw::TEXT_OFFSET..][..8].copy_from_slice(&text_offset.to_le_bytes());
        bytes[raw::IMAGE_SIZE..][..8].copy_from_slice(&size.to_le_bytes());
        bytes[raw::FLAGS..][..8].copy_from_slice(&flags.to_le_bytes());
        bytes[raw::MAGIC..][..4].copy_from_slice(&raw::ARM64_MAGIC.to_le_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::testing::image;
    use super::*;

    #[test]
    fn the_header_is_read() {
        let parsed = Image::parse(&image(64, 0, 0x240_0000, raw::FLAG_ANYWHERE)).unwrap();
        assert_eq!(
            parsed,
            Image {
                text_offset: 0,
                size: 0x240_0000,
                anywhere: true
            }
        );
        let old = Image::parse(&image(64, 0x1234, 0, 0)).unwrap();
        assert_eq!(
            old,
            Image {
                text_offset: 0x8_0000,
                size: 16 << 20,
                anywhere: false
            }
        );
    }

    #[test]
    fn what_is_no_kernel_is_refused() {
        let good = image(64, 0, 0x1000, 0);
        assert!(Image::parse(&good[..63]).is_err());
        assert!(Image::parse(&[]).is_err());
        assert!(Image::parse(&[0; 64]).is_err());
        assert!(matches!(
            Image::parse(&image(64, 0, 0x1000, 1)),
            Err(Error::Unsupported(_))
        ));
        assert!(Image::parse(&image(64, 0, u64::MAX, 0)).is_err());
        assert!(Image::parse(&image(64, u64::MAX, 0x1000, 0)).is_err());
    }

    #[test]
    fn the_base_is_aligned() {
        let kernel = Image {
            text_offset: 0x8_0000,
            size: 1,
            anywhere: true,
        };
        assert_eq!(kernel.place_from(0x4008_0000), Some(0x4008_0000));
        assert_eq!(kernel.place_from(0x4008_0001), Some(0x4028_0000));
        assert_eq!(kernel.place_from(0x4000_0000), Some(0x4008_0000));
        assert_eq!(kernel.place_from(u64::MAX), None);
    }
}
