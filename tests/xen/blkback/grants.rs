// SPDX-License-Identifier: GPL-2.0-or-later
//! `/dev/xen/gntdev`: pages that a guest has granted, mapped into this process.
//!
//! Source: Linux, `include/uapi/xen/gntdev.h`.
#![allow(unsafe_code)] // Mapped memory that a guest changes at any time.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::protocol::PAGE;

/// `IOCTL_GNTDEV_MAP_GRANT_REF` and `IOCTL_GNTDEV_UNMAP_GRANT_REF`.
const MAP: Opcode = 24 << 16 | (b'G' as Opcode) << 8;
const UNMAP: Opcode = 16 << 16 | (b'G' as Opcode) << 8 | 1;

/// What is copied at a time: every part of a slot, a list or a sector is a multiple.
const PIECE: usize = 8;

/// The device.
#[derive(Clone)]
pub struct Gntdev(Rc<File>);

/// Granted pages, mapped until this is dropped.
pub struct Mapping {
    device: Gntdev,
    base: NonNull<u8>,
    len: usize,
    /// By which the device knows it.
    index: u64,
}

/// Structures of the device's, as words of 64 bits.
struct Words<'a> {
    opcode: Opcode,
    words: &'a mut [u64],
}

// SAFETY: the words hold the structure that the operation reads and writes.
unsafe impl Ioctl for Words<'_> {
    type Output = ();
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        self.opcode
    }

    fn as_ptr(&mut self) -> *mut c_void {
        self.words.as_mut_ptr().cast()
    }

    unsafe fn output_from_ptr(_: IoctlOutput, _: *mut c_void) -> rustix::io::Result<()> {
        Ok(())
    }
}

impl Gntdev {
    /// Opens it.
    ///
    /// # Errors
    /// If that fails.
    pub fn open() -> io::Result<Gntdev> {
        let file = File::options()
            .read(true)
            .write(true)
            .open("/dev/xen/gntdev")?;
        Ok(Gntdev(Rc::new(file)))
    }

    /// Maps pages that `domain` granted, one behind the other.
    ///
    /// # Errors
    /// If one of them is not granted, or not for writing.
    pub fn map(&self, domain: u16, references: &[u32], write: bool) -> io::Result<Mapping> {
        // count, padding, index, then for each: domain, reference.
        let mut words = vec![references.len() as u64, 0];
        words.extend(
            references
                .iter()
                .map(|&r| u64::from(domain) | u64::from(r) << 32),
        );
        self.ask(MAP, &mut words)?;
        let index = words[1];
        let len = references.len() * PAGE;
        let rights = match write {
            true => ProtFlags::READ | ProtFlags::WRITE,
            false => ProtFlags::READ,
        };
        let null = std::ptr::null_mut();
        // SAFETY: a new mapping at an address that the kernel chooses.
        let mapped = unsafe { mmap(null, len, rights, MapFlags::SHARED, &*self.0, index) };
        let base = mapped.map(|base| NonNull::new(base.cast()));
        match base {
            Ok(Some(base)) => Ok(Mapping {
                device: self.clone(),
                base,
                len,
                index,
            }),
            result => {
                _ = self.forget(index, references.len());
                Err(result
                    .err()
                    .map_or(io::ErrorKind::OutOfMemory.into(), io::Error::from))
            }
        }
    }

    fn forget(&self, index: u64, count: usize) -> io::Result<()> {
        self.ask(UNMAP, &mut [index, count as u64])
    }

    fn ask(&self, opcode: Opcode, words: &mut [u64]) -> io::Result<()> {
        // SAFETY: the words are that operation's structure.
        Ok(unsafe { ioctl(&*self.0, Words { opcode, words }) }?)
    }
}

impl Mapping {
    /// Its size in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Reads an index that the other end publishes.
    pub fn load_u32(&self, offset: usize) -> u32 {
        self.word(offset).load(Ordering::SeqCst)
    }

    /// Publishes an index.
    pub fn store_u32(&self, offset: usize, value: u32) {
        self.word(offset).store(value, Ordering::SeqCst);
    }

    /// Copies out; all that is shared is a multiple of a piece.
    pub fn read(&self, offset: usize, bytes: &mut [u8]) {
        assert!(bytes.len().is_multiple_of(PIECE));
        let from = self.at(offset, bytes.len()).cast::<[u8; PIECE]>();
        for (i, piece) in bytes.chunks_exact_mut(PIECE).enumerate() {
            // SAFETY: inside of the mapping.
            piece.copy_from_slice(&unsafe { from.add(i).read_volatile() });
        }
    }

    /// Copies in; the mapping must be for writing.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        let (pieces, rest) = bytes.as_chunks::<PIECE>();
        let to = self.at(offset, bytes.len());
        for (i, &piece) in pieces.iter().enumerate() {
            // SAFETY: inside of the mapping.
            unsafe { to.cast::<[u8; PIECE]>().add(i).write_volatile(piece) };
        }
        for (i, &byte) in rest.iter().enumerate() {
            // SAFETY: inside of the mapping.
            unsafe { to.add(pieces.len() * PIECE + i).write_volatile(byte) };
        }
    }

    /// A copy of a part.
    pub fn bytes(&self, range: Range<usize>) -> Vec<u8> {
        let mut bytes = vec![0; range.len()];
        self.read(range.start, &mut bytes);
        bytes
    }

    fn word(&self, offset: usize) -> &AtomicU32 {
        assert!(offset.is_multiple_of(4));
        // SAFETY: aligned, inside of the mapping, and only accessed by atomics or volatile.
        unsafe { AtomicU32::from_ptr(self.at(offset, 4).cast()) }
    }

    fn at(&self, offset: usize, len: usize) -> *mut u8 {
        assert!(offset <= self.len && len <= self.len - offset);
        // SAFETY: inside of the mapping.
        unsafe { self.base.as_ptr().add(offset) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped in `Gntdev::map`, and nobody uses it any more.
        _ = unsafe { munmap(self.base.as_ptr().cast(), self.len) };
        _ = self.device.forget(self.index, self.len / PAGE);
    }
}
