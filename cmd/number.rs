// SPDX-License-Identifier: GPL-2.0-or-later
//! Numbers in arguments, and the widths of memory accesses.

use crate::CmdError;
use common::println;

/// A hexadecimal argument, with or without `0x`.
///
/// # Errors
/// After saying that `arg` is none.
pub fn hex(arg: &str) -> Result<u64, CmdError> {
    let digits = arg
        .strip_prefix("0x")
        .or(arg.strip_prefix("0X"))
        .unwrap_or(arg);
    // from_str_radix would also take a sign.
    let valid = digits.starts_with(|c: char| c.is_ascii_hexdigit());
    match u64::from_str_radix(digits, 16) {
        Ok(number) if valid => Ok(number),
        _ => {
            println!("## Error: '{arg}' is not a hexadecimal number of 64 bits");
            Err(CmdError::Failure)
        }
    }
}

/// The decimal number that an argument begins with; 0 if there is none.
pub(crate) fn decimal(arg: &str) -> u64 {
    let digits = arg.split(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The bytes of the unit that a command works on, from the end of its name:
/// `.b` 1, `.w` 2, `.l` 4, `.q` 8; without one 4.
///
/// # Errors
/// After saying which widths there are.
pub fn width(name: &str) -> Result<usize, CmdError> {
    match name.split_once('.').map(|(_, width)| width) {
        None | Some("l") => Ok(4),
        Some("b") => Ok(1),
        Some("w") => Ok(2),
        Some("q") => Ok(8),
        Some(other) => {
            println!("Invalid data width specifier '.{other}', expected .b, .w, .l or .q");
            Err(CmdError::Failure)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn hexadecimal_numbers() {
        let _console = testing::capture();
        assert_eq!(hex("1f"), Ok(0x1f));
        assert_eq!(hex("0x40000000"), Ok(0x4000_0000));
        for bad in ["", "0x", "+1", "-1", "g", "1g", "10000000000000000"] {
            assert_eq!(hex(bad), Err(CmdError::Failure), "{bad}");
        }
    }

    #[test]
    fn decimal_numbers() {
        assert_eq!(decimal("12x"), 12);
        assert_eq!(decimal("x"), 0);
        assert_eq!(decimal(""), 0);
    }

    #[test]
    fn widths() {
        let _console = testing::capture();
        let widths = ["md", "md.b", "md.w", "md.l", "md.q"].map(|name| width(name).unwrap());
        assert_eq!(widths, [4, 1, 2, 4, 8]);
        assert!(width("md.x").is_err());
    }
}
