// SPDX-License-Identifier: GPL-2.0-or-later
//! `.xz`: blocks of LZMA2 with checks, and an index that is compared with them.
//!
//! The filter for arm64 programs is undone, as Linux uses it for its kernels;
//! no other filter is known.
//!
//! Source: The .xz File Format 1.2.

mod arm64;
mod index;
mod lzma2;

use super::Sizes;
use super::lzma::Decoder;
use crate::hash::CRC32;
use common::{Error, Result};
use crc::{CRC_64_XZ, Crc, Table};
use index::Records;

static CRC64: Crc<u64, Table<1>> = Crc::<u64, Table<1>>::new(&CRC_64_XZ);

const MAGIC: [u8; 6] = *b"\xfd7zXZ\0";
const FOOTER_MAGIC: [u8; 2] = *b"YZ";
const TRUNCATED: Error = Error::Corrupt("truncated xz file");
const BAD_HEADER: Error = Error::Corrupt("xz header");

/// Unpacks the first stream to `output`.
///
/// # Errors
/// If it is damaged, or holds more.
pub fn unpack(input: &[u8], output: &mut [u8]) -> Result<Sizes> {
    let mut reader = Reader::new(input, 0);
    let flags = stream_header(&mut reader)?;
    let check = Check::new(flags)?;
    let mut decoder = Decoder::new(output);
    let mut records = Records::default();
    loop {
        let start = reader.at;
        let [size] = reader.array()?;
        if size == 0 {
            index::check(&mut reader, start, &records)?;
            break;
        }
        block(&mut reader, size, check, &mut decoder, &mut records)?;
    }
    Ok(Sizes {
        compressed: footer(&mut reader, flags)? as u64,
        size: decoder.position() as u64,
    })
}

/// Gives the stream's flags.
fn stream_header(reader: &mut Reader) -> Result<[u8; 2]> {
    if reader.array()? != MAGIC {
        return Err(Error::Corrupt("xz magic"));
    }
    let flags: [u8; 2] = reader.array()?;
    let sum = reader.u32()?;
    match sum == CRC32.checksum(&flags) {
        true => Ok(flags),
        false => Err(Error::Corrupt("checksum of the xz header")),
    }
}

/// Gives the length of the whole stream.
fn footer(reader: &mut Reader, flags: [u8; 2]) -> Result<usize> {
    let index_end = reader.at;
    let sum = reader.u32()?;
    let start = reader.at;
    let backward = reader.u32()?;
    let again: [u8; 2] = reader.array()?;
    if sum != CRC32.checksum(reader.since(start)) || reader.array()? != FOOTER_MAGIC {
        return Err(Error::Corrupt("xz footer"));
    }
    let index_len = index_end.saturating_sub(reader.index_start) as u64;
    if again != flags || (u64::from(backward).saturating_add(1)).saturating_mul(4) != index_len {
        return Err(Error::Corrupt("xz footer"));
    }
    Ok(reader.at)
}

/// Unpacks a block whose first byte, its header's size, has been read.
fn block(
    reader: &mut Reader,
    size: u8,
    check: Check,
    decoder: &mut Decoder,
    records: &mut Records,
) -> Result<()> {
    let block_start = reader.at.saturating_sub(1);
    let header = Header::read(reader, size)?;
    let (data_start, start) = (reader.at, decoder.position());
    decoder.dictionary_size = header.dictionary_size;
    let data = reader.rest();
    let used = lzma2::unpack(data, decoder)?;
    reader.take(used)?;
    let compressed = reader.at.saturating_sub(data_start) as u64;
    let unpacked = decoder.unpacked(start);
    if let Some(offset) = header.arm64 {
        arm64::undo(unpacked, offset);
    }
    let len = unpacked.len() as u64;
    if header.compressed.is_some_and(|said| said != compressed)
        || header.size.is_some_and(|said| said != len)
    {
        return Err(Error::Corrupt("size of an xz block"));
    }
    let unpadded = reader.at.saturating_sub(block_start);
    reader.padding(data_start)?;
    let sum = reader.take(check.len())?;
    if !check.matches(unpacked, sum)? {
        return Err(Error::Corrupt("checksum of an xz block"));
    }
    records.add(unpadded.saturating_add(check.len()) as u64, len);
    Ok(())
}

/// What a block's header says.
struct Header {
    compressed: Option<u64>,
    size: Option<u64>,
    /// Where the filter begins to count, if there is one.
    arm64: Option<u32>,
    dictionary_size: usize,
}

impl Header {
    /// Reads it; `size` is its first byte.
    fn read(reader: &mut Reader, size: u8) -> Result<Header> {
        let start = reader.at.saturating_sub(1);
        let len = (usize::from(size).saturating_add(1)).saturating_mul(4);
        let bytes = reader.input.get(start..start.saturating_add(len));
        let (bytes, sum) = bytes
            .and_then(|bytes| bytes.split_last_chunk::<4>())
            .ok_or(TRUNCATED)?;
        if u32::from_le_bytes(*sum) != CRC32.checksum(bytes) {
            return Err(Error::Corrupt("checksum of an xz block header"));
        }
        reader.take(len.saturating_sub(1))?;
        let mut fields = Reader::new(bytes, 1);
        let [flags] = fields.array()?;
        if flags & 0x3c != 0 {
            return Err(Error::Unsupported("flags of an xz block"));
        }
        let mut optional = |flag: u8| match flags & flag != 0 {
            true => fields.number().map(Some),
            false => Ok(None),
        };
        let (compressed, size) = (optional(0x40)?, optional(0x80)?);
        let arm64 = match flags & 3 {
            0 => None,
            1 => Some(arm64::properties(&mut fields)?),
            _ => return Err(UNKNOWN_FILTER),
        };
        let dictionary_size = lzma2::properties(&mut fields)?;
        match fields.rest().iter().all(|&byte| byte == 0) {
            true => Ok(Header {
                compressed,
                size,
                arm64,
                dictionary_size,
            }),
            false => Err(BAD_HEADER),
        }
    }
}

const UNKNOWN_FILTER: Error = Error::Unsupported("xz filter other than LZMA2 and ARM64");

/// How blocks are checked.
#[derive(Clone, Copy)]
enum Check {
    Crc32,
    Crc64,
    Sha256,
    /// Not at all, or in a way that is reserved, with a sum of this length.
    Unknown(usize),
}

impl Check {
    fn new(flags: [u8; 2]) -> Result<Check> {
        match flags {
            [0, 1] => Ok(Check::Crc32),
            [0, 4] => Ok(Check::Crc64),
            [0, 10] => Ok(Check::Sha256),
            [0, 0] => Ok(Check::Unknown(0)),
            // As the format says: three of each length from 4 to 64.
            [0, reserved @ 2..16] => Ok(Check::Unknown(2 << reserved.div_ceil(3))),
            _ => Err(Error::Unsupported("xz stream flags")),
        }
    }

    fn len(self) -> usize {
        match self {
            Check::Crc32 => 4,
            Check::Crc64 => 8,
            Check::Sha256 => 32,
            Check::Unknown(len) => len,
        }
    }

    fn matches(self, bytes: &[u8], sum: &[u8]) -> Result<bool> {
        Ok(match self {
            Check::Crc32 => sum == CRC32.checksum(bytes).to_le_bytes(),
            Check::Crc64 => sum == CRC64.checksum(bytes).to_le_bytes(),
            Check::Sha256 => {
                let sha256 = crate::hash::lookup("sha256");
                let sha256 = sha256.ok_or(Error::Unsupported("SHA-256"))?;
                sum == sha256.hash(bytes)?
            }
            Check::Unknown(_) => true,
        })
    }
}

/// Goes through the file.
struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    index_start: usize,
}

impl<'a> Reader<'a> {
    fn new(input: &'a [u8], at: usize) -> Reader<'a> {
        Reader {
            input,
            at,
            index_start: 0,
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or(&[])
    }

    /// What was read from `start` on.
    fn since(&self, start: usize) -> &'a [u8] {
        self.input.get(start..self.at).unwrap_or(&[])
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let bytes = self.rest().get(..len).ok_or(TRUNCATED)?;
        self.at = self.at.saturating_add(len);
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.first_chunk().copied().ok_or(TRUNCATED)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number of up to nine bytes with seven bits each, the lowest first.
    fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return match byte == 0 && shift > 0 {
                    true => Err(BAD_HEADER),
                    false => Ok(number),
                };
            }
        }
        Err(BAD_HEADER)
    }

    /// Zeros, until what began at `start` is a multiple of four bytes.
    fn padding(&mut self, start: usize) -> Result<()> {
        let len = self.at.saturating_sub(start);
        let padding = self.take(len.wrapping_neg() & 3)?;
        match padding.iter().all(|&byte| byte == 0) {
            true => Ok(()),
            false => Err(Error::Corrupt("padding in an xz file")),
        }
    }
}
