// SPDX-License-Identifier: GPL-2.0-or-later
//! From an ELF program to the flat image that Xen loads.

use std::fs;
use std::path::Path;

use object::elf::{FileHeader64, PT_LOAD};
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSymbol as _};

/// More than a boot loader can need: a segment at a stray address.
const LIMIT: u64 = 64 << 20;

/// The loadable segments of a program at their load addresses, zeros included.
///
/// Xen reserves no more memory than the file is long, so `.bss` is part of it.
pub fn flatten(elf: &Path) -> Result<Vec<u8>, String> {
    let data = fs::read(elf).map_err(|e| format!("{}: {e}", elf.display()))?;
    flatten_bytes(&data).map_err(|e| format!("{}: {e}", elf.display()))
}

/// The mangled names of all symbols of a program.
pub fn symbols(elf: &Path) -> Result<Vec<String>, String> {
    let data = fs::read(elf).map_err(|e| format!("{}: {e}", elf.display()))?;
    let file = object::File::parse(&*data).map_err(|e| format!("{}: {e}", elf.display()))?;
    Ok(file
        .symbols()
        .filter_map(|symbol| Some(symbol.name().ok()?.to_string()))
        .collect())
}

fn flatten_bytes(data: &[u8]) -> Result<Vec<u8>, String> {
    let header = FileHeader64::<Endianness>::parse(data).map_err(|e| e.to_string())?;
    let endian = header.endian().map_err(|e| e.to_string())?;
    let segments: Vec<_> = header
        .program_headers(endian, data)
        .map_err(|e| e.to_string())?
        .iter()
        .filter(|segment| segment.p_type(endian) == PT_LOAD && segment.p_memsz(endian) > 0)
        .collect();
    let base = segments
        .iter()
        .map(|segment| segment.p_paddr(endian))
        .min()
        .ok_or("there is no loadable segment")?;
    let mut image = Vec::new();
    for segment in segments {
        let start = segment.p_paddr(endian) - base;
        let end = start
            .checked_add(segment.p_memsz(endian))
            .filter(|end| *end <= LIMIT)
            .ok_or_else(|| format!("a segment lies {start:#x} bytes after the first"))?;
        let contents = segment
            .data(endian, data)
            .map_err(|()| "a segment lies outside the file")?;
        let (start, end) = (start as usize, end as usize);
        image.resize(image.len().max(end), 0);
        image
            .get_mut(start..start + contents.len())
            .ok_or("a segment is longer in the file than in memory")?
            .copy_from_slice(contents);
    }
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program with segments of (load address, contents, size in memory).
    fn program(segments: &[(u64, &[u8], u64)]) -> Vec<u8> {
        let mut elf = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0];
        elf.resize(16, 0);
        for half in [2u16, 183] {
            elf.extend(half.to_le_bytes());
        }
        elf.extend(1u32.to_le_bytes());
        for word in [0u64, 64, 0] {
            elf.extend(word.to_le_bytes());
        }
        elf.extend(0u32.to_le_bytes());
        for half in [64u16, 56, segments.len() as u16, 64, 0, 0] {
            elf.extend(half.to_le_bytes());
        }
        let mut offset = 64 + 56 * segments.len() as u64;
        for (address, contents, memory) in segments {
            elf.extend(PT_LOAD.to_le_bytes());
            elf.extend(7u32.to_le_bytes());
            let size = contents.len() as u64;
            for word in [offset, *address, *address, size, *memory, 8] {
                elf.extend(word.to_le_bytes());
            }
            offset += size;
        }
        for (_, contents, _) in segments {
            elf.extend(*contents);
        }
        elf
    }

    #[test]
    fn segments_lie_at_their_distance_and_zeros_are_kept() {
        let elf = program(&[(0x1008, b"cd", 4), (0x1000, b"ab", 2)]);
        let image = flatten_bytes(&elf).unwrap();
        assert_eq!(image, b"ab\0\0\0\0\0\0cd\0\0");
    }

    #[test]
    fn damaged_programs_are_refused() {
        assert!(flatten_bytes(b"").is_err());
        assert!(flatten_bytes(&program(&[])).is_err());
        assert!(flatten_bytes(&program(&[(0, b"ab", 1)])).is_err());
        let far = flatten_bytes(&program(&[(0, b"a", 1), (1 << 40, b"b", 1)]));
        assert!(far.unwrap_err().contains("0x10000000000"));
        let mut short = program(&[(0, b"abcd", 4)]);
        short.truncate(short.len() - 1);
        assert!(flatten_bytes(&short).is_err());
    }
}
