// SPDX-License-Identifier: GPL-2.0-or-later
//! EFI zboot kernels: a packed `Image` in a UEFI program that would unpack it.
//!
//! There is no UEFI here: the loader unpacks the payload itself. The header says
//! where that is and how it is packed; its unpacked size is the last word of a
//! gzip file, and follows the payload of all others.
//!
//! Source: Linux, `drivers/firmware/efi/libstub/Makefile.zboot` and
//! `zboot-header.S`; raw constants in [`include::image::zboot`].

use crate::decompress::Format;
use crate::image_names::printable;
use alloc::string::String;
use core::fmt;
use core::ops::Range;
use include::image::zboot as raw;

/// How kernels are packed, by the names of Linux' build.
const COMPRESSIONS: [(&str, Format); 7] = [
    ("gzip", Format::Gzip),
    ("lz4", Format::Lz4),
    ("lzma", Format::Lzma),
    ("xz", Format::Xz),
    ("xzkern", Format::Xz),
    ("zstd", Format::Zstd),
    ("zstd22", Format::Zstd),
];

/// Bytes of the word that says the unpacked size.
const SIZE_LEN: usize = 4;

/// An EFI zboot kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zboot {
    /// Where the payload is, from the start of the image.
    pub payload: Range<usize>,
    /// How it is packed.
    pub format: Format,
    /// Bytes of what is in it.
    pub size: u64,
}

/// Why an image that begins as an EFI zboot kernel is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadZboot {
    /// It ends in its header.
    Header,
    /// Nobody here can unpack it.
    Compression(String),
    /// The payload, or its size, is not in the file.
    OutOfBounds {
        /// Where the payload begins, from the start of the image.
        offset: u32,
        /// Its length.
        size: u32,
        /// Bytes that are there.
        room: usize,
    },
}

impl fmt::Display for BadZboot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadZboot::Header => f.write_str("it ends in its header"),
            BadZboot::Compression(name) => write!(f, "the compression '{name}' is not supported"),
            BadZboot::OutOfBounds { offset, size, room } => write!(
                f,
                "the payload at {offset:#x}, of {size:#x} bytes, is not in its {room:#x} bytes"
            ),
        }
    }
}

/// Whether bytes begin as an EFI zboot kernel.
pub fn is_zboot(bytes: &[u8]) -> bool {
    bytes.starts_with(&raw::MAGIC)
}

impl Zboot {
    /// Reads the header; the bytes may go on behind the image.
    ///
    /// # Errors
    /// If it is damaged, packed in an unknown way, or not all there.
    pub fn parse(bytes: &[u8]) -> Result<Zboot, BadZboot> {
        let header: &[u8; raw::HEADER_LEN] = bytes.first_chunk().ok_or(BadZboot::Header)?;
        if !is_zboot(header) {
            return Err(BadZboot::Header);
        }
        let name = header.get(raw::COMPRESSION..raw::COMPRESSION_END);
        let name = name.and_then(|name| name.split(|&byte| byte == 0).next());
        let name = name.unwrap_or(&[]);
        let known = COMPRESSIONS
            .iter()
            .find(|(known, _)| known.as_bytes() == name);
        let (_, format) = known.ok_or_else(|| BadZboot::Compression(printable(name)))?;
        let (Some(offset), Some(size)) = (
            word(header, raw::PAYLOAD_OFFSET),
            word(header, raw::PAYLOAD_SIZE),
        ) else {
            return Err(BadZboot::Header);
        };
        let bad = BadZboot::OutOfBounds {
            offset,
            size,
            room: bytes.len(),
        };
        if (offset as usize) < raw::HEADER_LEN {
            return Err(bad);
        }
        let start = offset as usize;
        let payload = start..start.saturating_add(size as usize);
        let size_at = match format {
            Format::Gzip => payload.end.saturating_sub(SIZE_LEN),
            _ => payload.end,
        };
        let said = word(bytes, size_at).filter(|_| size_at >= payload.start);
        match said {
            Some(said) if payload.end <= bytes.len() => Ok(Zboot {
                payload,
                format: *format,
                size: said.into(),
            }),
            _ => Err(bad),
        }
    }
}

fn word(bytes: &[u8], offset: usize) -> Option<u32> {
    let word = bytes.get(offset..)?.first_chunk()?;
    Some(u32::from_le_bytes(*word))
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use alloc::vec::Vec;

    /// An EFI zboot kernel; `size` stands behind the payload if it is not one of gzip.
    pub fn zboot(compression: &str, payload: &[u8], size: u32) -> Vec<u8> {
        let start = 0x1000u32;
        let mut bytes = alloc::vec![0; start as usize];
        bytes[..8].copy_from_slice(&raw::MAGIC);
        bytes[raw::PAYLOAD_OFFSET..][..4].copy_from_slice(&start.to_le_bytes());
        let len = payload.len() as u32;
        bytes[raw::PAYLOAD_SIZE..][..4].copy_from_slice(&len.to_le_bytes());
        bytes[raw::COMPRESSION..][..compression.len()].copy_from_slice(compression.as_bytes());
        bytes[raw::COMPRESSION_END..][..4].copy_from_slice(&[0xcd, 0x23, 0x82, 0x81]);
        bytes.extend(payload);
        if compression != "gzip" {
            bytes.extend(size.to_le_bytes());
        }
        // The program that would unpack it.
        bytes.extend([0xd5; 64]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::testing::zboot;
    use super::*;
    use crate::fdt::testing::{Random, mutate};
    use alloc::string::ToString;

    #[test]
    fn the_header_is_read() {
        for (name, format) in COMPRESSIONS {
            let bytes = zboot(name, b"payload!\x10\0\0\0", 0x1234_5678);
            let size = match format {
                Format::Gzip => 0x10,
                _ => 0x1234_5678,
            };
            let expected = Zboot {
                payload: 0x1000..0x100c,
                format,
                size,
            };
            assert!(is_zboot(&bytes));
            assert_eq!(Zboot::parse(&bytes), Ok(expected), "{name}");
        }
    }

    #[test]
    fn what_is_not_all_there_is_refused() {
        let good = zboot("zstd", b"payload", 7);
        let end = 0x1000 + 7 + 4;
        assert!(Zboot::parse(&good[..end]).is_ok());
        for len in [0, 8, 63, 64, 0x1000, end - 1] {
            assert!(Zboot::parse(&good[..len]).is_err(), "{len}");
        }
        let with = |at: usize, bytes: &[u8]| {
            let mut image = good.clone();
            image[at..][..bytes.len()].copy_from_slice(bytes);
            Zboot::parse(&image).unwrap_err().to_string()
        };
        for (at, value) in [
            (raw::PAYLOAD_OFFSET, u32::MAX),
            (raw::PAYLOAD_OFFSET, 63),
            (raw::PAYLOAD_SIZE, u32::MAX),
            (raw::PAYLOAD_SIZE, good.len() as u32 - 0x1000),
        ] {
            let text = with(at, &value.to_le_bytes());
            assert!(text.starts_with("the payload at 0x"), "{text}");
        }
        assert_eq!(
            with(raw::COMPRESSION, b"lzo\x1b\0"),
            "the compression 'lzo?' is not supported"
        );
        assert_eq!(
            with(raw::COMPRESSION, &[b'a'; 40]),
            alloc::format!("the compression '{}' is not supported", "a".repeat(32))
        );
        // A gzip file is never so short that its size is not in it.
        assert!(Zboot::parse(&zboot("gzip", b"123", 0)).is_err());
    }

    #[test]
    fn no_mutation_points_outside() {
        let good = zboot("gzip", &[7; 100], 0);
        let mut random = Random(3);
        for _ in 0..5000 {
            let mut bytes = good.clone();
            mutate(&mut random, &mut bytes[8..64]);
            if let Ok(found) = Zboot::parse(&bytes) {
                assert!(bytes.get(found.payload).is_some());
            }
        }
    }
}
