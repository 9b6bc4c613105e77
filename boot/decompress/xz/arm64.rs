// SPDX-License-Identifier: GPL-2.0-or-later
//! The filter for arm64 programs: the targets of `bl` and `adrp` are absolute
//! addresses in the packed data, so that a function's calls look the same.

use super::{Reader, UNKNOWN_FILTER};
use common::{Error, Result};

const ID: u64 = 0xa;

/// Reads its properties: the address at which it begins to count.
pub fn properties(fields: &mut Reader) -> Result<u32> {
    if fields.number()? != ID {
        return Err(UNKNOWN_FILTER);
    }
    match fields.number()? {
        0 => Ok(0),
        4 => match fields.u32()? {
            offset if offset % 4 == 0 => Ok(offset),
            _ => Err(Error::Corrupt("offset of an xz filter")),
        },
        _ => Err(Error::Corrupt("properties of an xz filter")),
    }
}

/// Makes the addresses relative again.
pub fn undo(bytes: &mut [u8], offset: u32) {
    let mut address = offset;
    for word in bytes.as_chunks_mut::<4>().0 {
        *word = relative(u32::from_le_bytes(*word), address).to_le_bytes();
        address = address.wrapping_add(4);
    }
}

fn relative(instruction: u32, address: u32) -> u32 {
    if instruction >> 26 == 0x25 {
        // bl: 26 bits of words.
        let target = instruction.wrapping_sub(address >> 2);
        return 0x9400_0000 | target & 0x03ff_ffff;
    }
    if instruction & 0x9f00_0000 == 0x9000_0000 {
        // adrp: 21 bits of pages in two fields; only those within 512 MiB are changed.
        let pages = instruction >> 29 & 3 | instruction >> 3 & 0x001f_fffc;
        if pages.wrapping_add(0x0002_0000) & 0x001c_0000 == 0 {
            let target = pages.wrapping_sub(address >> 12);
            let sign = (target & 0x0002_0000).wrapping_neg() & 0x00e0_0000;
            return instruction & 0x9000_001f
                | (target & 3) << 29
                | (target & 0x0003_fffc) << 3
                | sign;
        }
    }
    instruction
}
