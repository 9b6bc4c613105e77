// SPDX-License-Identifier: GPL-2.0-or-later
//! Numbers in device specifications, by U-Boot's rules.
//!
//! A number ends at the first character that is no digit, and may be empty;
//! the caller looks at what is left. Behaviour: U-Boot, `simple_strtoul`.

/// A hexadecimal number, with or without `0x`, and what follows it.
pub fn hextoul(text: &str) -> (u64, &str) {
    strtoul(text, 16)
}

/// A decimal number, or a hexadecimal one with `0x`, and what follows it.
pub fn dectoul(text: &str) -> (u64, &str) {
    strtoul(text, 10)
}

/// A number that tells its base by `0x` or `0`, and what follows it.
pub fn autotoul(text: &str) -> (u64, &str) {
    match text.strip_prefix('0') {
        Some(rest) if !rest.is_empty() => strtoul(text, 8),
        _ => strtoul(text, 10),
    }
}

fn strtoul(text: &str, base: u32) -> (u64, &str) {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let hex = hex.filter(|rest| rest.starts_with(|c: char| c.is_ascii_hexdigit()));
    let (mut rest, base) = hex.map_or((text, base), |rest| (rest, 16));
    let mut value = 0u64;
    let mut chars = rest.chars();
    while let Some(digit) = chars.next().and_then(|c| c.to_digit(base)) {
        value = value
            .wrapping_mul(u64::from(base))
            .wrapping_add(u64::from(digit));
        rest = chars.as_str();
    }
    (value, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_digits_end() {
        assert_eq!(hextoul("1f"), (0x1f, ""));
        assert_eq!(hextoul("0x1F:2"), (0x1f, ":2"));
        assert_eq!(hextoul(""), (0, ""));
        assert_eq!(hextoul("0x"), (0, "x"));
        assert_eq!(hextoul("g"), (0, "g"));
        assert_eq!(dectoul("12a"), (12, "a"));
        assert_eq!(dectoul("0x12"), (0x12, ""));
        assert_eq!(autotoul("10"), (10, ""));
        assert_eq!(autotoul("010"), (8, ""));
        assert_eq!(autotoul("0x10"), (16, ""));
        assert_eq!(autotoul("0"), (0, ""));
        assert_eq!(autotoul("08"), (0, "8"));
    }
}
