// SPDX-License-Identifier: GPL-2.0-or-later
//! `.lzma`: a header, and LZMA.
//!
//! The size in the header may be unknown; then a marker ends the data.
//!
//! Source: LZMA specification of the LZMA SDK.

mod decoder;
mod range;

pub use decoder::{Decoder, Properties};
pub use range::RangeDecoder;

#[cfg(CONFIG_LZMA)]
use super::Sizes;
use common::Error;
#[cfg(CONFIG_LZMA)]
use common::Result;

/// The data ends before it should.
pub const TRUNCATED: Error = Error::Corrupt("truncated LZMA data");
/// The data makes no sense.
pub const BAD: Error = Error::Corrupt("LZMA data");

/// The size in the header when it is not known.
#[cfg(CONFIG_LZMA)]
const UNKNOWN: u64 = u64::MAX;

/// Unpacks to `output`.
///
/// # Errors
/// If it is damaged, or holds more.
#[cfg(CONFIG_LZMA)]
pub fn unpack(input: &[u8], output: &mut [u8]) -> Result<Sizes> {
    let (header, data) = input.split_first_chunk::<13>().ok_or(TRUNCATED)?;
    let (&[properties], rest) = header.split_first_chunk().ok_or(TRUNCATED)?;
    let (dictionary, size) = rest.split_first_chunk().ok_or(TRUNCATED)?;
    let properties = Properties::parse(properties)?;
    let dictionary = u32::from_le_bytes(*dictionary);
    let size = u64::from_le_bytes(*size.first_chunk().ok_or(TRUNCATED)?);
    if size != UNKNOWN && size > output.len() as u64 {
        return Err(Error::NoSpace);
    }
    let mut decoder = Decoder::new(output);
    decoder.dictionary_size = (dictionary as usize).max(4096);
    decoder.set_properties(properties)?;
    let mut range = RangeDecoder::new(data)?;
    match size {
        UNKNOWN => {
            decoder.run(&mut range, None)?;
        }
        _ => {
            let ended = decoder.run(&mut range, Some(size as usize))?;
            // The marker may come even so.
            if ended && decoder.position() as u64 != size
                || !ended && !range.is_finished() && !decoder.run(&mut range, None)?
                || decoder.position() as u64 != size
            {
                return Err(Error::Corrupt("size of the LZMA data"));
            }
        }
    }
    if !range.is_finished() {
        return Err(BAD);
    }
    Ok(Sizes {
        compressed: range.position().saturating_add(header.len()) as u64,
        size: decoder.position() as u64,
    })
}
