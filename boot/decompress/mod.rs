// SPDX-License-Identifier: GPL-2.0-or-later
//! Unpacking what was packed by gzip, lz4, lzma, xz or zstd.
//!
//! [`places`] gives the two places in RAM, [`unpack`] goes from one to the
//! other: it writes nowhere else, knows nothing of RAM, and takes the input for
//! hostile. The output is also what the formats look back at, where the library
//! allows it, so that a large dictionary needs no heap.
//!
//! ```ignore
//! let (input, output) = decompress::places(&mut ram, source, Some(len), target, limit)?;
//! let sizes = decompress::unpack(Format::Lz4, input, output)?;
//! ```
//!
//! One stream is unpacked; what follows it does not matter. A format whose
//! Kconfig symbol is off is [`Error::Unsupported`].

#[cfg(CONFIG_GZIP)]
pub mod gzip;
#[cfg(CONFIG_LZ4)]
mod lz4;
#[cfg(any(CONFIG_LZMA, CONFIG_XZ))]
mod lzma;
#[cfg(CONFIG_XZ)]
mod xz;
#[cfg(CONFIG_ZSTD)]
mod zstd;

use arch::mem::{MemError, Ram};
use common::{Error, Result};

/// Input that is unpacked between two looks for Ctrl-C.
#[cfg(CONFIG_GZIP)]
const PIECE: usize = 64 << 10;

/// Bytes of the room that LZ4, which copies in steps, may leave behind its output.
pub const OVERRUN: usize = 32;

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 1952.
    Gzip,
    /// An LZ4 frame, of the present or the legacy format.
    Lz4,
    /// `.lzma`, the older format of the LZMA tools.
    Lzma,
    /// `.xz`.
    Xz,
    /// RFC 8878.
    Zstd,
}

/// Lengths in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Of the packed stream.
    pub compressed: u64,
    /// Of what is in it; up to [`OVERRUN`] bytes of the room behind it may have changed too.
    pub size: u64,
}

impl Format {
    /// The format that bytes begin as.
    pub fn detect(head: &[u8]) -> Option<Format> {
        let magics: [(&[u8], Format); 6] = [
            (&[0x1f, 0x8b], Format::Gzip),
            (&[0x04, 0x22, 0x4d, 0x18], Format::Lz4),
            (&[0x02, 0x21, 0x4c, 0x18], Format::Lz4),
            (&[0x5d, 0, 0], Format::Lzma),
            (&[0xfd, b'7', b'z', b'X', b'Z', 0], Format::Xz),
            (&[0x28, 0xb5, 0x2f, 0xfd], Format::Zstd),
        ];
        let found = magics.iter().find(|(magic, _)| head.starts_with(magic));
        found.map(|(_, format)| *format)
    }
}

/// The packed bytes at `from`, and room for what is in them at `to`.
///
/// Without a length the source reaches as far as it can. The target is at most
/// `limit` bytes, less if RAM ends, something reserved comes, or the source.
///
/// # Errors
/// If either place is not the user's RAM, or the target begins in the source.
pub fn places(
    ram: &mut Ram,
    from: u64,
    len: Option<u64>,
    to: u64,
    limit: u64,
) -> core::result::Result<(&[u8], &mut [u8]), MemError> {
    let room = ram.load_limit(to)?.min(limit);
    let mut target = to..to.saturating_add(room);
    let mut source = from..match len {
        Some(len) => from.saturating_add(len),
        None => readable_end(ram, from),
    };
    if to < from {
        target.end = target.end.min(from);
    } else if len.is_none() && to > from {
        source.end = source.end.min(to);
    }
    ram.source_and_target(source, target)
}

/// Where what can be read from `start` on ends.
fn readable_end(ram: &Ram, start: u64) -> u64 {
    let len = ram.slice_from(start).map_or(1, <[u8]>::len);
    start.saturating_add(len as u64)
}

/// Unpacks `input` to `output`.
///
/// # Errors
/// [`Error::Corrupt`] if it is damaged or ends too early, [`Error::NoSpace`] if
/// `output` is too small; both may leave some of it written.
pub fn unpack(format: Format, input: &[u8], output: &mut [u8]) -> Result<Sizes> {
    match format {
        #[cfg(CONFIG_GZIP)]
        Format::Gzip => gzip::unpack(input, output),
        #[cfg(CONFIG_LZ4)]
        Format::Lz4 => lz4::unpack(input, output),
        #[cfg(CONFIG_LZMA)]
        Format::Lzma => lzma::unpack(input, output),
        #[cfg(CONFIG_XZ)]
        Format::Xz => xz::unpack(input, output),
        #[cfg(CONFIG_ZSTD)]
        Format::Zstd => zstd::unpack(input, output),
        #[allow(unreachable_patterns)]
        _ => Err(Error::Unsupported("this compression")),
    }
}

#[cfg(all(test, CONFIG_GZIP, CONFIG_LZ4, CONFIG_LZMA, CONFIG_XZ, CONFIG_ZSTD))]
#[path = "tests.rs"]
mod formats;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use arch::mem::{Access, Reserved};

    const BASE: u64 = 0x4000_0000;

    fn ram() -> Ram {
        let reserved = |start: u64, what, access| Reserved {
            range: BASE + start..BASE + start + 0x1000,
            what,
            access,
        };
        let tree = reserved(0x8000, "device tree", Access::NoLoad);
        let loader = reserved(0xc000, "loader", Access::Private);
        Ram::in_buffer(BASE, 0x1_0000, vec![tree, loader])
    }

    fn lens(from: u64, len: Option<u64>, to: u64, limit: u64) -> Option<(usize, usize)> {
        let mut ram = ram();
        let places = places(&mut ram, BASE + from, len, BASE + to, limit).ok()?;
        Some((places.0.len(), places.1.len()))
    }

    #[test]
    fn places_stay_apart_and_outside_of_what_is_reserved() {
        assert_eq!(lens(0, Some(16), 0x1000, 64), Some((16, 64)));
        assert_eq!(lens(0, None, 0x1000, u64::MAX), Some((0x1000, 0x7000)));
        assert_eq!(lens(0x9000, None, 0, 0x100), Some((0x3000, 0x100)));
        assert_eq!(lens(0x1000, None, 0, u64::MAX), Some((0xb000, 0x1000)));
        assert_eq!(lens(0x8000, None, 0, u64::MAX), Some((0x4000, 0x8000)));
        for (from, len, to) in [
            (0, None, 0),
            (0, Some(0x1001), 0x1000),
            (0, None, 0x8000),
            (0, None, 0xc000),
            (0xc000, None, 0),
            (0x1_0000, None, 0),
            (0, None, 0x1_0000),
        ] {
            assert_eq!(lens(from, len, to, 64), None, "{from:#x} {len:?} {to:#x}");
        }
    }

    #[test]
    fn formats_are_known_by_how_they_begin() {
        let detect = |head: &[u8]| Format::detect(head);
        assert_eq!(detect(b"\x1f\x8b\x08"), Some(Format::Gzip));
        assert_eq!(detect(b"\x04\x22\x4d\x18"), Some(Format::Lz4));
        assert_eq!(detect(b"\x02\x21\x4c\x18"), Some(Format::Lz4));
        assert_eq!(detect(b"\x5d\0\0\x80"), Some(Format::Lzma));
        assert_eq!(detect(b"\xfd7zXZ\0"), Some(Format::Xz));
        assert_eq!(detect(b"\x28\xb5\x2f\xfd"), Some(Format::Zstd));
        assert_eq!(detect(b""), None);
        assert_eq!(detect(b"MZ"), None);
    }
}
