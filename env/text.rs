// SPDX-License-Identifier: GPL-2.0-or-later
//! Values that are not UTF-8, kept without loss in a [`String`].
//!
//! Other programs may store any bytes in the environment. A byte that is no
//! part of UTF-8 becomes one of the private characters U+EF80 to U+EFFF, as in
//! MirBSD's OPTU-8, and is that byte again when it is stored.

use alloc::string::String;
use alloc::vec::Vec;

/// The private character of byte 0 would be this one; only those from 0x80 on are used.
const PRIVATE: u32 = 0xef00;

/// Bytes as text.
pub fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match byte_of(c) {
                // The private characters themselves are kept byte by byte.
                Some(_) => push_bytes(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
                None => text.push(c),
            }
        }
        push_bytes(&mut text, chunk.invalid());
    }
    text
}

/// The bytes of a text.
pub fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte_of(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// How many bytes [`encode`] gives.
pub fn len(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let len = |c: char| byte_of(c).map_or(c.len_utf8(), |_| 1);
    text.chars().map(len).sum()
}

fn push_bytes(text: &mut String, bytes: &[u8]) {
    let private = |byte: &u8| char::from_u32(PRIVATE | u32::from(*byte));
    text.extend(bytes.iter().filter_map(private));
}

fn byte_of(c: char) -> Option<u8> {
    u8::try_from(u32::from(c) ^ PRIVATE)
        .ok()
        .filter(|byte| *byte >= 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back_as_they_were() {
        for bytes in [
            &b"plain"[..],
            b"",
            "gr\u{fc}n \u{1f600}".as_bytes(),
            b"latin-1: gr\xfcn",
            b"\xff\x80\xc3",
            "\u{ef80}\u{efff}\u{ef00}\u{ef7f}\u{f000}".as_bytes(),
            &[0xee, 0xbe],
        ] {
            let text = decode(bytes);
            assert_eq!(encode(&text), bytes, "{text:?}");
            assert_eq!(len(&text), bytes.len(), "{text:?}");
        }
        let all: Vec<u8> = (0..=255).rev().chain(0..=255).collect();
        assert_eq!(encode(&decode(&all)), all);
        assert_eq!(decode("gr\u{fc}n".as_bytes()), "gr\u{fc}n");
    }
}
