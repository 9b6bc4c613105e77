// SPDX-License-Identifier: GPL-2.0-or-later
//! A file system for this crate's unit tests.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{Error, Result};
use fs::{DirEntry, FileSystem, FileType, Metadata};

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
        let mut names: Vec<&str> = Vec::new();
        for name in path.split('/') {
            match name {
                "" | "." => {}
                ".." => _ = names.pop(),
                name => names.push(name),
            }
        }
        let path: String = names.iter().flat_map(|name| ["/", name]).collect();
        self.0.get(&path).ok_or(Error::NotFound)
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
