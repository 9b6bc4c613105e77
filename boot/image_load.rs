// SPDX-License-Identifier: GPL-2.0-or-later
//! Puts the data of an image where they are to be, unpacked if they are packed.
//!
//! Nothing is overwritten that is still needed: not the loader, not the image
//! itself, not what else was loaded. Neighbours: [`crate::decompress`].

use crate::decompress::{self, Format};
use crate::place::{len, overlap};
use alloc::string::String;
use arch::mem::{MemError, Ram};
use common::Error;
use core::fmt;
use core::ops::Range;
use include::uimage::{COMP_GZIP, COMP_LZ4, COMP_LZMA, COMP_NONE, COMP_ZSTD};

/// Memory that must stay as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busy {
    /// What is there.
    pub what: String,
    /// Where it is.
    pub range: Range<u64>,
}

/// Why data could not be put somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The place is no good.
    Memory(MemError),
    /// The place is taken.
    Taken(Busy),
    /// There would be more bytes than are allowed.
    TooLarge,
    /// Nobody here can unpack it.
    Unimplemented(u8),
    /// It cannot be unpacked.
    Failed(Error),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Memory(error) => error.fmt(f),
            LoadError::Taken(Busy { what, range }) => {
                let end = range.end;
                write!(
                    f,
                    "it would overwrite the {what} ({:#x}..{end:#x})",
                    range.start
                )
            }
            LoadError::TooLarge => f.write_str("it is too large"),
            LoadError::Unimplemented(number) => {
                write!(f, "Unimplemented compression type {number}")
            }
            LoadError::Failed(error) => error.fmt(f),
        }
    }
}

impl From<MemError> for LoadError {
    fn from(error: MemError) -> LoadError {
        LoadError::Memory(error)
    }
}

/// Puts the bytes at `from` to `to`, unpacked, and gives their number.
///
/// # Errors
/// If there is no room for them, or for more than `limit`, or they are damaged;
/// then nothing but free memory from `to` on was written.
pub fn load(
    ram: &mut Ram,
    compression: u8,
    from: &Range<u64>,
    to: u64,
    limit: u64,
    busy: &[Busy],
) -> Result<u64, LoadError> {
    match format(compression)? {
        None if from.start == to => {
            ram.slice(to, len(from) as usize)?;
            Ok(len(from))
        }
        None => copy(ram, from, to, limit, busy),
        Some(format) => unpack(ram, format, from, to, limit, busy),
    }
}

/// The format that a number in a header means.
fn format(compression: u8) -> Result<Option<Format>, LoadError> {
    match compression {
        COMP_NONE => Ok(None),
        COMP_GZIP => Ok(Some(Format::Gzip)),
        COMP_LZMA => Ok(Some(Format::Lzma)),
        COMP_LZ4 => Ok(Some(Format::Lz4)),
        COMP_ZSTD => Ok(Some(Format::Zstd)),
        other => Err(LoadError::Unimplemented(other)),
    }
}

fn copy(
    ram: &mut Ram,
    from: &Range<u64>,
    to: u64,
    limit: u64,
    busy: &[Busy],
) -> Result<u64, LoadError> {
    let size = len(from);
    if size > limit {
        return Err(LoadError::TooLarge);
    }
    let target = to..to.saturating_add(size);
    if let Some(taken) = busy.iter().find(|busy| overlap(&busy.range, &target)) {
        return Err(LoadError::Taken(taken.clone()));
    }
    ram.load_region(to, size as usize)?;
    ram.copy(from.start, to, size as usize)?;
    Ok(size)
}

fn unpack(
    ram: &mut Ram,
    format: Format,
    from: &Range<u64>,
    to: u64,
    limit: u64,
    busy: &[Busy],
) -> Result<u64, LoadError> {
    // The first thing that is in the way ends the room.
    let next = busy
        .iter()
        .filter(|busy| busy.range.end > to && !busy.range.is_empty())
        .min_by_key(|busy| busy.range.start);
    let room = next.map_or(limit, |next| next.range.start.saturating_sub(to).min(limit));
    let taken = || match next {
        Some(next) if room < limit => LoadError::Taken(next.clone()),
        _ => LoadError::TooLarge,
    };
    if room == 0 {
        return Err(taken());
    }
    let (input, output) = decompress::places(ram, from.start, Some(len(from)), to, room)?;
    let given = output.len() as u64;
    match decompress::unpack(format, input, output) {
        Ok(sizes) => Ok(sizes.size),
        Err(Error::NoSpace) if given < room => {
            // One byte more says what is in the way.
            let reserved = ram.load_region(to, given.saturating_add(1) as usize).err();
            Err(reserved.map_or(LoadError::TooLarge, LoadError::Memory))
        }
        Err(Error::NoSpace) => Err(taken()),
        Err(error) => Err(LoadError::Failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decompress::gzip::testing::pack;
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use include::uimage::{COMP_BZIP2, COMP_LZO};

    const BASE: u64 = 0x4000_0000;

    fn ram_with(bytes: &[u8]) -> (Ram, Range<u64>) {
        let mut ram = Ram::in_buffer(BASE, 1 << 20, Vec::new());
        let place = ram.slice_mut(BASE, bytes.len()).unwrap();
        place.copy_from_slice(bytes);
        (ram, BASE..BASE + bytes.len() as u64)
    }

    fn busy(start: u64, end: u64) -> [Busy; 1] {
        [Busy {
            what: "ramdisk".into(),
            range: BASE + start..BASE + end,
        }]
    }

    #[test]
    fn data_are_copied_or_stay() {
        let (mut ram, from) = ram_with(b"abcdef");
        assert_eq!(load(&mut ram, COMP_NONE, &from, BASE, 1, &[]), Ok(6));
        assert_eq!(load(&mut ram, COMP_NONE, &from, BASE + 3, 6, &[]), Ok(6));
        assert_eq!(ram.slice(BASE, 9).unwrap(), b"abcabcdef");
        let taken = busy(0x105, 0x106);
        let mut said = |to, limit| {
            let error = load(&mut ram, COMP_NONE, &from, to, limit, &taken);
            error.unwrap_err().to_string()
        };
        assert_eq!(
            said(BASE + 0x100, 6),
            "it would overwrite the ramdisk (0x40000105..0x40000106)"
        );
        assert_eq!(said(BASE + 0x100, 5), "it is too large");
        assert!(said(BASE + (1 << 20) - 5, 6).contains("is not in RAM"));
    }

    #[test]
    fn packed_data_are_unpacked_to_where_there_is_room() {
        let content: Vec<u8> = (0..50_000u32).map(|i| (i / 9) as u8).collect();
        let (mut ram, from) = ram_with(&pack(&content));
        let to = BASE + 0x4_0000;
        assert_eq!(
            load(&mut ram, COMP_GZIP, &from, to, 50_000, &[]),
            Ok(50_000)
        );
        assert!(ram.slice(to, 50_000).unwrap() == content);
        let mut run = |to, limit, busy: &[Busy]| load(&mut ram, COMP_GZIP, &from, to, limit, busy);
        assert_eq!(run(to, 49_999, &[]), Err(LoadError::TooLarge));
        let taken = busy(0x4_1000, 0x4_2000);
        let error = Err(LoadError::Taken(taken[0].clone()));
        assert_eq!(run(to, 50_000, &taken), error);
        assert_eq!(run(BASE + 0x4_1fff, 50_000, &taken), error);
        assert_eq!(run(BASE + 0x4_2000, 50_000, &taken), Ok(50_000));
        let end = run(BASE + (1 << 20) - 49_999, 1 << 20, &[]);
        assert!(matches!(end, Err(LoadError::Memory(_))), "{end:?}");
        assert!(run(BASE + 16, 1 << 20, &[]).is_err());
        ram.slice_mut(BASE + 40, 1).unwrap()[0] ^= 0x55;
        let damaged = load(&mut ram, COMP_GZIP, &from, to, 50_000, &[]);
        assert!(damaged.is_err());
    }

    #[test]
    fn what_nobody_unpacks_is_named() {
        let (mut ram, from) = ram_with(b"abcdef");
        for compression in [COMP_BZIP2, COMP_LZO, 99] {
            assert_eq!(
                load(&mut ram, compression, &from, BASE + 64, 64, &[]),
                Err(LoadError::Unimplemented(compression))
            );
        }
    }
}
