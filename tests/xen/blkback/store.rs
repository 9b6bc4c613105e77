// SPDX-License-Identifier: GPL-2.0-or-later
//! `/dev/xen/xenbus`: the store.
//!
//! Source: `xen/include/public/io/xs_wire.h`, `docs/misc/xenstore.txt`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

/// Message types.
const READ: u32 = 2;
const WATCH: u32 = 4;
const WRITE: u32 = 11;
const RM: u32 = 13;
const SET_PERMS: u32 = 14;
const WATCH_EVENT: u32 = 15;
const ERROR: u32 = 16;

/// A connection to the store.
pub struct Store {
    file: File,
    /// Something below a watched path has changed since it was asked last.
    changed: bool,
}

impl Store {
    /// Opens it.
    ///
    /// # Errors
    /// If that fails.
    pub fn open() -> io::Result<Store> {
        let file = File::options()
            .read(true)
            .write(true)
            .open("/dev/xen/xenbus")?;
        Ok(Store {
            file,
            changed: false,
        })
    }

    /// The value of a node, if there is one.
    ///
    /// # Errors
    /// Any other than that.
    pub fn read(&mut self, path: &str) -> io::Result<Option<String>> {
        match self.ask(READ, &[path, "\0"]) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets a node.
    ///
    /// # Errors
    /// If that fails.
    pub fn write(&mut self, path: &str, value: &str) -> io::Result<()> {
        self.ask(WRITE, &[path, "\0", value]).map(drop)
    }

    /// Removes a node and all below it, if it is there.
    ///
    /// # Errors
    /// If that fails.
    pub fn remove(&mut self, path: &str) -> io::Result<()> {
        match self.ask(RM, &[path, "\0"]) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map(drop),
        }
    }

    /// Makes a node that belongs to `owner`, and that `reader` may read.
    ///
    /// # Errors
    /// If that fails.
    pub fn make(&mut self, path: &str, owner: u16, reader: u16) -> io::Result<()> {
        self.write(path, "")?;
        let rights = format!("n{owner}\0r{reader}\0");
        self.ask(SET_PERMS, &[path, "\0", &rights]).map(drop)
    }

    /// Tells of changes below a path.
    ///
    /// # Errors
    /// If that fails.
    pub fn watch(&mut self, path: &str) -> io::Result<()> {
        self.ask(WATCH, &[path, "\0", "x\0"]).map(drop)
    }

    /// Whether something has changed; forgets it.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Takes the event that is there.
    ///
    /// # Errors
    /// If that fails.
    pub fn receive(&mut self) -> io::Result<()> {
        self.message().map(drop)
    }

    fn ask(&mut self, op: u32, parts: &[&str]) -> io::Result<Vec<u8>> {
        let payload = parts.concat();
        let mut message = Vec::new();
        for word in [op, 0, 0, payload.len() as u32] {
            message.extend(word.to_ne_bytes());
        }
        message.extend(payload.as_bytes());
        self.file.write_all(&message)?;
        loop {
            match self.message()? {
                (WATCH_EVENT, _) => {}
                (ERROR, name) => return Err(error(&name)),
                (_, payload) => return Ok(payload),
            }
        }
    }

    fn message(&mut self) -> io::Result<(u32, Vec<u8>)> {
        let mut header = [0; 16];
        self.file.read_exact(&mut header)?;
        let word = |i: usize| {
            let bytes = header[4 * i..4 * i + 4].try_into();
            u32::from_ne_bytes(bytes.unwrap_or_default())
        };
        let mut payload = vec![0; word(3) as usize];
        self.file.read_exact(&mut payload)?;
        self.changed |= word(0) == WATCH_EVENT;
        Ok((word(0), payload))
    }
}

impl AsFd for Store {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn error(name: &[u8]) -> io::Error {
    match name {
        b"ENOENT\0" => io::ErrorKind::NotFound.into(),
        name => io::Error::other(format!("XenStore: {}", String::from_utf8_lossy(name))),
    }
}
