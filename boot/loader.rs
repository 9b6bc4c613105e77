// SPDX-License-Identifier: GPL-2.0-or-later
//! Bringing the files of a boot flow into RAM.
//!
//! Each goes to the address in its variable (`kernel_addr_r` and the like) if
//! that is free, and to another place if it is not: what is already loaded is
//! never overwritten, however large the files and small the guest.

use crate::bootm::{Failed, failed};
use crate::image::Image;
use crate::image_names::printable;
use crate::place::{Free, NoRoom, len};
use crate::spec::Format;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use arch::mem::Ram;
use common::{Error, println};
use core::cell::Cell;
use core::ops::Range;
use env::Env;
use fs::FileSystem;

/// Bytes read at a time, between two looks for Ctrl-C.
const PIECE: usize = 16 << 20;
/// Where the parts of an initramfs begin; the kernel steps over zeros between them.
const PART_ALIGN: u64 = 4;
/// Longer paths are refused, as by U-Boot.
const MAX_PATH: usize = 512;
/// Stands for a variable: the file may be anywhere.
pub const ANYWHERE: &str = "";

/// A boot flow on its way into RAM.
pub struct Loader<'a> {
    /// Where it goes to.
    pub ram: &'a mut Ram,
    /// What tells the addresses.
    pub env: &'a mut Env,
    /// Where it comes from.
    pub files: &'a dyn FileSystem,
    /// The folder for paths that do not begin at the root; none if it is empty.
    pub folder: &'a str,
    /// What is loaded already.
    used: Vec<Range<u64>>,
    /// Ctrl-C has ended the way of a file.
    interrupted: Cell<bool>,
}

impl<'a> Loader<'a> {
    /// Nothing is loaded yet.
    pub fn new(
        ram: &'a mut Ram,
        env: &'a mut Env,
        files: &'a dyn FileSystem,
        folder: &'a str,
    ) -> Loader<'a> {
        Loader {
            ram,
            env,
            files,
            folder,
            used: Vec::new(),
            interrupted: Cell::new(false),
        }
    }

    /// Whether Ctrl-C has ended the way of a file: nothing else is to be tried then.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.get()
    }

    /// What was loaded is no longer needed.
    pub fn forget(&mut self) {
        self.used.clear();
    }

    /// Loads a file, to the address in `variable` if that is free.
    ///
    /// # Errors
    /// If there is no such file or no room, or it cannot be read.
    pub fn load(&mut self, path: &str, variable: &str) -> Result<Range<u64>, Failed> {
        self.load_all(&[path], variable)
    }

    /// What a file begins as; unknown if it cannot be read.
    pub fn format_of(&self, path: &str) -> Format {
        let mut head = [0; 4];
        match self.files.read(&self.full(path), 0, &mut head) {
            Ok(len) => Format::of(head.get(..len).unwrap_or(&[])),
            Err(_) => Format::Unknown,
        }
    }

    /// Loads files one behind the other, as parts of an initramfs: each begins at
    /// a multiple of 4, with zeros before it.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub fn load_all(&mut self, paths: &[&str], variable: &str) -> Result<Range<u64>, Failed> {
        let mut files = Vec::new();
        let mut end = 0u64;
        for path in paths {
            let path = self.announce(path)?;
            let size = self.files.size(&path);
            let size = size.map_err(|error| unread(&path, error, &self.interrupted))?;
            if size == 0 {
                return Err(said(&path, "the file is empty"));
            }
            let gap = end.wrapping_neg() % PART_ALIGN;
            end = end.saturating_add(gap).saturating_add(size);
            files.push((path, gap, size));
        }
        let first = files.first().map_or("", |(path, ..)| path);
        let range = self.place(end, variable);
        let range = range.map_err(|error| said(first, error))?;
        let target = self.ram.load_region(range.start, end as usize);
        let mut target = target.map_err(|error| said(first, error))?;
        for (path, gap, size) in &files {
            let part = target
                .split_at_mut_checked(*gap as usize)
                .and_then(|(gap, rest)| {
                    gap.fill(0);
                    rest.split_at_mut_checked(*size as usize)
                });
            let (part, rest) = part.ok_or(Failed)?;
            let done = read(self.files, path, part);
            done.map_err(|error| unread(path, error, &self.interrupted))?;
            target = rest;
        }
        self.used.push(range.clone());
        Ok(range)
    }

    /// The contents of a file that is small.
    ///
    /// # Errors
    /// If there is no such file, it is larger than `limit`, or cannot be read.
    pub fn read(&mut self, path: &str, limit: u64) -> Result<Vec<u8>, Failed> {
        let path = self.announce(path)?;
        let bytes = read_small(self.files, &path, limit);
        bytes.map_err(|error| unread(&path, error, &self.interrupted))
    }

    /// Puts bytes into RAM, to the address in `variable` if that is free.
    ///
    /// # Errors
    /// If there is no room.
    pub fn put(&mut self, bytes: &[u8], variable: &str) -> Result<Range<u64>, Failed> {
        let say = |error: &dyn core::fmt::Display| {
            println!("{error}");
            Failed
        };
        let range = self
            .place(bytes.len() as u64, variable)
            .map_err(|error| say(&error))?;
        let target = self
            .ram
            .load_region(range.start, bytes.len())
            .map_err(|error| say(&error))?;
        target.copy_from_slice(bytes);
        self.used.push(range.clone());
        Ok(range)
    }

    fn place(&self, size: u64, variable: &str) -> Result<Range<u64>, NoRoom> {
        let free = Free::of(self.ram).without(&self.used);
        let wish = self.env.get_hex(variable, 0);
        let bottom = Image {
            text_offset: 0,
            size,
            anywhere: true,
        };
        let start = match variable {
            _ if wish != 0 && free.fits(wish, size) => Some(wish),
            // The kernel's memory ends above its file: leave as much as possible there.
            "kernel_addr_r" => free.lowest(&bottom),
            _ => free.highest(self.ram, size),
        };
        let start = start.ok_or(NoRoom {
            what: "file",
            len: size,
        })?;
        let range = start..start.saturating_add(size);
        if start != wish && wish != 0 {
            println!(
                "{variable} is not free for {:#x} bytes, using {start:#x}",
                len(&range)
            );
        }
        Ok(range)
    }

    /// The path of a file on its file system.
    fn full(&self, path: &str) -> String {
        let (folder, slash) = match (path.starts_with('/'), self.folder) {
            (true, _) | (_, "") => ("", ""),
            (_, folder) if folder.ends_with('/') => (folder, ""),
            (_, folder) => (folder, "/"),
        };
        format!("{folder}{slash}{path}")
    }

    /// The same, after saying that the file is on its way.
    fn announce(&self, path: &str) -> Result<String, Failed> {
        let full = self.full(path);
        if full.len() > MAX_PATH {
            println!("Base path too long ({})", printable(full.as_bytes()));
            return Err(Failed);
        }
        println!("Retrieving file: {}", printable(full.as_bytes()));
        Ok(full)
    }
}

/// Says why a file could not be read, and notes if that was Ctrl-C.
fn unread(path: &str, why: Error, interrupted: &Cell<bool>) -> Failed {
    if why == Error::Interrupted {
        interrupted.set(true);
    }
    said(path, why)
}

fn said(path: &str, why: impl core::fmt::Display) -> Failed {
    failed(&printable(path.as_bytes()), why)
}

/// The contents of a file that is at most `limit` bytes long.
///
/// # Errors
/// If there is no such file, it is longer, or cannot be read.
pub fn read_small(files: &dyn FileSystem, path: &str, limit: u64) -> Result<Vec<u8>, Error> {
    let size = files.size(path)?;
    if size > limit {
        return Err(Error::Invalid(
            "the file is larger than anything of its kind",
        ));
    }
    let mut bytes = alloc::vec![0; size as usize];
    read(files, path, &mut bytes)?;
    Ok(bytes)
}

fn read(files: &dyn FileSystem, path: &str, target: &mut [u8]) -> Result<(), Error> {
    let mut offset = 0u64;
    for piece in target.chunks_mut(PIECE) {
        if common::console::ctrlc() {
            return Err(Error::Interrupted);
        }
        if files.read(path, offset, piece)? != piece.len() {
            return Err(Error::Corrupt("the file ends before its size"));
        }
        offset = offset.saturating_add(piece.len() as u64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Files;
    use common::testing::capture;

    const RAM: u64 = 0x4000_0000;
    const MIB: u64 = 1 << 20;

    #[test]
    fn files_do_not_overwrite_each_other() {
        let console = capture();
        let mut ram = Ram::in_buffer(RAM, 16 << 20, Vec::new());
        let mut env = Env::empty();
        env.set_hex("kernel_addr_r", RAM).unwrap();
        env.set_hex("ramdisk_addr_r", RAM + 4 * MIB).unwrap();
        let kernel = alloc::vec![1; 6 << 20];
        let files = Files::new(&[
            ("/boot/Image", &kernel),
            ("/initrd", &[2; 4096]),
            ("/empty", &[]),
        ]);
        let mut loader = Loader::new(&mut ram, &mut env, files.as_ref(), "/boot/extlinux");
        assert_eq!(
            loader.load("../Image", "kernel_addr_r"),
            Ok(RAM..RAM + 6 * MIB)
        );
        assert_eq!(
            loader.load("/initrd", "ramdisk_addr_r"),
            Ok(RAM + 16 * MIB - 4096..RAM + 16 * MIB)
        );
        let text = console.take();
        assert!(
            text.contains("Retrieving file: /boot/extlinux/../Image\n"),
            "{text}"
        );
        assert_eq!(loader.load("/empty", "fdt_addr_r"), Err(Failed));
        assert_eq!(loader.load("none", "fdt_addr_r"), Err(Failed));
        assert!(
            console.take().ends_with(
                "Retrieving file: /boot/extlinux/none\n/boot/extlinux/none: not found\n"
            )
        );
        assert_eq!(loader.put(&[3; 16], "fdt_addr_r").unwrap().end % 0x1000, 16);
        assert_eq!(loader.read("/initrd", 4096), Ok(alloc::vec![2; 4096]));
        assert_eq!(loader.read("/initrd", 4095), Err(Failed));
        let full = Free::of(loader.ram)
            .without(&loader.used)
            .largest()
            .unwrap();
        assert!(loader.place(len(&full) + 1, "kernel_addr_r").is_err());
        assert_eq!(loader.ram.slice(RAM, 6 << 20).unwrap(), kernel);
    }

    #[test]
    fn files_are_joined() {
        let console = capture();
        let mut ram = Ram::in_buffer(RAM, 1 << 20, Vec::new());
        ram.slice_mut(RAM, 1 << 20).unwrap().fill(0xee);
        let mut env = Env::empty();
        env.set_hex("ramdisk_addr_r", RAM + 0x1000).unwrap();
        let files = Files::new(&[("/a", b"12345"), ("/x/b", b"6"), ("/c", b"78")]);
        let mut loader = Loader::new(&mut ram, &mut env, files.as_ref(), "/x/");
        let at = RAM + 0x1000;
        let joined = loader.load_all(&["/a", "b", "/c"], "ramdisk_addr_r");
        assert_eq!(joined, Ok(at..at + 14));
        let bytes = loader.ram.slice(at, 15).unwrap();
        assert_eq!(bytes, b"12345\0\0\x006\0\0\x0078\xee");
        assert!(loader.load_all(&["/a", "none"], "ramdisk_addr_r").is_err());
        assert!(
            console
                .take()
                .ends_with("Retrieving file: /x/none\n/x/none: not found\n")
        );
        loader.folder = "";
        assert_eq!(loader.read("/a", 9), Ok(b"12345".to_vec()));
        assert!(loader.read(&"x".repeat(513), 9).is_err());
        assert!(console.take().contains("Base path too long (xxx"));
    }

    #[test]
    fn ctrl_c_ends_it() {
        let console = capture();
        let mut ram = Ram::in_buffer(RAM, 1 << 20, Vec::new());
        let (mut env, files) = (Env::empty(), Files::new(&[("/a", &[1])]));
        let mut loader = Loader::new(&mut ram, &mut env, files.as_ref(), "/");
        console.keys("\x03");
        assert_eq!(loader.load("a", "kernel_addr_r"), Err(Failed));
        assert!(console.take().ends_with("/a: interrupted\n"));
    }
}
