// SPDX-License-Identifier: GPL-2.0-or-later
//! The header of an arm64 Linux `Image`.
//!
//! Source: Linux, `Documentation/arch/arm64/booting.rst`. All fields are
//! little-endian.

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 64;
/// Offset of the 64-bit `text_offset`.
pub const TEXT_OFFSET: usize = 8;
/// Offset of the 64-bit `image_size`: bytes from the start of the image to the end of its BSS.
pub const IMAGE_SIZE: usize = 16;
/// Offset of the 64-bit `flags`.
pub const FLAGS: usize = 24;
/// Offset of the magic number.
pub const MAGIC: usize = 56;
/// The magic number, `ARM\x64`.
pub const ARM64_MAGIC: u32 = 0x644d_5241;
/// `flags`: the kernel is big-endian.
pub const FLAG_BIG_ENDIAN: u64 = 1 << 0;
/// `flags`: the image may be placed at any 2 MiB aligned base, not only near the start of RAM.
pub const FLAG_ANYWHERE: u64 = 1 << 3;
/// An image is placed `text_offset` bytes above a base with this alignment.
pub const BASE_ALIGN: u64 = 2 << 20;

/// The header of an EFI zboot image, a kernel that unpacks itself as a UEFI program.
///
/// Source: Linux, `drivers/firmware/efi/libstub/zboot-header.S`. All fields are
/// little-endian.
pub mod zboot {
    /// Length of the header in bytes.
    pub const HEADER_LEN: usize = 64;
    /// How it begins.
    pub const MAGIC: [u8; 8] = *b"MZ\0\0zimg";
    /// Offset of the 32-bit offset of the payload from the start of the image.
    pub const PAYLOAD_OFFSET: usize = 8;
    /// Offset of the 32-bit size of the payload.
    pub const PAYLOAD_SIZE: usize = 12;
    /// Offset of the name of the compression, which ends in a zero.
    pub const COMPRESSION: usize = 24;
    /// Offset of what follows that name.
    pub const COMPRESSION_END: usize = 56;
}
