// SPDX-License-Identifier: GPL-2.0-or-later
//! LZMA2: chunks of LZMA data or of bytes that are not packed.

use super::super::lzma::{BAD, Decoder, Properties, RangeDecoder, TRUNCATED};
use super::{Reader, UNKNOWN_FILTER};
use common::{Error, Result};

const ID: u64 = 0x21;

/// Reads its properties: the size of the dictionary.
pub fn properties(fields: &mut Reader) -> Result<usize> {
    if fields.number()? != ID {
        return Err(UNKNOWN_FILTER);
    }
    if fields.number()? != 1 {
        return Err(Error::Corrupt("properties of LZMA2"));
    }
    match fields.array()? {
        [bits @ 0..40] => Ok((2 | usize::from(bits & 1)) << (bits / 2).saturating_add(11)),
        [40] => Ok(u32::MAX as usize),
        _ => Err(Error::Corrupt("properties of LZMA2")),
    }
}

/// What the next chunk with LZMA data has to bring.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    Nothing,
    Reset,
    Properties,
    Dictionary,
}

/// Unpacks chunks until the one that says that it is the last; gives the bytes used.
pub fn unpack(input: &[u8], decoder: &mut Decoder) -> Result<usize> {
    let mut reader = Reader::new(input, 0);
    let mut needs = Needs::Dictionary;
    loop {
        match reader.array().map_err(|_| TRUNCATED)? {
            [0] => return Ok(reader.at),
            [control @ 1..=2] => {
                if control == 1 {
                    decoder.reset_dictionary();
                    needs = Needs::Properties;
                } else if needs == Needs::Dictionary {
                    return Err(BAD);
                }
                let len = usize::from(u16::from_be_bytes(reader.array()?));
                decoder.store(reader.take(len.saturating_add(1))?)?;
            }
            [control @ 0x80..=0xff] => lzma(&mut reader, control, decoder, &mut needs)?,
            _ => return Err(BAD),
        }
    }
}

fn lzma(reader: &mut Reader, control: u8, decoder: &mut Decoder, needs: &mut Needs) -> Result<()> {
    let high = usize::from(control & 0x1f) << 16;
    let size = high | usize::from(u16::from_be_bytes(reader.array()?));
    let compressed = usize::from(u16::from_be_bytes(reader.array()?));
    let brings = match control >> 5 & 3 {
        0 => Needs::Nothing,
        1 => Needs::Reset,
        2 => Needs::Properties,
        _ => Needs::Dictionary,
    };
    if brings < *needs {
        return Err(BAD);
    }
    if brings == Needs::Dictionary {
        decoder.reset_dictionary();
    }
    if brings >= Needs::Properties {
        let [byte] = reader.array()?;
        let properties = Properties::parse(byte)?;
        if properties
            .literal_context
            .saturating_add(properties.literal_position)
            > 4
        {
            return Err(Error::Corrupt("LZMA properties"));
        }
        decoder.set_properties(properties)?;
    } else if brings == Needs::Reset {
        decoder.reset();
    }
    *needs = Needs::Nothing;
    let mut range = RangeDecoder::new(reader.take(compressed.saturating_add(1))?)?;
    let ended = decoder.run(&mut range, Some(size.saturating_add(1)))?;
    let whole = range.position() == compressed.saturating_add(1) && range.is_finished();
    match whole && !ended {
        true => Ok(()),
        false => Err(BAD),
    }
}
