// SPDX-License-Identifier: GPL-2.0-or-later
//! LZ4 frames, with all checksums they have; blocks may depend on each other.
//!
//! The block format is the library's, the frame is read here: U-Boot's and the
//! lz4 tool's format, and the older one of `lz4 -l`, in which Linux packs kernels.
//!
//! Source: LZ4 Frame Format Description 1.6, with its section on legacy frames.

use super::Sizes;
use common::{Error, Result, console};
use core::hash::Hasher;
use lz4_flex::block::{DecompressError, decompress_into_with_dict};
use twox_hash::XxHash32;

const MAGIC: u32 = 0x184d_2204;
const LEGACY_MAGIC: u32 = 0x184c_2102;
/// Bytes of a block of a legacy frame, unless it is the last one, and how many
/// they are at most when they cannot be packed.
const LEGACY_BLOCK: usize = 8 << 20;
const LEGACY_PACKED: usize = LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16;
const VERSION: u8 = 1;
/// A block header's bit for bytes that are not packed.
const STORED: u32 = 1 << 31;
/// What a match looks back at most.
const WINDOW: usize = 64 << 10;

const TRUNCATED: Error = Error::Corrupt("truncated LZ4 frame");

/// Unpacks to `output`.
///
/// # Errors
/// If it is damaged, or holds more.
pub fn unpack(input: &[u8], output: &mut [u8]) -> Result<Sizes> {
    let mut reader = Reader { input, at: 0 };
    if input.starts_with(&LEGACY_MAGIC.to_le_bytes()) {
        return unpack_legacy(&mut reader, output);
    }
    let frame = Frame::read(&mut reader)?;
    let room = output.len() as u64;
    if frame.content_size.is_some_and(|size| size > room) {
        return Err(Error::NoSpace);
    }
    let mut digest = XxHash32::with_seed(0);
    let mut size = 0usize;
    loop {
        if console::ctrlc() {
            return Err(Error::Interrupted);
        }
        let header = reader.u32()?;
        if header == 0 {
            break;
        }
        let written = frame.block(&mut reader, header, output, size)?;
        let end = size.saturating_add(written);
        if frame.content_checksum {
            digest.write(output.get(size..end).unwrap_or(&[]));
        }
        size = end;
    }
    if frame.content_checksum && reader.u32()? != digest.finish_32() {
        return Err(Error::Corrupt("checksum of the LZ4 frame"));
    }
    if frame.content_size.is_some_and(|said| said != size as u64) {
        return Err(Error::Corrupt("size of the LZ4 frame"));
    }
    Ok(Sizes {
        compressed: reader.at as u64,
        size: size as u64,
    })
}

/// Unpacks a legacy frame: all its blocks but the last one have the same size,
/// nothing else says where it ends.
fn unpack_legacy(reader: &mut Reader, output: &mut [u8]) -> Result<Sizes> {
    reader.u32()?;
    let mut size = 0usize;
    while !reader.is_at_end() {
        if console::ctrlc() {
            return Err(Error::Interrupted);
        }
        let start = reader.at;
        let len = reader.u32()? as usize;
        if len == 0 || (size > 0 && len > LEGACY_PACKED) {
            // What follows is none of its blocks.
            reader.at = start;
            break;
        }
        if len > LEGACY_PACKED {
            return Err(Error::Corrupt("size of an LZ4 block"));
        }
        let block = reader.take(len)?;
        let room = output.get_mut(size..).unwrap_or_default();
        let written = unpack_block(block, room, &[], LEGACY_BLOCK)?;
        size = size.saturating_add(written);
        if written < LEGACY_BLOCK {
            break;
        }
    }
    Ok(Sizes {
        compressed: reader.at as u64,
        size: size as u64,
    })
}

/// Unpacks a block of at most `max` bytes.
fn unpack_block(block: &[u8], room: &mut [u8], window: &[u8], max: usize) -> Result<usize> {
    let left = room.len();
    let room = room.get_mut(..left.min(max)).unwrap_or_default();
    decompress_into_with_dict(block, room, window).map_err(|error| match error {
        DecompressError::OutputTooSmall { .. } if left < max => Error::NoSpace,
        _ => Error::Corrupt("LZ4 block"),
    })
}

/// What a frame's header says.
struct Frame {
    independent: bool,
    block_checksums: bool,
    content_checksum: bool,
    content_size: Option<u64>,
    max_block: usize,
}

impl Frame {
    fn read(reader: &mut Reader) -> Result<Frame> {
        match reader.u32()? {
            MAGIC => {}
            _ => return Err(Error::Corrupt("LZ4 magic")),
        }
        let start = reader.at;
        let &[flags, descriptor] = reader.array()?;
        if flags >> 6 != VERSION {
            return Err(Error::Unsupported("version of the LZ4 frame"));
        }
        let max_block = match descriptor {
            0x40 => 64 << 10,
            0x50 => 256 << 10,
            0x60 => 1 << 20,
            0x70 => 4 << 20,
            _ => return Err(Error::Corrupt("LZ4 frame header")),
        };
        if flags & 1 << 1 != 0 {
            return Err(Error::Corrupt("LZ4 frame header"));
        }
        let content_size = match flags & 1 << 3 != 0 {
            true => Some(u64::from_le_bytes(*reader.array()?)),
            false => None,
        };
        if flags & 1 != 0 {
            return Err(Error::Unsupported("LZ4 frame with a dictionary"));
        }
        let header = reader.input.get(start..reader.at).unwrap_or(&[]);
        let sum = XxHash32::oneshot(0, header) >> 8 & 0xff;
        let &[check] = reader.array()?;
        if sum != u32::from(check) {
            return Err(Error::Corrupt("checksum of the LZ4 frame header"));
        }
        Ok(Frame {
            independent: flags & 1 << 5 != 0,
            block_checksums: flags & 1 << 4 != 0,
            content_checksum: flags & 1 << 2 != 0,
            content_size,
            max_block,
        })
    }

    /// Unpacks a block to `output` from `at` on, and gives its unpacked length.
    fn block(
        &self,
        reader: &mut Reader,
        header: u32,
        output: &mut [u8],
        at: usize,
    ) -> Result<usize> {
        let len = (header & !STORED) as usize;
        if len > self.max_block {
            return Err(Error::Corrupt("size of an LZ4 block"));
        }
        let block = reader.take(len)?;
        if self.block_checksums && reader.u32()? != XxHash32::oneshot(0, block) {
            return Err(Error::Corrupt("checksum of an LZ4 block"));
        }
        let (before, room) = output.split_at_mut_checked(at).ok_or(Error::NoSpace)?;
        if header & STORED != 0 {
            let room = room.get_mut(..len).ok_or(Error::NoSpace)?;
            room.copy_from_slice(block);
            return Ok(len);
        }
        let window = match self.independent {
            true => &[],
            false => before.get(at.saturating_sub(WINDOW)..).unwrap_or(&[]),
        };
        unpack_block(block, room, window, self.max_block)
    }
}

struct Reader<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let end = self.at.saturating_add(len);
        let bytes = self.input.get(self.at..end).ok_or(TRUNCATED)?;
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N]> {
        self.take(N)?.first_chunk().ok_or(TRUNCATED)
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.input.len()
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decompress::OVERRUN;
    use crate::fdt::testing::{Random, mutate};
    use alloc::vec;
    use alloc::vec::Vec;

    /// A frame of stored blocks, the format's example of a header; all checksums, and the size.
    fn frame(blocks: &[&[u8]]) -> Vec<u8> {
        let mut frame = MAGIC.to_le_bytes().to_vec();
        frame.extend([0x7c, 0x40]);
        let content = blocks.concat();
        frame.extend((content.len() as u64).to_le_bytes());
        frame.push((XxHash32::oneshot(0, &frame[4..]) >> 8) as u8);
        for block in blocks {
            frame.extend((block.len() as u32 | STORED).to_le_bytes());
            frame.extend(*block);
            frame.extend(XxHash32::oneshot(0, block).to_le_bytes());
        }
        frame.extend([0; 4]);
        frame.extend(XxHash32::oneshot(0, &content).to_le_bytes());
        frame
    }

    /// "abcabcabc...", once packed in a block of its own, once looking back to the block before.
    const PACKED: [u8; 10] = [0x3f, b'a', b'b', b'c', 3, 0, 3, 0x10, b'x', 0];

    #[test]
    fn frames_are_unpacked_and_checked() {
        let file = frame(&[b"hello ", b"world"]);
        let mut output = [0; 11];
        let sizes = Sizes {
            compressed: file.len() as u64,
            size: 11,
        };
        let followed = [&file[..], b"more"].concat();
        assert_eq!(unpack(&followed, &mut output), Ok(sizes));
        assert_eq!(&output, b"hello world");
        assert_eq!(unpack(&file, &mut output[1..]), Err(Error::NoSpace));
        for len in 0..file.len() {
            assert_eq!(unpack(&file[..len], &mut output), Err(TRUNCATED), "{len}");
        }
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 0x10;
            assert!(unpack(&damaged, &mut output).is_err(), "{at}");
        }
    }

    #[test]
    fn blocks_that_do_not_fit_their_size_are_refused() {
        let mut file = frame(&[]);
        file.truncate(file.len() - 8);
        let with = |header: u32| {
            let mut file = file.clone();
            file.extend(header.to_le_bytes());
            file.resize(file.len() + (80 << 10), 0);
            unpack(&file, &mut vec![0; 1 << 20])
        };
        let size = Err(Error::Corrupt("size of an LZ4 block"));
        assert_eq!(with(((64 << 10) + 1) | STORED), size);
        assert_eq!(with(u32::MAX), size);
        assert!(with(PACKED.len() as u32).is_err());
    }

    /// "abcabc...ax" as it is packed.
    const SHORT: [u8; 9] = [0x3f, b'a', b'b', b'c', 3, 0, 3, 0x10, b'x'];

    /// A legacy frame of blocks as they are packed.
    fn legacy(blocks: &[&[u8]]) -> Vec<u8> {
        let mut frame = LEGACY_MAGIC.to_le_bytes().to_vec();
        for block in blocks {
            frame.extend((block.len() as u32).to_le_bytes());
            frame.extend(*block);
        }
        frame
    }

    #[test]
    fn legacy_frames_end_with_a_short_block() {
        let file = legacy(&[&SHORT]);
        let sizes = Sizes {
            compressed: file.len() as u64,
            size: 26,
        };
        let mut output = [0; 26];
        for more in [&b""[..], b"\x01\0\0\0\0", &[0; 9], &[0xff; 9]] {
            let followed = [&file[..], more].concat();
            assert_eq!(unpack(&followed, &mut output), Ok(sizes));
            assert_eq!(&output, b"abcabcabcabcabcabcabcabcax");
        }
        assert_eq!(unpack(&file, &mut output[1..]), Err(Error::NoSpace));
        for len in 5..file.len() {
            assert!(unpack(&file[..len], &mut output).is_err(), "{len}");
        }
        // Of an empty file there is no block, whatever follows.
        let empty = Sizes {
            compressed: 4,
            size: 0,
        };
        assert_eq!(unpack(&legacy(&[&[0; 0]]), &mut output), Ok(empty));
        let size = Err(Error::Corrupt("size of an LZ4 block"));
        let large = [&LEGACY_MAGIC.to_le_bytes()[..], &[0xff; 4]].concat();
        assert_eq!(unpack(&large, &mut output), size);
    }

    #[test]
    fn little_is_left_behind_the_output() {
        // Forty literals, four of them again, and one more literal.
        let mut block = vec![0xf0, 40 - 15];
        block.extend([b'a'; 40]);
        block.extend([40, 0, 0x10, b'x']);
        let mut room = [0x55; 45 + OVERRUN + 40];
        let sizes = unpack(&legacy(&[&block]), &mut room).unwrap();
        assert_eq!((sizes.size, room[44]), (45, b'x'));
        assert!(room[45 + OVERRUN..].iter().all(|&byte| byte == 0x55));
    }

    #[test]
    fn legacy_frames_of_several_blocks() {
        // A block that is full: a long run of one byte.
        let mut full = vec![0x1f, b'z', 1, 0];
        // A literal, a match of 15 + 4 bytes and more, and the five last literals.
        let mut left = LEGACY_BLOCK - 1 - 19 - 5;
        while left >= 255 {
            full.push(255);
            left -= 255;
        }
        full.push(left as u8);
        full.extend([0x50, b'z', b'z', b'z', b'z', b'z']);
        let mut output = vec![0; LEGACY_BLOCK + 100];
        for (blocks, size) in [
            (&[&full[..], &SHORT][..], LEGACY_BLOCK + 26),
            (&[&full], LEGACY_BLOCK),
        ] {
            let file = legacy(blocks);
            let sizes = Sizes {
                compressed: file.len() as u64,
                size: size as u64,
            };
            assert_eq!(unpack(&file, &mut output), Ok(sizes));
            let followed = [&file[..], &[0; 40]].concat();
            assert_eq!(unpack(&followed, &mut output), Ok(sizes));
        }
        let small = &mut output[..LEGACY_BLOCK + 25];
        assert_eq!(
            unpack(&legacy(&[&full, &SHORT]), small),
            Err(Error::NoSpace)
        );
    }

    #[test]
    fn mutated_frames_never_panic() {
        let packed: Vec<u8> = (0..60).flat_map(|_| PACKED).collect();
        let good = frame(&[&packed, &PACKED, b"stored"]);
        let mut random = Random(0x17a4);
        for _ in 0..3000 {
            let mut file = good.clone();
            // Packed rather than stored, and without checksums that would catch it.
            file[4] = 0x40 | (random.below(2) as u8) << 5;
            file.drain(6..14);
            file[6] = (XxHash32::oneshot(0, &file[4..6]) >> 8) as u8;
            let at = 7 + random.below(file.len() - 7);
            mutate(&mut random, &mut file[at..]);
            file[10] &= 0x7f;
            _ = unpack(&file, &mut [0; 4096]);
        }
    }
}
