// SPDX-License-Identifier: GPL-2.0-or-later
//! Packing as a gzip file.
//!
//! Source: RFC 1952.
#![cfg(CONFIG_GZIP_COMPRESSED)]

use crate::hash::CRC32;
use alloc::boxed::Box;
use common::{Error, Result, console};
use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, TDEFLStatus, compress};

/// Magic, deflate, no flags, no time, made on Unix.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
/// The level of compression of the gzip tool.
const LEVEL: u8 = 6;
/// Input that is packed between two looks for Ctrl-C.
const PIECE: usize = 1 << 20;

/// Packs `input` to `output`, and gives the length of the file.
///
/// # Errors
/// [`Error::NoSpace`] if it does not fit.
pub fn gzip(input: &[u8], output: &mut [u8]) -> Result<u64> {
    let header = output.get_mut(..HEADER.len()).ok_or(Error::NoSpace)?;
    header.copy_from_slice(&HEADER);
    // It is too large for the stack.
    let mut state: Box<CompressorOxide> = Box::default();
    state.set_format_and_level(DataFormat::Raw, LEVEL);
    let (mut used, mut size) = (0usize, HEADER.len());
    loop {
        if console::ctrlc() {
            return Err(Error::Interrupted);
        }
        let rest = input.get(used..).unwrap_or(&[]);
        let (piece, flush) = match rest.get(..PIECE) {
            Some(piece) => (piece, TDEFLFlush::None),
            None => (rest, TDEFLFlush::Finish),
        };
        let room = output.get_mut(size..).unwrap_or_default();
        let full = room.is_empty();
        let (status, read, written) = compress(&mut state, piece, room, flush);
        used = used.saturating_add(read);
        size = size.saturating_add(written);
        match status {
            TDEFLStatus::Done => break,
            TDEFLStatus::Okay if !full => {}
            TDEFLStatus::Okay => return Err(Error::NoSpace),
            _ => return Err(Error::Invalid("deflate")),
        }
    }
    let sum = u64::from(CRC32.checksum(input));
    let trailer = (sum | (input.len() as u64) << 32).to_le_bytes();
    let end = size.saturating_add(trailer.len());
    let room = output.get_mut(size..end).ok_or(Error::NoSpace)?;
    room.copy_from_slice(&trailer);
    Ok(end as u64)
}

#[cfg(all(test, CONFIG_GZIP))]
mod tests {
    use super::*;
    use crate::decompress::{Sizes, gzip as unpacker};
    use crate::fdt::testing::Random;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let mut random = Random(7);
        for (len, symbols) in [
            (0, 1),
            (1, 256),
            (70_000, 9),
            (70_000, 256),
            ((1 << 20) + 1, 2),
        ] {
            let content: Vec<u8> = (0..len).map(|_| random.below(symbols) as u8).collect();
            let mut file = vec![0; len + 1000];
            let size = gzip(&content, &mut file).unwrap();
            let mut output = vec![0; len];
            let sizes = Sizes {
                compressed: size,
                size: len as u64,
            };
            assert_eq!(unpacker::unpack(&file, &mut output), Ok(sizes));
            assert_eq!(output, content);
            let rooms: &[usize] = match len {
                70_000 => &[0, 9, 10, 15, size as usize - 1],
                _ => &[],
            };
            for &room in rooms {
                assert_eq!(gzip(&content, &mut file[..room]), Err(Error::NoSpace));
            }
        }
    }
}
