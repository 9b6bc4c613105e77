// SPDX-License-Identifier: GPL-2.0-or-later
//! U-Boot's legacy images: one header with two checksums before the data,
//! which may be several files or a script.
//!
//! Source: U-Boot, `include/image.h`; raw constants in [`include::uimage`].

use crate::hash::CRC32;
use crate::image_names::{self as names, DataSize, printable};
use alloc::vec::Vec;
use common::{Error, println};
use core::fmt;
use core::ops::Range;
use include::uimage as raw;

/// More files than this in one image are a sign of damage.
const MAX_PARTS: usize = 256;

/// A legacy image whose header is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Legacy<'a> {
    /// Where it is loaded to.
    pub load: u64,
    /// Where it is entered.
    pub entry: u64,
    /// Its operating system.
    pub os: u8,
    /// Its processor.
    pub arch: u8,
    /// Its kind.
    pub kind: u8,
    /// Its compression.
    pub compression: u8,
    /// Its name.
    pub name: &'a [u8],
    /// What follows the header.
    pub data: &'a [u8],
    data_crc: u32,
}

/// What is wrong with a legacy image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLegacy {
    /// It does not begin as one.
    Magic,
    /// The checksum of the header is wrong.
    HeaderCrc,
    /// It says that it is longer than the memory that is left.
    Truncated {
        /// Bytes of data that it says it has.
        size: u32,
        /// Bytes that are there.
        room: usize,
    },
}

impl fmt::Display for BadLegacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadLegacy::Magic => f.write_str("Bad Magic Number"),
            BadLegacy::HeaderCrc => f.write_str("Bad Header Checksum"),
            BadLegacy::Truncated { size, room } => {
                write!(
                    f,
                    "The image has {size:#x} bytes of data, but memory ends after {room:#x}"
                )
            }
        }
    }
}

/// Whether bytes begin as a legacy image.
pub fn is_legacy(bytes: &[u8]) -> bool {
    bytes.starts_with(&raw::MAGIC.to_be_bytes())
}

impl<'a> Legacy<'a> {
    /// Reads the header; the bytes may go on behind the image.
    ///
    /// # Errors
    /// If there is none, or it is damaged.
    pub fn parse(bytes: &'a [u8]) -> Result<Legacy<'a>, BadLegacy> {
        let header: &[u8; raw::HEADER_LEN] = bytes.first_chunk().ok_or(BadLegacy::Magic)?;
        let word = |offset: usize| {
            let field = header.get(offset..).and_then(<[u8]>::first_chunk);
            field.map_or(0, |field| u32::from_be_bytes(*field))
        };
        let byte = |offset: usize| header.get(offset).copied().unwrap_or(0);
        if word(0) != raw::MAGIC {
            return Err(BadLegacy::Magic);
        }
        if header_crc(header) != word(raw::HEADER_CRC) {
            return Err(BadLegacy::HeaderCrc);
        }
        let rest = bytes.get(raw::HEADER_LEN..).unwrap_or(&[]);
        let size = word(raw::SIZE);
        let data = rest.get(..size as usize).ok_or(BadLegacy::Truncated {
            size,
            room: rest.len(),
        })?;
        let name = header.get(raw::NAME..).unwrap_or(&[]);
        Ok(Legacy {
            load: word(raw::LOAD).into(),
            entry: word(raw::ENTRY).into(),
            os: byte(raw::OS),
            arch: byte(raw::ARCH),
            kind: byte(raw::TYPE),
            compression: byte(raw::COMPRESSION),
            name: name.split(|&byte| byte == 0).next().unwrap_or(&[]),
            data,
            data_crc: word(raw::DATA_CRC),
        })
    }

    /// Whether the data has the checksum that the header says.
    pub fn is_intact(&self) -> bool {
        CRC32.checksum(self.data) == self.data_crc
    }

    /// Whether the data is a list of files.
    pub fn has_parts(&self) -> bool {
        matches!(self.kind, raw::TYPE_MULTI | raw::TYPE_SCRIPT)
    }

    /// Where in the data its files are: their lengths stand at its start, up to a zero.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the list does not end, or a file is not inside of the data.
    pub fn parts(&self) -> Result<Vec<Range<usize>>, Error> {
        let corrupt = Error::Corrupt("list of the image's parts");
        let words = self.data.chunks_exact(4).map(|word| {
            let word = word.try_into().unwrap_or_default();
            u32::from_be_bytes(word) as usize
        });
        let sizes: Vec<usize> = words
            .take(MAX_PARTS.saturating_add(1))
            .take_while(|&size| size != 0)
            .collect();
        let mut start = sizes.len().saturating_add(1).saturating_mul(4);
        if sizes.len() > MAX_PARTS || start > self.data.len() {
            return Err(corrupt);
        }
        let mut parts = Vec::new();
        for size in sizes {
            let end = start.checked_add(size).ok_or(corrupt)?;
            if end > self.data.len() {
                return Err(corrupt);
            }
            parts.push(start..end);
            start = end.checked_next_multiple_of(4).ok_or(corrupt)?;
        }
        Ok(parts)
    }

    /// Shows what the header says.
    pub fn print(&self) {
        println!("   Image Name:   {}", printable(self.name));
        println!(
            "   Image Type:   {} {} {} ({})",
            names::arch(self.arch),
            names::os(self.os),
            names::kind(self.kind),
            names::compression(self.compression)
        );
        println!("   Data Size:    {}", DataSize(self.data.len() as u64));
        println!("   Load Address: {:08x}", self.load);
        println!("   Entry Point:  {:08x}", self.entry);
        if !self.has_parts() {
            return;
        }
        println!("   Contents:");
        match self.parts() {
            Ok(parts) => parts.iter().enumerate().for_each(|(index, part)| {
                println!("      Image {index}: {}", DataSize(part.len() as u64));
            }),
            Err(error) => println!("      {error}"),
        }
    }
}

/// The checksum of a header, its own field taken as 0.
fn header_crc(header: &[u8; raw::HEADER_LEN]) -> u32 {
    let field = raw::HEADER_CRC..raw::TIME;
    let mut digest = CRC32.digest();
    digest.update(header.get(..field.start).unwrap_or(&[]));
    digest.update(&[0; 4]);
    digest.update(header.get(field.end..).unwrap_or(&[]));
    digest.finalize()
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A legacy image of a kind for arm64 Linux.
    pub fn legacy(kind: u8, compression: u8, load: u32, entry: u32, data: &[u8]) -> Vec<u8> {
        let mut header = [0; raw::HEADER_LEN];
        let mut put = |offset: usize, value: u32| {
            header[offset..][..4].copy_from_slice(&value.to_be_bytes());
        };
        put(0, raw::MAGIC);
        put(raw::SIZE, data.len() as u32);
        put(raw::LOAD, load);
        put(raw::ENTRY, entry);
        put(raw::DATA_CRC, CRC32.checksum(data));
        let what = [raw::OS_LINUX, raw::ARCH_ARM64, kind, compression];
        put(raw::OS, u32::from_be_bytes(what));
        header[raw::NAME..][..4].copy_from_slice(b"test");
        let crc = header_crc(&header);
        header[raw::HEADER_CRC..][..4].copy_from_slice(&crc.to_be_bytes());
        [&header, data].concat()
    }

    /// The data of an image of several files.
    pub fn parts(files: &[&[u8]]) -> Vec<u8> {
        let mut data: Vec<u8> = files
            .iter()
            .flat_map(|file| (file.len() as u32).to_be_bytes())
            .chain([0; 4])
            .collect();
        for file in files {
            data.resize(data.len().next_multiple_of(4), 0);
            data.extend(*file);
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;
    use crate::fdt::testing::{Random, mutate};
    use common::testing::capture;

    #[test]
    fn an_image_is_read_and_shown() {
        let mut bytes = legacy(raw::TYPE_KERNEL, raw::COMP_GZIP, 0x8_0000, 0x8_0040, b"abc");
        bytes.extend(b"what follows");
        let image = Legacy::parse(&bytes).unwrap();
        assert_eq!((image.load, image.entry), (0x8_0000, 0x8_0040));
        assert_eq!((image.data, image.name), (&b"abc"[..], &b"test"[..]));
        assert!(is_legacy(&bytes) && image.is_intact() && !image.has_parts());
        let console = capture();
        image.print();
        assert_eq!(
            console.take(),
            "   Image Name:   test\n   \
             Image Type:   AArch64 Linux Kernel Image (gzip compressed)\n   \
             Data Size:    3 Bytes = 3 Bytes\n   \
             Load Address: 00080000\n   Entry Point:  00080040\n"
        );
    }

    #[test]
    fn several_files_are_found() {
        let bytes = legacy(raw::TYPE_MULTI, 0, 0, 0, &parts(&[b"first", b"x", b"last"]));
        let image = Legacy::parse(&bytes).unwrap();
        let files: Vec<_> = image.parts().unwrap();
        let files: Vec<_> = files.into_iter().map(|part| &image.data[part]).collect();
        assert_eq!(files, [&b"first"[..], b"x", b"last"]);
        let console = capture();
        image.print();
        let text = console.take();
        assert!(
            text.contains("   Contents:\n      Image 0: 5 Bytes = 5 Bytes\n"),
            "{text}"
        );
        for bad in [&[0, 0, 0][..], &[0, 0, 0, 1], &[0, 0, 0, 9, 0, 0, 0, 0]] {
            let bytes = legacy(raw::TYPE_MULTI, 0, 0, 0, bad);
            assert!(Legacy::parse(&bytes).unwrap().parts().is_err(), "{bad:?}");
        }
        let endless = legacy(raw::TYPE_MULTI, 0, 0, 0, &[1; 1 << 16]);
        assert!(Legacy::parse(&endless).unwrap().parts().is_err());
    }

    #[test]
    fn damage_is_noticed() {
        let good = legacy(raw::TYPE_KERNEL, 0, 0, 0, &[7; 100]);
        for at in 0..raw::HEADER_LEN {
            let mut bytes = good.clone();
            bytes[at] ^= 0x10;
            let expected = if at < 4 {
                BadLegacy::Magic
            } else {
                BadLegacy::HeaderCrc
            };
            assert_eq!(Legacy::parse(&bytes), Err(expected), "{at}");
        }
        let mut bytes = good.clone();
        bytes[raw::HEADER_LEN + 50] ^= 1;
        assert!(!Legacy::parse(&bytes).unwrap().is_intact());
        assert_eq!(
            Legacy::parse(&good[..163]),
            Err(BadLegacy::Truncated {
                size: 100,
                room: 99
            })
        );
        assert_eq!(Legacy::parse(&good[..63]), Err(BadLegacy::Magic));
    }

    #[test]
    fn no_mutation_gets_through_or_panics() {
        let _console = capture();
        let good = legacy(raw::TYPE_MULTI, 0, 0, 0, &parts(&[b"first", b"second"]));
        let mut random = Random(5);
        for _ in 0..20_000 {
            let mut bytes = good.clone();
            mutate(&mut random, &mut bytes);
            if bytes == good {
                continue;
            }
            if let Ok(image) = Legacy::parse(&bytes) {
                _ = image.parts();
                image.print();
                assert!(!image.is_intact());
            }
        }
    }
}
