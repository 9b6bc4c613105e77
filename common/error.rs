// SPDX-License-Identifier: GPL-2.0-or-later
//! The error that every subsystem returns: it says whose fault it was.

use core::fmt;
use include::errno;

/// The usual result.
pub type Result<T> = core::result::Result<T, Error>;

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The device could not transfer this block (in units of its block size).
    Io(u64),
    /// What was asked for is valid, but not supported.
    Unsupported(&'static str),
    /// Foreign data (a disk, a device tree, an image) breaks its format's rules.
    Corrupt(&'static str),
    /// The peer (a back-end, XenStore) breaks the protocol.
    Protocol(&'static str),
    /// No such file, node, key or variable.
    NotFound,
    /// No such device.
    NoDevice,
    /// The caller's arguments make no sense.
    Invalid(&'static str),
    /// A block, address or number outside the allowed range.
    OutOfRange,
    /// A directory was expected.
    NotADirectory,
    /// A file was expected.
    IsADirectory,
    /// It exists already.
    Exists,
    /// A directory that is to go still has names in it.
    NotEmpty,
    /// The device or file system is read-only.
    ReadOnly,
    /// No room left on the device.
    NoSpace,
    /// Out of memory, grants or other resources.
    NoMemory,
    /// In use, or to be tried again.
    Busy,
    /// Not permitted.
    Permission,
    /// No answer in time.
    Timeout,
    /// Ended by Ctrl-C.
    Interrupted,
}

impl Error {
    /// The name of its error number, such as `ENOENT`.
    pub fn name(self) -> &'static str {
        let number = -self.errno();
        let entry = errno::NAMES.iter().find(|entry| entry.0 == number);
        entry.map_or("EIO", |entry| entry.1)
    }

    /// The error number that U-Boot would return, negative.
    pub fn errno(self) -> i32 {
        -match self {
            Error::Io(_) => errno::EIO,
            Error::Unsupported(_) => errno::EOPNOTSUPP,
            Error::Corrupt(_) => errno::EBADMSG,
            Error::Protocol(_) => errno::EIO,
            Error::NotFound => errno::ENOENT,
            Error::NoDevice => errno::ENODEV,
            Error::Invalid(_) => errno::EINVAL,
            Error::OutOfRange => errno::ERANGE,
            Error::NotADirectory => errno::ENOTDIR,
            Error::IsADirectory => errno::EISDIR,
            Error::Exists => errno::EEXIST,
            Error::NotEmpty => errno::ENOTEMPTY,
            Error::ReadOnly => errno::EROFS,
            Error::NoSpace => errno::ENOSPC,
            Error::NoMemory => errno::ENOMEM,
            Error::Busy => errno::EBUSY,
            Error::Permission => errno::EPERM,
            Error::Timeout => errno::ETIMEDOUT,
            Error::Interrupted => errno::EINTR,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(block) => write!(f, "I/O error at block {block}"),
            Error::Unsupported(what) => write!(f, "not supported: {what}"),
            Error::Corrupt(what) => write!(f, "corrupt: {what}"),
            Error::Protocol(what) => write!(f, "protocol violation: {what}"),
            Error::NotFound => f.write_str("not found"),
            Error::NoDevice => f.write_str("no such device"),
            Error::Invalid(what) => write!(f, "invalid: {what}"),
            Error::OutOfRange => f.write_str("out of range"),
            Error::NotADirectory => f.write_str("not a directory"),
            Error::IsADirectory => f.write_str("is a directory"),
            Error::Exists => f.write_str("exists already"),
            Error::NotEmpty => f.write_str("directory is not empty"),
            Error::ReadOnly => f.write_str("read-only"),
            Error::NoSpace => f.write_str("no space left"),
            Error::NoMemory => f.write_str("out of memory"),
            Error::Busy => f.write_str("busy"),
            Error::Permission => f.write_str("not permitted"),
            Error::Timeout => f.write_str("timed out"),
            Error::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl core::error::Error for Error {}
