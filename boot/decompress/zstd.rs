// SPDX-License-Identifier: GPL-2.0-or-later
//! Zstandard.
//!
//! The library keeps what it looks back at, the window, in the heap, and takes
//! it for granted that there is room; so that is found out first.
//!
//! Source: RFC 8878.

use super::Sizes;
use alloc::vec::Vec;
use common::{Error, Result, console};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::io::Read;

/// What the library needs for its tables and for a block, at most.
const TABLES: u64 = 4 << 20;

/// Unpacks the first frame to `output`.
///
/// # Errors
/// If it is damaged, holds more, or needs more heap than there is.
pub fn unpack(input: &[u8], output: &mut [u8]) -> Result<Sizes> {
    let (mut decoder, mut rest) = begin(input)?;
    if decoder.content_size() > output.len() as u64 {
        return Err(Error::NoSpace);
    }
    let mut size = 0usize;
    loop {
        if console::ctrlc() {
            return Err(Error::Interrupted);
        }
        let block = decoder.decode_blocks(&mut rest, BlockDecodingStrategy::UptoBlocks(1));
        let finished = block.map_err(|_| bad(rest))?;
        let room = output.get_mut(size..).unwrap_or_default();
        let read = decoder.read(room);
        size = size.saturating_add(read.map_err(|_| bad(rest))?);
        if decoder.can_collect() > 0 {
            return Err(Error::NoSpace);
        }
        if finished {
            break;
        }
    }
    let sum = decoder.get_checksum_from_data();
    if sum.is_some() && sum != decoder.get_calculated_checksum() {
        return Err(Error::Corrupt("checksum of the Zstandard frame"));
    }
    if decoder.content_size() != 0 && decoder.content_size() != size as u64 {
        return Err(Error::Corrupt("size of the Zstandard frame"));
    }
    Ok(Sizes {
        compressed: input.len().saturating_sub(rest.len()) as u64,
        size: size as u64,
    })
}

/// A decoder for the first frame that can be unpacked, and what follows its header.
fn begin(mut input: &[u8]) -> Result<(FrameDecoder, &[u8])> {
    loop {
        // Hardly a frame has a window of one byte: so nothing is allocated yet.
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(1);
        let mut rest = input;
        match decoder.init(&mut rest) {
            Ok(()) => return Ok((with_window(input, 1)?, rest)),
            Err(FrameDecoderError::WindowSizeTooBig { requested, .. }) => {
                return Ok((with_window(input, requested)?, rest));
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => input = rest.get(length as usize..).ok_or(bad(&[]))?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(
                _,
            ))) => return Err(Error::Corrupt("Zstandard magic")),
            _ => return Err(bad(rest)),
        }
    }
}

/// A decoder with its window in the heap.
fn with_window(input: &[u8], window: u64) -> Result<FrameDecoder> {
    // The library rounds up to a power of two, and adds two blocks.
    let need = window.checked_next_power_of_two();
    let need = need.and_then(|need| usize::try_from(need.saturating_add(TABLES)).ok());
    Vec::<u8>::new()
        .try_reserve_exact(need.ok_or(Error::NoMemory)?)
        .map_err(|_| Error::NoMemory)?;
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(window);
    for _ in 0..2 {
        // The second time reserves all of the window at once.
        decoder.init(input).map_err(|error| match error {
            FrameDecoderError::DictNotProvided { .. } => {
                Error::Unsupported("Zstandard frame with a dictionary")
            }
            _ => bad(input),
        })?;
    }
    Ok(decoder)
}

fn bad(rest: &[u8]) -> Error {
    match rest.len() {
        0..3 => Error::Corrupt("truncated Zstandard frame"),
        _ => Error::Corrupt("Zstandard data"),
    }
}
