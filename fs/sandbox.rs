// SPDX-License-Identifier: GPL-2.0-or-later
//! The files of the host, as the interface `hostfs`; also `sandbox`.
//!
//! Paths are the host's own: those without a slash in front begin where the
//! process was started. Behaviour: U-Boot, `fs/sandbox/sandboxfs.c`.

use crate::{DirEntry, FileSystem, FileType, Metadata};
use alloc::boxed::Box;
use alloc::string::String;
use arch::sandbox::os::{self, File, FileError, Kind};
use common::{Error, Result};

struct HostFiles;

impl FileSystem for HostFiles {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn label(&self) -> String {
        String::new()
    }

    fn uuid(&self) -> String {
        String::new()
    }

    fn metadata(&self, path: &str) -> Result<Metadata> {
        let (kind, size) = os::metadata(path).map_err(error)?;
        let kind = file_type(kind);
        Ok(Metadata { kind, size })
    }

    fn read(&self, path: &str, offset: u64, buf: &mut [u8]) -> Result<usize> {
        if self.metadata(path)?.kind == FileType::Directory {
            return Err(Error::IsADirectory);
        }
        let file = File::open(path).map_err(error)?;
        let left = usize::try_from(file.size().saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = buf.len().min(left);
        let buf = buf.get_mut(..len).ok_or(Error::OutOfRange)?;
        match file.read(offset, buf) {
            Ok(()) => Ok(len),
            Err(done) => Err(Error::Io(offset.saturating_add(done as u64))),
        }
    }

    fn list(&self, path: &str, each: &mut dyn FnMut(DirEntry) -> Result<()>) -> Result<()> {
        if self.metadata(path)?.kind != FileType::Directory {
            return Err(Error::NotADirectory);
        }
        for (name, kind, size) in os::list(path).map_err(error)? {
            let kind = file_type(kind);
            each(DirEntry { name, kind, size })?;
        }
        Ok(())
    }

    fn write(&self, path: &str, offset: u64, data: &[u8]) -> Result<()> {
        os::write_file(path, offset, data).map_err(error)
    }
}

fn file_type(kind: Kind) -> FileType {
    match kind {
        Kind::File => FileType::Regular,
        Kind::Folder => FileType::Directory,
        Kind::Link => FileType::Symlink,
        Kind::Other => FileType::Other,
    }
}

fn error(error: FileError) -> Error {
    match error {
        FileError::NotFound => Error::NotFound,
        FileError::Permission => Error::Permission,
        FileError::NotAFile => Error::Unsupported("reading what is no file"),
        FileError::Other => Error::Invalid("the host cannot use it"),
    }
}

fn open() -> Box<dyn FileSystem> {
    Box::new(HostFiles)
}

#[cfg(test)]
mod tests {
    use crate::{FileType, on_interface};
    use alloc::string::String;
    use alloc::vec::Vec;
    use common::Error;

    #[test]
    fn files_are_listed_read_and_written() {
        let fs = on_interface("hostfs").unwrap();
        assert!(on_interface("sandbox").is_some() && on_interface("host").is_none());
        let folder = std::env::temp_dir().join(std::format!("u-boot-fs-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        let path = |name| folder.join(name).to_str().map(String::from).unwrap();
        fs.write(&path("a"), 0, b"Das U-Boot").unwrap();
        fs.write(&path("a"), 4, b"Boot").unwrap();
        let mut buf = [0; 20];
        assert_eq!(fs.read(&path("a"), 0, &mut buf), Ok(8));
        assert_eq!(&buf[..8], b"Das Boot");
        assert_eq!(fs.read(&path("a"), 4, &mut buf[..2]), Ok(2));
        assert_eq!(fs.read(&path("a"), 100, &mut buf), Ok(0));
        assert_eq!(fs.size(&path("a")), Ok(8));

        let mut names = Vec::new();
        let listed = fs.list(&path(""), &mut |entry| {
            names.push((entry.name, entry.kind));
            Ok(())
        });
        assert_eq!(listed, Ok(()));
        let expected = [
            (b"a".to_vec(), FileType::Regular),
            (b"sub".to_vec(), FileType::Directory),
        ];
        assert_eq!(names, expected);
        assert_eq!(fs.read(&path("sub"), 0, &mut buf), Err(Error::IsADirectory));
        assert_eq!(
            fs.list(&path("a"), &mut |_| Ok(())),
            Err(Error::NotADirectory)
        );
        assert_eq!(fs.metadata(&path("b")), Err(Error::NotFound));
        std::fs::remove_dir_all(folder).unwrap();
    }
}

crate::file_system_interface! { name: "hostfs", open: open }
crate::file_system_interface! { name: "sandbox", open: open }
