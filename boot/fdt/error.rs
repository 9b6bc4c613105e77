// SPDX-License-Identifier: GPL-2.0-or-later
//! What can be wrong with a device tree or an edit of it, with libfdt's names.

use common::Error;
use core::fmt;

/// Why a device tree, or a change to it, is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FdtError {
    /// No such node, property or entry.
    NotFound,
    /// The node exists already.
    Exists,
    /// The tree's `totalsize` leaves no room.
    NoSpace,
    /// The path has no leading slash and names no alias.
    BadPath,
    /// A phandle is 0, all ones, or has the wrong length.
    BadPhandle,
    /// The bytes end before the tree does.
    Truncated,
    /// The magic number is not there.
    BadMagic,
    /// A version of the format that nobody uses.
    BadVersion,
    /// The nesting of nodes, a token, a length or a name is wrong.
    BadStructure,
    /// The blocks are in an order that cannot be edited in place.
    BadLayout,
    /// A value has the wrong form.
    BadValue,
    /// The overlay contradicts itself or does not fit the tree.
    BadOverlay,
    /// No phandle is left.
    NoPhandles,
}

impl FdtError {
    /// In the words of the rest of the loader.
    fn meaning(self) -> Error {
        match self {
            FdtError::NotFound => Error::NotFound,
            FdtError::Exists => Error::Exists,
            FdtError::NoSpace => Error::NoSpace,
            FdtError::BadPath => Error::Invalid("path of a device tree node"),
            FdtError::BadPhandle | FdtError::NoPhandles => {
                Error::Corrupt("phandle of the device tree")
            }
            FdtError::Truncated => Error::Corrupt("truncated device tree"),
            FdtError::BadMagic => Error::Corrupt("magic number of the device tree"),
            FdtError::BadVersion => Error::Unsupported("version of the device tree format"),
            FdtError::BadStructure => Error::Corrupt("structure of the device tree"),
            FdtError::BadLayout => Error::Unsupported("order of the device tree's blocks"),
            FdtError::BadValue => Error::Corrupt("value in the device tree"),
            FdtError::BadOverlay => Error::Corrupt("device tree overlay"),
        }
    }
}

impl From<FdtError> for Error {
    fn from(error: FdtError) -> Error {
        error.meaning()
    }
}

impl fmt::Display for FdtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FdtError::NotFound => "FDT_ERR_NOTFOUND",
            FdtError::Exists => "FDT_ERR_EXISTS",
            FdtError::NoSpace => "FDT_ERR_NOSPACE",
            FdtError::BadPath => "FDT_ERR_BADPATH",
            FdtError::BadPhandle => "FDT_ERR_BADPHANDLE",
            FdtError::Truncated => "FDT_ERR_TRUNCATED",
            FdtError::BadMagic => "FDT_ERR_BADMAGIC",
            FdtError::BadVersion => "FDT_ERR_BADVERSION",
            FdtError::BadStructure => "FDT_ERR_BADSTRUCTURE",
            FdtError::BadLayout => "FDT_ERR_BADLAYOUT",
            FdtError::BadValue => "FDT_ERR_BADVALUE",
            FdtError::BadOverlay => "FDT_ERR_BADOVERLAY",
            FdtError::NoPhandles => "FDT_ERR_NOPHANDLES",
        })
    }
}

impl core::error::Error for FdtError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn names_are_libfdts_and_the_blame_is_kept() {
        assert_eq!(FdtError::NoSpace.to_string(), "FDT_ERR_NOSPACE");
        assert_eq!(Error::from(FdtError::NoSpace), Error::NoSpace);
        assert_eq!(
            Error::from(FdtError::BadMagic).to_string(),
            "corrupt: magic number of the device tree"
        );
    }
}
