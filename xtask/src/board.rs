// SPDX-License-Identifier: GPL-2.0-or-later
//! What tests are run on that can be run on several.

/// Where the loader runs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Board {
    #[default]
    Sandbox,
    Xen,
}

impl std::str::FromStr for Board {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "sandbox" => Ok(Self::Sandbox),
            "xen" => Ok(Self::Xen),
            _ => Err(format!("there is no board {name:?}: sandbox or xen")),
        }
    }
}
