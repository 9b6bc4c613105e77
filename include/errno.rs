// SPDX-License-Identifier: GPL-2.0-or-later
//! Error numbers, as in POSIX, Linux and U-Boot.

/// Operation not permitted.
pub const EPERM: i32 = 1;
/// No such file or directory.
pub const ENOENT: i32 = 2;
/// Interrupted.
pub const EINTR: i32 = 4;
/// I/O error.
pub const EIO: i32 = 5;
/// No such device or address.
pub const ENXIO: i32 = 6;
/// Exec format error: not the format that can be run.
pub const ENOEXEC: i32 = 8;
/// Out of memory.
pub const ENOMEM: i32 = 12;
/// Device or resource busy.
pub const EBUSY: i32 = 16;
/// File exists.
pub const EEXIST: i32 = 17;
/// No such device.
pub const ENODEV: i32 = 19;
/// Not a directory.
pub const ENOTDIR: i32 = 20;
/// Is a directory.
pub const EISDIR: i32 = 21;
/// Bad address; U-Boot's for what was booted and came back.
pub const EFAULT: i32 = 14;
/// Invalid argument.
pub const EINVAL: i32 = 22;
/// No space left on device.
pub const ENOSPC: i32 = 28;
/// Read-only.
pub const EROFS: i32 = 30;
/// Result out of range.
pub const ERANGE: i32 = 34;
/// Function not implemented.
pub const ENOSYS: i32 = 38;
/// Directory not empty.
pub const ENOTEMPTY: i32 = 39;
/// No message: something that has to be there is not.
pub const ENOMSG: i32 = 42;
/// Protocol error; U-Boot's for what is not in the state that it has to be in.
pub const EPROTO: i32 = 71;
/// Bad message: what was read is not what it should be.
pub const EBADMSG: i32 = 74;
/// Wrong type.
pub const EPROTOTYPE: i32 = 91;
/// Operation not supported.
pub const EOPNOTSUPP: i32 = 95;
/// Protocol family not supported; U-Boot's for an interface that does not exist.
pub const EPFNOSUPPORT: i32 = 96;
/// Timed out.
pub const ETIMEDOUT: i32 = 110;

/// The name of each.
pub const NAMES: [(i32, &str); 19] = [
    (EPERM, "EPERM"),
    (ENOENT, "ENOENT"),
    (EINTR, "EINTR"),
    (EIO, "EIO"),
    (ENXIO, "ENXIO"),
    (ENOMEM, "ENOMEM"),
    (EBUSY, "EBUSY"),
    (EEXIST, "EEXIST"),
    (ENODEV, "ENODEV"),
    (ENOTDIR, "ENOTDIR"),
    (EISDIR, "EISDIR"),
    (EINVAL, "EINVAL"),
    (ENOSPC, "ENOSPC"),
    (EROFS, "EROFS"),
    (ERANGE, "ERANGE"),
    (ENOTEMPTY, "ENOTEMPTY"),
    (EBADMSG, "EBADMSG"),
    (EOPNOTSUPP, "EOPNOTSUPP"),
    (ETIMEDOUT, "ETIMEDOUT"),
];
