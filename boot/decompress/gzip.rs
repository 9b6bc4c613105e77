// SPDX-License-Identifier: GPL-2.0-or-later
//! gzip. Length and checksum of what is unpacked are compared with what the file says.
//!
//! Source: RFC 1952.

use super::{PIECE, Sizes};
use crate::hash::CRC32;
use alloc::boxed::Box;
use common::{Error, Result, console};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// What deflate looks back.
const WINDOW: usize = 32 << 10;
const WINDOW_MASK: u64 = WINDOW as u64 - 1;
/// The trailer: checksum and length.
pub const TRAILER: usize = 8;

const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

const TRUNCATED: Error = Error::Corrupt("truncated gzip file");

/// Finds out how long the gzip file is that `input` begins with, by unpacking it to nowhere.
///
/// # Errors
/// If it is damaged, or holds more than `limit` bytes.
pub fn measure(input: &[u8], limit: u64) -> Result<Sizes> {
    let mut left = limit;
    stream(input, &mut |bytes| {
        left = left.checked_sub(bytes.len() as u64).ok_or(Error::NoSpace)?;
        Ok(())
    })
}

/// As [`measure`] for a whole file, by what it says itself; unpacking it finds
/// out whether that is true.
pub fn sizes_of(file: &[u8]) -> Option<Sizes> {
    let (head, trailer) = file.split_last_chunk::<TRAILER>()?;
    let (_, size) = trailer.split_last_chunk::<4>()?;
    (!head.is_empty()).then(|| Sizes {
        compressed: file.len() as u64,
        size: u32::from_le_bytes(*size).into(),
    })
}

/// Unpacks to `output`.
///
/// # Errors
/// If it is damaged, or holds more.
pub fn unpack(input: &[u8], output: &mut [u8]) -> Result<Sizes> {
    let mut inflater = Inflater::new(input)?;
    let (mut size, mut digest) = (0usize, CRC32.digest());
    loop {
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (progress, written) = inflater.step(output, size, flags)?;
        let end = size.saturating_add(written);
        digest.update(output.get(size..end).unwrap_or(&[]));
        size = end;
        match progress {
            Progress::Done => return inflater.finish(size as u64, digest.finalize()),
            // The trailer at least must still be there.
            Progress::Full if inflater.used == input.len() => return Err(TRUNCATED),
            Progress::Full => return Err(Error::NoSpace),
            Progress::More => {}
        }
    }
}

/// Unpacks in pieces of at most 32 KiB, each of which is given to `sink`.
///
/// # Errors
/// If the input is damaged, or what `sink` says.
pub fn stream(input: &[u8], sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<Sizes> {
    let mut inflater = Inflater::new(input)?;
    let mut window = alloc::vec![0; WINDOW];
    let (mut size, mut digest) = (0u64, CRC32.digest());
    loop {
        let at = (size & WINDOW_MASK) as usize;
        let (progress, written) = inflater.step(&mut window, at, 0)?;
        let bytes = window.get(at..at.saturating_add(written)).unwrap_or(&[]);
        digest.update(bytes);
        sink(bytes)?;
        size = size.saturating_add(written as u64);
        if progress == Progress::Done {
            return inflater.finish(size, digest.finalize());
        }
    }
}

#[derive(PartialEq, Eq)]
enum Progress {
    Done,
    /// The output buffer is full.
    Full,
    More,
}

struct Inflater<'a> {
    input: &'a [u8],
    used: usize,
    state: Box<DecompressorOxide>,
}

impl<'a> Inflater<'a> {
    fn new(input: &'a [u8]) -> Result<Inflater<'a>> {
        Ok(Inflater {
            input,
            used: header_len(input)?,
            state: Box::new(DecompressorOxide::new()),
        })
    }

    /// Unpacks a piece of the input; also gives how many bytes came out of it.
    fn step(&mut self, output: &mut [u8], at: usize, flags: u32) -> Result<(Progress, usize)> {
        if console::ctrlc() {
            return Err(Error::Interrupted);
        }
        let rest = self.input.get(self.used..).unwrap_or(&[]);
        let piece = rest.get(..PIECE).unwrap_or(rest);
        let flags = flags | TINFL_FLAG_HAS_MORE_INPUT;
        let (status, read, written) = decompress(&mut self.state, piece, output, at, flags);
        self.used = self.used.saturating_add(read);
        let progress = match status {
            TINFLStatus::Done => Progress::Done,
            TINFLStatus::HasMoreOutput => Progress::Full,
            TINFLStatus::NeedsMoreInput if rest.len() > read => Progress::More,
            TINFLStatus::NeedsMoreInput => return Err(TRUNCATED),
            _ => return Err(Error::Corrupt("gzip data")),
        };
        Ok((progress, written))
    }

    /// Checks the trailer.
    fn finish(&self, size: u64, sum: u32) -> Result<Sizes> {
        let trailer = self.input.get(self.used..).unwrap_or(&[]);
        let trailer = trailer.first_chunk::<TRAILER>().ok_or(TRUNCATED)?;
        if u64::from_le_bytes(*trailer) != u64::from(size as u32) << 32 | u64::from(sum) {
            return Err(Error::Corrupt("checksum of the gzip file"));
        }
        let compressed = self.used.saturating_add(TRAILER) as u64;
        Ok(Sizes { compressed, size })
    }
}

/// Bytes before the deflate data.
///
/// # Errors
/// If there is no gzip header, or not all of it.
pub fn header_len(bytes: &[u8]) -> Result<usize> {
    let flags = match bytes {
        &[0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => flags,
        _ => return Err(Error::Corrupt("gzip header")),
    };
    let mut at = 10usize;
    if flags & EXTRA != 0 {
        let len = bytes.get(at..).and_then(|rest| rest.first_chunk());
        let len = u16::from_le_bytes(*len.ok_or(TRUNCATED)?);
        at = at.saturating_add(2).saturating_add(len.into());
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            let rest = bytes.get(at..).unwrap_or(&[]);
            let len = rest.iter().position(|&byte| byte == 0).ok_or(TRUNCATED)?;
            at = at.saturating_add(len).saturating_add(1);
        }
    }
    if flags & HEADER_CRC != 0 {
        at = at.saturating_add(2);
    }
    if at > bytes.len() {
        return Err(TRUNCATED);
    }
    Ok(at)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use alloc::vec::Vec;

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
    use alloc::vec;
    use alloc::vec::Vec;

    fn content(len: usize) -> Vec<u8> {
        let mut random = Random(1);
        (0..len).map(|_| random.below(19) as u8).collect()
    }

    #[test]
    fn files_are_measured_and_unpacked() {
        for len in [0, 1, 40_000, 1 << 20] {
            let content = content(len);
            let file = pack(&content);
            let sizes = Sizes {
                compressed: file.len() as u64,
                size: len as u64,
            };
            assert_eq!(sizes_of(&file), Some(sizes));
            let followed = [&file[..], b"more"].concat();
            assert_eq!(measure(&followed, len as u64), Ok(sizes));
            let mut output = vec![1; len];
            assert_eq!(unpack(&followed, &mut output), Ok(sizes));
            assert_eq!(output, content);
            let mut streamed = Vec::new();
            let result = stream(&followed, &mut |bytes| {
                streamed.extend(bytes);
                Ok(())
            });
            assert_eq!((result, streamed), (Ok(sizes), content));
        }
    }

    #[test]
    fn what_is_too_large_or_damaged_is_refused() {
        let mut file = pack(&content(100_000));
        let mut output = vec![0; 100_000];
        assert_eq!(unpack(&file, &mut output[1..]), Err(Error::NoSpace));
        assert_eq!(measure(&file, 99_999), Err(Error::NoSpace));
        let failing = &mut |_: &[u8]| Err(Error::ReadOnly);
        assert_eq!(stream(&file, failing), Err(Error::ReadOnly));
        for len in [0, 1, 9, 10, 15, 16, 1000, file.len() - 9, file.len() - 1] {
            let error = unpack(&file[..len], &mut output);
            assert!(matches!(error, Err(Error::Corrupt(_))), "{len}: {error:?}");
        }
        let crc = file.len() - 8;
        file[crc] ^= 1;
        let wrong = Err(Error::Corrupt("checksum of the gzip file"));
        assert_eq!(unpack(&file, &mut output), wrong);
        assert_eq!(measure(&file, 100_000), wrong);
    }

    #[test]
    fn headers_with_all_their_parts() {
        let mut header = vec![0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9];
        header.extend(b"name\0comment\0\x11\x22");
        assert_eq!(header_len(&header), Ok(header.len()));
        for len in 0..header.len() {
            assert!(header_len(&header[..len]).is_err());
        }
        assert!(header_len(&[0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0]).is_err());
        assert!(header_len(&[0x1f, 0x8b, 8, 0x20, 0, 0, 0, 0, 0, 0]).is_err());
    }

    #[test]
    fn mutated_files_never_panic() {
        let good = pack(&content(3000));
        let mut random = Random(0x621b);
        for _ in 0..500 {
            let mut file = good.clone();
            mutate(&mut random, &mut file);
            _ = measure(&file, 10_000);
            _ = unpack(&file, &mut [0; 4096]);
        }
    }
}
