// SPDX-License-Identifier: GPL-2.0-or-later
//! gzip, from RAM to RAM.
//!
//! The compressed bytes are taken in pieces, so that the same `Ram` can be
//! read and written without two borrows of it. Length and checksum of the
//! result are compared with what the file says.
//!
//! Source: RFC 1952.

use alloc::vec::Vec;
use arch::mem::Ram;
use common::{Error, Result};
use core::ops::Range;
use crc::{CRC_32_ISO_HDLC, Crc, Table};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// Compressed bytes taken at a time.
const PIECE: usize = 64 << 10;
/// What deflate looks back.
const WINDOW: usize = 32 << 10;
const WINDOW_MASK: u64 = WINDOW as u64 - 1;
/// The trailer: checksum and length.
const TRAILER: u64 = 8;

const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

/// Lengths in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Of the gzip file.
    pub compressed: u64,
    /// Of what is in it.
    pub size: u64,
}

/// Whether bytes begin as a gzip file.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Finds out how long the gzip file at `from` is, by unpacking it to nowhere.
///
/// # Errors
/// If it is damaged, or holds more than `limit` bytes.
pub fn measure(ram: &mut Ram, from: u64, limit: u64) -> Result<Sizes> {
    Unpacking::new(ram, from, limit)?.run(ram, Target::Nowhere)
}

/// As [`measure`] for a file whose length is known, by what it says itself;
/// [`unpack`] finds out whether that is true.
pub fn sizes_of(ram: &Ram, file: &Range<u64>) -> Option<Sizes> {
    let compressed = file
        .end
        .checked_sub(file.start)
        .filter(|&len| len > TRAILER)?;
    let length = ram.slice(file.end.checked_sub(4)?, 4).ok()?;
    let size = u32::from_le_bytes(length.try_into().ok()?).into();
    Some(Sizes { compressed, size })
}

/// Unpacks the gzip file at `from` to `to`.
///
/// # Errors
/// If it is damaged, or holds more than `limit` bytes.
pub fn unpack(ram: &mut Ram, from: u64, to: u64, limit: u64) -> Result<Sizes> {
    Unpacking::new(ram, from, limit)?.run(ram, Target::Ram(to))
}

#[derive(Clone, Copy)]
enum Target {
    Nowhere,
    Ram(u64),
}

struct Unpacking {
    /// Where the file begins, the next piece is, and RAM ends.
    start: u64,
    next: u64,
    end: u64,
    limit: u64,
    input: Vec<u8>,
    /// What is already used of the input.
    used: usize,
}

impl Unpacking {
    fn new(ram: &Ram, start: u64, limit: u64) -> Result<Unpacking> {
        let room = ram.load_limit(start).map_err(|_| Error::OutOfRange)?;
        let end = start.saturating_add(room);
        Ok(Unpacking {
            start,
            next: start,
            end,
            limit,
            input: Vec::new(),
            used: 0,
        })
    }

    fn run(mut self, ram: &mut Ram, target: Target) -> Result<Sizes> {
        self.refill(ram)?;
        self.used = header_len(&self.input).ok_or(Error::Corrupt("gzip header"))?;
        let (size, sum) = self.inflate(ram, target)?;
        let trailer = self.position();
        let trailer = ram
            .slice(trailer, TRAILER as usize)
            .map_err(|_| Error::Corrupt("truncated gzip file"))?;
        let (crc, length) = trailer
            .split_at_checked(4)
            .ok_or(Error::Corrupt("gzip trailer"))?;
        if length != (size as u32).to_le_bytes() || sum.is_some_and(|sum| crc != sum.to_le_bytes())
        {
            return Err(Error::Corrupt("checksum of the gzip file"));
        }
        let compressed = self
            .position()
            .saturating_add(TRAILER)
            .saturating_sub(self.start);
        Ok(Sizes { compressed, size })
    }

    /// The address of the next unused byte.
    fn position(&self) -> u64 {
        let left = self.input.len().saturating_sub(self.used);
        self.next.saturating_sub(left as u64)
    }

    fn refill(&mut self, ram: &Ram) -> Result<()> {
        let len = self.end.saturating_sub(self.next).min(PIECE as u64);
        let piece = ram
            .slice(self.next, len as usize)
            .map_err(|_| Error::OutOfRange)?;
        self.input.clear();
        self.input.extend_from_slice(piece);
        self.next = self.next.saturating_add(len);
        self.used = 0;
        Ok(())
    }

    /// Gives the length, and the checksum if there is a target.
    fn inflate(&mut self, ram: &mut Ram, target: Target) -> Result<(u64, Option<u32>)> {
        let mut state = alloc::boxed::Box::new(DecompressorOxide::new());
        let mut window = alloc::vec![0; if matches!(target, Target::Nowhere) { WINDOW } else { 0 }];
        let mut digest = CRC32.digest();
        let mut size = 0u64;
        loop {
            if common::console::ctrlc() {
                return Err(Error::Interrupted);
            }
            let input = self.input.get(self.used..).unwrap_or(&[]);
            let (status, read, written) = match target {
                Target::Nowhere => {
                    let at = (size & WINDOW_MASK) as usize;
                    decompress(
                        &mut state,
                        input,
                        &mut window,
                        at,
                        TINFL_FLAG_HAS_MORE_INPUT,
                    )
                }
                Target::Ram(to) => {
                    let output = ram
                        .slice_mut(to, self.limit as usize)
                        .map_err(|_| Error::OutOfRange)?;
                    let flags =
                        TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
                    let at = size as usize;
                    let result = decompress(&mut state, input, output, at, flags);
                    digest.update(output.get(at..at.saturating_add(result.2)).unwrap_or(&[]));
                    result
                }
            };
            self.used = self.used.saturating_add(read);
            size = size.saturating_add(written as u64);
            if size > self.limit {
                return Err(Error::NoSpace);
            }
            match status {
                TINFLStatus::Done => break,
                TINFLStatus::NeedsMoreInput if self.next < self.end => self.refill(ram)?,
                TINFLStatus::NeedsMoreInput => return Err(Error::Corrupt("truncated gzip file")),
                TINFLStatus::HasMoreOutput if matches!(target, Target::Nowhere) => {}
                TINFLStatus::HasMoreOutput => return Err(Error::NoSpace),
                _ => return Err(Error::Corrupt("gzip data")),
            }
        }
        let sum = matches!(target, Target::Ram(_)).then(|| digest.finalize());
        Ok((size, sum))
    }
}

/// Bytes before the deflate data.
fn header_len(bytes: &[u8]) -> Option<usize> {
    let &[0x1f, 0x8b, 8, flags, ..] = bytes else {
        return None;
    };
    let mut at = 10usize;
    if flags & EXTRA != 0 {
        let len = bytes.get(at..)?.first_chunk()?;
        at = at
            .checked_add(2)?
            .checked_add(u16::from_le_bytes(*len).into())?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            let len = bytes.get(at..)?.iter().position(|&byte| byte == 0)?;
            at = at.checked_add(len)?.checked_add(1)?;
        }
    }
    if flags & HEADER_CRC != 0 {
        at = at.checked_add(2)?;
    }
    (at <= bytes.len()).then_some(at)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A gzip file.
    pub fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut file = alloc::vec![0x1f, 0x8b, 8, NAME, 0, 0, 0, 0, 0, 3];
        file.extend(b"Image\0");
        file.extend(miniz_oxide::deflate::compress_to_vec(bytes, 6));
        file.extend(CRC32.checksum(bytes).to_le_bytes());
        file.extend((bytes.len() as u32).to_le_bytes());
        file
    }
}

#[cfg(test)]
mod tests {
    use super::testing::pack;
    use super::*;
    use crate::fdt::testing::{Random, mutate};

    const BASE: u64 = 0x4000_0000;
    const TO: u64 = BASE + (2 << 20);

    fn ram_with(file: &[u8]) -> Ram {
        let mut ram = Ram::in_buffer(BASE, 4 << 20, Vec::new());
        ram.slice_mut(BASE, file.len())
            .unwrap()
            .copy_from_slice(file);
        ram
    }

    fn content(len: usize) -> Vec<u8> {
        let mut random = Random(1);
        (0..len).map(|_| random.below(19) as u8).collect()
    }

    #[test]
    fn files_are_measured_and_unpacked() {
        for len in [0, 1, 40_000, 1 << 20] {
            let (content, mut ram) = (content(len), ram_with(&pack(&content(len))));
            let sizes = Sizes {
                compressed: pack(&content).len() as u64,
                size: len as u64,
            };
            assert_eq!(measure(&mut ram, BASE, 2 << 20), Ok(sizes));
            assert_eq!(unpack(&mut ram, BASE, TO, 2 << 20), Ok(sizes));
            let file = BASE..BASE + sizes.compressed;
            assert_eq!(sizes_of(&ram, &file), Some(sizes));
            assert_eq!(ram.slice(TO, len).unwrap(), content);
        }
    }

    #[test]
    fn what_is_too_large_or_damaged_is_refused() {
        let file = pack(&content(100_000));
        let mut ram = ram_with(&file);
        assert_eq!(unpack(&mut ram, BASE, TO, 99_999), Err(Error::NoSpace));
        assert_eq!(measure(&mut ram, BASE, 9_999), Err(Error::NoSpace));
        assert_eq!(
            unpack(&mut ram, BASE + (4 << 20), TO, 1),
            Err(Error::OutOfRange)
        );
        let crc = file.len() - 8;
        ram.slice_mut(BASE + crc as u64, 1).unwrap()[0] ^= 1;
        assert_eq!(
            unpack(&mut ram, BASE, TO, 100_000),
            Err(Error::Corrupt("checksum of the gzip file"))
        );
        let short = BASE + (4 << 20) - 1000;
        ram.slice_mut(short, 1000)
            .unwrap()
            .copy_from_slice(&file[..1000]);
        assert_eq!(
            measure(&mut ram, short, 1 << 20),
            Err(Error::Corrupt("truncated gzip file"))
        );
        assert!(is_gzip(&file) && !is_gzip(&file[1..]));
    }

    #[test]
    fn headers_with_all_their_parts() {
        let mut header = alloc::vec![0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9];
        header.extend(b"name\0comment\0\x11\x22");
        assert_eq!(header_len(&header), Some(header.len()));
        for len in 0..header.len() {
            assert_eq!(header_len(&header[..len]), None);
        }
        assert_eq!(header_len(&[0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn mutated_files_never_panic() {
        let good = pack(&content(3000));
        let mut random = Random(0x621b);
        for _ in 0..500 {
            let mut file = good.clone();
            mutate(&mut random, &mut file);
            let mut ram = Ram::in_buffer(BASE, 16 << 10, Vec::new());
            ram.slice_mut(BASE, file.len())
                .unwrap()
                .copy_from_slice(&file);
            _ = measure(&mut ram, BASE, 10_000);
            _ = unpack(&mut ram, BASE, BASE + 0x2000, 4096);
        }
    }
}
