// SPDX-License-Identifier: GPL-2.0-or-later
//! Sizes as people read them: `512 MiB`, `1.5 GiB`.

use core::fmt;

/// Shows a number of bytes in the largest unit that it reaches, with one decimal if that is not exact.
pub struct Size(pub u64);

const UNITS: [&str; 7] = ["Bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.0.checked_ilog2().unwrap_or(0) / 10;
        let shift = 10 * unit;
        // In tenths, rounded to the nearest.
        let half = (1u128 << shift) / 2;
        let tenths = (u128::from(self.0) * 10 + half) >> shift;
        let name = UNITS.get(unit as usize).copied().unwrap_or_default();
        match tenths % 10 {
            0 => write!(f, "{} {name}", tenths / 10),
            tenth => write!(f, "{}.{tenth} {name}", tenths / 10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Size;
    use std::format;

    #[test]
    fn sizes_read_as_in_u_boot() {
        let cases = [
            (0, "0 Bytes"),
            (1000, "1000 Bytes"),
            (512 << 20, "512 MiB"),
            (3 << 29, "1.5 GiB"),
            (5 << 30, "5 GiB"),
            (u64::MAX, "16 EiB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(format!("{}", Size(bytes)), text);
        }
    }
}
