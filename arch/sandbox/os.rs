// SPDX-License-Identifier: GPL-2.0-or-later
//! What drivers ask of the host: the standard input and output, and files.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};
use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

/// What the standard input has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// So many bytes.
    Bytes(usize),
    /// Nothing yet.
    Nothing,
    /// Nothing more, ever.
    End,
}

/// Reads what there is on the standard input; never waits.
pub fn read_input(buf: &mut [u8]) -> Input {
    if !input_within(0) {
        return Input::Nothing;
    }
    match rustix::io::read(stdin(), buf) {
        Ok(0) => Input::End,
        Ok(len) => Input::Bytes(len),
        Err(Errno::INTR | Errno::AGAIN) => Input::Nothing,
        Err(_) => Input::End,
    }
}

/// Waits until the standard input has something, or its end, or the time is over.
pub fn input_within(timeout_us: u64) -> bool {
    let timeout = Timespec {
        tv_sec: (timeout_us / 1_000_000).min(i32::MAX as u64) as i64,
        tv_nsec: (timeout_us % 1_000_000 * 1000) as _,
    };
    let mut fds = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
    // Without a standard input, what a read says will tell.
    poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready > 0)
}

/// Lets time pass.
pub fn sleep_us(us: u64) {
    super::relax(us);
}

/// Writes to the standard output. When nobody can read it any more the process ends.
pub fn write_output(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match rustix::io::write(stdout(), bytes) {
            Ok(len) => bytes = bytes.get(len..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                _ = poll(
                    &mut [PollFd::from_borrowed_fd(stdout(), PollFlags::OUT)],
                    None,
                );
            }
            Err(_) => std::process::exit(1),
        }
    }
}

/// The only folder of the host that there is, if one was named.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Makes a folder all that there is of the host's files, for good: for tests of
/// what might name any file. No link in it may lead out of it.
pub fn confine(folder: &Path) {
    FOLDER.get_or_init(|| folder.into());
}

/// Where a path leads.
fn resolve(path: &str) -> Cow<'_, Path> {
    match FOLDER.get() {
        None => Path::new(path).into(),
        Some(folder) => inside(folder, path).into(),
    }
}

/// A path as from a root, from which no way leads out.
fn inside(folder: &Path, path: &str) -> PathBuf {
    let mut below = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => below.push(name),
            Component::ParentDir => _ = below.pop(),
            _ => {}
        }
    }
    folder.join(below)
}

/// Why a file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    /// There is none.
    NotFound,
    /// The host does not allow it.
    Permission,
    /// It is neither a file nor a block device.
    NotAFile,
    /// Another error of the host's.
    Other,
}

impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> FileError {
        match error.kind() {
            ErrorKind::NotFound => FileError::NotFound,
            ErrorKind::PermissionDenied => FileError::Permission,
            _ => FileError::Other,
        }
    }
}

/// A file or block device of the host.
#[derive(Debug)]
pub struct File {
    file: std::fs::File,
    len: u64,
    read_only: bool,
}

impl File {
    /// Opens a file, only for reading if it cannot be written.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub fn open(path: &str) -> Result<File, FileError> {
        // What is opened for reading and writing: a pipe or a terminal would wait.
        let path = &resolve(path);
        let kind = std::fs::metadata(path)?.file_type();
        if !kind.is_file() && !kind.is_block_device() {
            return Err(FileError::NotAFile);
        }
        let both = OpenOptions::new().read(true).write(true).open(path);
        let read_only = both.is_err();
        let mut file = both.or_else(|_| std::fs::File::open(path))?;
        // A block device has its size only so.
        let len = file.seek(SeekFrom::End(0))?;
        Ok(File {
            file,
            len,
            read_only,
        })
    }

    /// Its length in bytes when it was opened.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// Whether it cannot be written.
    pub fn read_only(&self) -> bool {
        self.read_only
    }

    /// Fills `buf` with what is at `offset`.
    ///
    /// # Errors
    /// How many bytes were read before the one that could not.
    pub fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), usize> {
        transfer(buf.len(), |done| {
            let rest = buf.get_mut(done..).unwrap_or_default();
            self.file.read_at(rest, offset.saturating_add(done as u64))
        })
    }

    /// Writes `buf` at `offset`.
    ///
    /// # Errors
    /// How many bytes were written before the one that could not.
    pub fn write(&self, offset: u64, buf: &[u8]) -> Result<(), usize> {
        transfer(buf.len(), |done| {
            let rest = buf.get(done..).unwrap_or_default();
            self.file.write_at(rest, offset.saturating_add(done as u64))
        })
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    /// If the host could not.
    pub fn sync(&self) -> Result<(), FileError> {
        Ok(self.file.sync_data()?)
    }
}

/// What a path of the host leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, where those are not followed.
    Link,
    /// A device or the like.
    Other,
}

/// What a path leads to, and the length of it.
///
/// # Errors
/// If it leads nowhere.
pub fn metadata(path: &str) -> Result<(Kind, u64), FileError> {
    let metadata = std::fs::metadata(resolve(path))?;
    Ok((kind_of(metadata.file_type()), metadata.len()))
}

/// A name in a folder, what it is and its length.
pub type Entry = (Vec<u8>, Kind, u64);

/// What is in a folder, by name.
///
/// # Errors
/// If it cannot be read.
pub fn list(path: &str) -> Result<Vec<Entry>, FileError> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(resolve(path))? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let name = entry.file_name().into_encoded_bytes();
        entries.push((name, kind_of(metadata.file_type()), metadata.len()));
    }
    entries.sort();
    Ok(entries)
}

fn kind_of(kind: std::fs::FileType) -> Kind {
    match kind {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_symlink() => Kind::Link,
        _ => Kind::Other,
    }
}

/// Writes to a file, which is made if it is missing and then ends with `data`.
///
/// # Errors
/// If the host could not.
pub fn write_file(path: &str, offset: u64, data: &[u8]) -> Result<(), FileError> {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(false)
        .open(resolve(path))?;
    file.write_all_at(data, offset)?;
    Ok(file.set_len(offset.saturating_add(data.len() as u64))?)
}

/// Repeats a step that does a part, until all is done.
fn transfer(
    len: usize,
    mut step: impl FnMut(usize) -> std::io::Result<usize>,
) -> Result<(), usize> {
    let mut done = 0;
    while done < len {
        match step(done) {
            Ok(0) => return Err(done),
            Ok(count) => done += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(done),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_opened() {
        assert_eq!(File::open("/").unwrap_err(), FileError::NotAFile);
        assert_eq!(File::open("/dev/null").unwrap_err(), FileError::NotAFile);
        assert_eq!(File::open("/none").unwrap_err(), FileError::NotFound);
    }

    #[test]
    fn no_path_leads_out_of_a_folder() {
        let folder = Path::new("/tmp/folder");
        for (path, below) in [
            ("", ""),
            ("/", ""),
            ("a/b", "a/b"),
            ("/etc/passwd", "etc/passwd"),
            ("../../etc", "etc"),
            ("a/../../b/./c", "b/c"),
            ("a/..", ""),
        ] {
            assert_eq!(inside(folder, path), folder.join(below), "{path}");
        }
    }

    #[test]
    fn a_transfer_ends_where_the_file_does() {
        let path = std::env::temp_dir().join(format!("u-boot-os-{}", std::process::id()));
        std::fs::write(&path, b"0123456789").unwrap();
        let file = File::open(path.to_str().unwrap()).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((file.size(), file.read_only()), (10, false));
        let mut buf = [0; 4];
        file.write(4, b"ab").unwrap();
        file.sync().unwrap();
        file.read(3, &mut buf).unwrap();
        assert_eq!(&buf, b"3ab6");
        assert_eq!(file.read(8, &mut buf), Err(2));
    }
}
