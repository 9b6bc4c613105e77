// SPDX-License-Identifier: GPL-2.0-or-later
//! What other systems keep on a disk or partition, known by its magic number.
//!
//! Nothing of it can be used here, but it is no free room either.

use crate::BlockRange;
use common::Result;

/// What it is, where its magic number is in bytes, and that number. Source: each format's own
/// description; the magic numbers of `blkid` are the same.
const SIGNATURES: [(&str, u64, &[u8]); 21] = [
    ("a LUKS volume", 0, b"LUKS\xba\xbe"),
    ("a physical volume of LVM", 0, b"LABELONE"),
    ("a physical volume of LVM", 512, b"LABELONE"),
    ("a physical volume of LVM", 1024, b"LABELONE"),
    ("a physical volume of LVM", 1536, b"LABELONE"),
    ("a part of a RAID", 0, b"\xfc\x4e\x2b\xa9"),
    ("a part of a RAID", 4096, b"\xfc\x4e\x2b\xa9"),
    ("swap space", 0x1000 - 10, b"SWAPSPACE2"),
    ("swap space", 0x4000 - 10, b"SWAPSPACE2"),
    ("swap space", 0x10000 - 10, b"SWAPSPACE2"),
    ("an XFS file system", 0, b"XFSB"),
    ("a btrfs file system", 0x10040, b"_BHRfS_M"),
    ("an F2FS file system", 1024, b"\x10\x20\xf5\xf2"),
    ("an EROFS file system", 1024, b"\xe2\xe1\xf5\xe0"),
    ("a squashfs file system", 0, b"hsqs"),
    ("an ISO 9660 file system", 0x8001, b"CD001"),
    ("an NTFS file system", 3, b"NTFS    "),
    ("an exFAT file system", 3, b"EXFAT   "),
    (
        "a bcachefs file system",
        4096 + 24,
        b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81",
    ),
    (
        "a bcachefs file system",
        4096 + 24,
        b"\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef",
    ),
    ("a JFS file system", 0x8000, b"JFS1"),
];

/// The longest magic number.
const LONGEST: usize = 16;

/// What a range of a disk begins with, if it is one of these.
///
/// # Errors
/// The device's.
pub fn signature(range: &BlockRange) -> Result<Option<&'static str>> {
    for (name, offset, magic) in SIGNATURES {
        let mut found = [0; LONGEST];
        let found = found.get_mut(..magic.len()).unwrap_or_default();
        let end = offset.saturating_add(magic.len() as u64);
        if end <= range.len() {
            range.read_at(offset, found)?;
            if found == magic {
                return Ok(Some(name));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::RamDisk;
    use alloc::vec;
    use alloc::vec::Vec;

    fn found(bytes: Vec<u8>) -> Option<&'static str> {
        let blocks = bytes.len() as u64 / 512;
        let range = BlockRange::of_device(RamDisk::new(bytes, 512), 0, blocks).unwrap();
        signature(&range).unwrap()
    }

    #[test]
    fn each_is_found_where_it_is() {
        for (name, offset, magic) in SIGNATURES {
            assert!(magic.len() <= LONGEST);
            let mut bytes = vec![0; 128 << 10];
            bytes[offset as usize..][..magic.len()].copy_from_slice(magic);
            assert_eq!(found(bytes), Some(name));
        }
        assert_eq!(found(vec![0; 128 << 10]), None);
        assert_eq!(found(vec![0; 512]), None);
    }
}
