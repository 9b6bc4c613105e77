// SPDX-License-Identifier: GPL-2.0-or-later
//! Names of the types of GPT partitions.
//!
//! Behaviour: U-Boot, `lib/uuid.c`.

use uguid::{Guid, guid};

/// A type: the word for it in arguments, how it is shown, and its GUID.
struct Known(&'static str, &'static str, Guid);

/// What a partition is that nothing else is said of.
pub const BASIC_DATA: Guid = guid!("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7");

static KNOWN: [Known; 14] = [
    Known("mbr", "mbr", guid!("024dee41-33e7-11d3-9d69-0008c781f39f")),
    Known(
        "msft",
        "msft",
        guid!("e3c9e316-0b5c-4db8-817d-f92df00215ae"),
    ),
    Known("data", "data", BASIC_DATA),
    Known(
        "linux",
        "linux",
        guid!("0fc63daf-8483-4772-8e79-3d69d8477de4"),
    ),
    Known(
        "raid",
        "raid",
        guid!("a19d880f-05fc-4d3b-a006-743f0f84911e"),
    ),
    Known(
        "swap",
        "swap",
        guid!("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"),
    ),
    Known("lvm", "lvm", guid!("e6d6d379-f507-44c2-a23c-238f2a3df928")),
    Known(
        "u-boot-env",
        "u-boot-env",
        guid!("3de21764-95bd-54bd-a5c3-4abe786f38a8"),
    ),
    Known(
        "xbootldr",
        "xbootldr",
        guid!("bc13c2ff-59e6-4262-a352-b275fd6f7172"),
    ),
    Known(
        "cros-kern",
        "cros-kern",
        guid!("fe3a2a5d-4f32-41a7-b725-accc3285a309"),
    ),
    Known(
        "cros-root",
        "cros-root",
        guid!("3cb8e202-3b7e-47dd-8a3c-7ff2a13cfcec"),
    ),
    Known(
        "cros-fw",
        "cros-fw",
        guid!("cab6e88e-abf3-4102-a07a-d4bb9be3c1d3"),
    ),
    Known(
        "cros-rsrv",
        "cros-rsrv",
        guid!("2e0a753d-9e48-43b0-8337-b15192cb1b5e"),
    ),
    Known(
        "system",
        "EFI System Partition",
        guid!("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"),
    ),
];

/// The type that a word or a GUID names.
pub fn parse(text: &str) -> Option<Guid> {
    let known = KNOWN.iter().find(|known| known.0 == text);
    known.map(|known| known.2).or_else(|| text.parse().ok())
}

/// What a type is called; `None` if it is not known.
pub fn name(kind: Guid) -> Option<&'static str> {
    KNOWN
        .iter()
        .find(|known| known.2 == kind)
        .map(|known| known.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_guids_are_types() {
        assert_eq!(parse("data"), Some(BASIC_DATA));
        assert_eq!(parse(&std::format!("{BASIC_DATA}")), Some(BASIC_DATA));
        assert_eq!(parse("Linux"), None);
        assert_eq!(name(parse("system").unwrap()), Some("EFI System Partition"));
        assert_eq!(name(Guid::ZERO), None);
    }
}
