// SPDX-License-Identifier: GPL-2.0-or-later
//! A console and a file system for this crate's unit tests.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::console::{self, Terminal};
use common::{Error, Result};
use fs::{DirEntry, FileSystem, FileType, Metadata};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The console, taken for one test.
pub struct Console {
    terminal: Arc<Fake>,
    _lock: MutexGuard<'static, ()>,
}

#[derive(Default)]
struct Fake {
    output: Mutex<Vec<u8>>,
    keys: Mutex<VecDeque<u8>>,
}

/// Takes the console.
pub fn console() -> Console {
    static TAKEN: Mutex<()> = Mutex::new(());
    let lock = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let terminal = Arc::new(Fake::default());
    console::set_device(terminal.clone());
    while console::getc().is_some() {}
    let console = Console {
        terminal,
        _lock: lock,
    };
    console.take();
    console
}

impl Console {
    /// What was printed since the last call.
    pub fn take(&self) -> String {
        let bytes = core::mem::take(&mut *self.terminal.output.lock().unwrap());
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
    }

    /// Types.
    pub fn keys(&self, keys: &str) {
        self.terminal.keys.lock().unwrap().extend(keys.bytes());
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        console::clear_device();
    }
}

impl Terminal for Fake {
    fn write(&self, bytes: &[u8]) {
        self.output.lock().unwrap().extend_from_slice(bytes);
    }

    fn read(&self) -> Option<u8> {
        self.keys.lock().unwrap().pop_front()
    }

    fn wait(&self, _timeout_us: u64) {}
}

/// Files by path.
#[derive(Default)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// A file system with these files.
    pub fn new(files: &[(&str, &[u8])]) -> Box<Files> {
        Box::new(Files(
            files
                .iter()
                .map(|(path, bytes)| (path.to_string(), bytes.to_vec()))
                .collect(),
        ))
    }

    fn file(&self, path: &str) -> Result<&Vec<u8>> {
        self.0.get(path).ok_or(Error::NotFound)
    }
}

impl FileSystem for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn label(&self) -> String {
        String::new()
    }

    fn uuid(&self) -> String {
        String::new()
    }

    fn metadata(&self, path: &str) -> Result<Metadata> {
        Ok(Metadata {
            kind: FileType::Regular,
            size: self.file(path)?.len() as u64,
        })
    }

    fn read(&self, path: &str, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let rest = self.file(path)?.get(offset as usize..).unwrap_or(&[]);
        let len = rest.len().min(buf.len());
        buf[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn list(&self, _path: &str, _each: &mut dyn FnMut(DirEntry) -> Result<()>) -> Result<()> {
        Err(Error::NotADirectory)
    }
}
