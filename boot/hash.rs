// SPDX-License-Identifier: GPL-2.0-or-later
//! Hashes and checksums, by their names in U-Boot and in FIT images.
//!
//! Checksums are numbers, given as bytes with the highest first.
//!
//! Behaviour: U-Boot, `common/hash.c`.

use alloc::boxed::Box;
use alloc::vec::Vec;
use common::{Error, Result, console};
use crc::{CRC_32_ISO_HDLC, Crc, Table};

/// The checksum of zlib, gzip, xz and U-Boot's images.
pub static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// Bytes that are hashed between two looks for Ctrl-C.
const PIECE: usize = 1 << 20;

/// One way to hash.
pub struct Algorithm {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Bytes of its result.
    pub size: usize,
    start: fn() -> Box<dyn Hasher>,
}

/// The algorithms of this image.
pub static ALGORITHMS: &[Algorithm] = &[
    #[cfg(CONFIG_MD5)]
    algorithm::<md5::Md5>("md5", 16),
    #[cfg(CONFIG_SHA1)]
    algorithm::<sha1::Sha1>("sha1", 20),
    #[cfg(CONFIG_SHA256)]
    algorithm::<sha2::Sha256>("sha256", 32),
    #[cfg(CONFIG_SHA384)]
    algorithm::<sha2::Sha384>("sha384", 48),
    #[cfg(CONFIG_SHA512)]
    algorithm::<sha2::Sha512>("sha512", 64),
    #[cfg(CONFIG_SM3)]
    algorithm::<sm3::Sm3>("sm3_256", 32),
    #[cfg(CONFIG_CRC16)]
    Algorithm {
        name: "crc16-ccitt",
        size: 2,
        start: || Box::new(crc16::start()),
    },
    Algorithm {
        name: "crc32",
        size: 4,
        start: || Box::new(CRC32.digest()),
    },
];

/// The algorithm of this name.
pub fn lookup(name: &str) -> Option<&'static Algorithm> {
    ALGORITHMS.iter().find(|algorithm| algorithm.name == name)
}

impl Algorithm {
    /// Begins to hash what comes in pieces.
    pub fn start(&self) -> Box<dyn Hasher> {
        (self.start)()
    }

    /// The hash of all of `bytes`.
    ///
    /// # Errors
    /// [`Error::Interrupted`] by Ctrl-C.
    pub fn hash(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut hasher = self.start();
        for piece in bytes.chunks(PIECE) {
            hasher.update(piece);
            if console::ctrlc() {
                return Err(Error::Interrupted);
            }
        }
        Ok(hasher.finish())
    }
}

/// A hash of bytes that come in pieces.
pub trait Hasher {
    /// Takes the next bytes.
    fn update(&mut self, bytes: &[u8]);
    /// The hash of all of them.
    fn finish(self: Box<Self>) -> Vec<u8>;
}

const fn algorithm<D: sha2::Digest + 'static>(name: &'static str, size: usize) -> Algorithm {
    Algorithm {
        name,
        size,
        start: || Box::new(Cryptographic(D::new())),
    }
}

struct Cryptographic<D>(D);

impl<D: sha2::Digest> Hasher for Cryptographic<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

impl Hasher for crc::Digest<'static, u32, Table<16>> {
    fn update(&mut self, bytes: &[u8]) {
        crc::Digest::<u32, Table<16>>::update(self, bytes);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        self.finalize().to_be_bytes().to_vec()
    }
}

#[cfg(CONFIG_CRC16)]
mod crc16 {
    use super::Hasher;
    use alloc::boxed::Box;
    use alloc::vec::Vec;
    use crc::{CRC_16_XMODEM, Crc, Digest, Table};

    static CRC16: Crc<u16, Table<1>> = Crc::<u16, Table<1>>::new(&CRC_16_XMODEM);

    pub fn start() -> Digest<'static, u16, Table<1>> {
        CRC16.digest()
    }

    impl Hasher for Digest<'static, u16, Table<1>> {
        fn update(&mut self, bytes: &[u8]) {
            Digest::<u16, Table<1>>::update(self, bytes);
        }

        fn finish(self: Box<Self>) -> Vec<u8> {
            self.finalize().to_be_bytes().to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    fn hex(name: &str, bytes: &[u8]) -> String {
        let hash = lookup(name).unwrap().hash(bytes).unwrap();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn hashes_are_those_of_the_standards() {
        for (name, hash) in [
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "sha256",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "sha384",
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
                 8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                "sha512",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            (
                "sm3_256",
                "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
            ),
        ] {
            assert_eq!(hex(name, b"abc"), hash, "{name}");
        }
        assert_eq!(hex("crc16-ccitt", b"123456789"), "31c3");
        assert_eq!(hex("crc32", b"123456789"), "cbf43926");
        assert!(lookup("SHA1").is_none());
    }

    #[test]
    fn pieces_make_the_same_hash_and_sizes_are_true() {
        let bytes: Vec<u8> = (0..5000u32).map(|i| (i / 3) as u8).collect();
        for algorithm in ALGORITHMS {
            let mut hasher = algorithm.start();
            bytes.chunks(77).for_each(|piece| hasher.update(piece));
            let hash = hasher.finish();
            assert_eq!(algorithm.hash(&bytes), Ok(hash.clone()));
            assert_eq!(hash.len(), algorithm.size, "{}", algorithm.name);
        }
    }
}
