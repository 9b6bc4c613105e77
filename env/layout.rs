// SPDX-License-Identifier: GPL-2.0-or-later
//! The load addresses, computed from the RAM found.
//!
//! From the bottom: the kernel, room to unpack a compressed kernel, the
//! ramdisk, and at the top a slot for each small thing. A guest of 64 MiB
//! leaves just enough for a distribution's kernel with its BSS and a small
//! ramdisk; more memory goes to the ramdisk until that holds a distribution's,
//! then to all three parts. A compressed kernel needs no place of its own:
//! `booti` finds one.

use crate::Env;
use crate::vars::By;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ops::Range;

const MIB: u64 = 1 << 20;
/// A kernel starts `text_offset` bytes above an address with this alignment.
const KERNEL_ALIGN: u64 = 2 * MIB;
/// What a distribution's kernel takes, its BSS included.
const KERNEL_MIN: u64 = 36 * MIB;
/// More than any kernel takes.
const KERNEL_MAX: u64 = 256 * MIB;
/// A small ramdisk.
const RAMDISK_MIN: u64 = 8 * MIB;
/// What the ramdisk of a distribution takes.
const RAMDISK_FULL: u64 = 40 * MIB;
/// A compressed kernel that is not a distribution's takes this, unpacked.
const COMP_MIN: u64 = 16 * MIB;
/// The small things, from the top of the memory down.
const SLOTS: [&str; 4] = [
    "pxefile_addr_r",
    "scriptaddr",
    "fdtoverlay_addr_r",
    "fdt_addr_r",
];

/// The load addresses for RAM whose usable part is `usable`, by the names of
/// their variables; `kernel_comp_size` is a size.
///
/// `usable` is the first bank up to where the loader itself lives. A range
/// without room for anything gives nothing.
pub fn layout(usable: Range<u64>) -> Vec<(&'static str, u64)> {
    let base = usable.start.next_multiple_of(KERNEL_ALIGN);
    let Some(size) = usable.end.checked_sub(base).filter(|&size| size >= MIB) else {
        return Vec::new();
    };
    let slot = MIB.min(align_down(size / 16, 0x1_0000));
    let top = align_down(usable.end, slot);
    let parts = Parts::of(top - base - slot * SLOTS.len() as u64);

    let comp = base + parts.kernel;
    let mut variables: Vec<_> = SLOTS
        .iter()
        .zip(1..)
        .map(|(&name, n)| (name, top - n * slot))
        .collect();
    variables.extend([
        ("loadaddr", base),
        ("kernel_addr_r", base),
        ("ramdisk_addr_r", comp + parts.comp),
    ]);
    if parts.comp > 0 {
        variables.extend([
            ("kernel_comp_addr_r", comp),
            ("kernel_comp_size", parts.comp),
        ]);
    }
    variables
}

/// The variable that says for which RAM the addresses beside it were computed.
const MADE_FOR: &str = ".layout";

impl Env {
    /// Sets the load addresses for RAM whose usable part is `usable`; see [`layout`].
    ///
    /// They are a part of the default environment.
    pub fn set_layout(&mut self, usable: Range<u64>) {
        for (name, value) in layout_variables(&usable) {
            self.insert(name, &value);
            self.defaults.insert(name.to_string(), value);
        }
        self.usable = Some(usable);
    }

    /// After loading: computes the load addresses anew that were stored for
    /// RAM of another size, unless the user has changed them.
    pub(crate) fn renew_layout(&mut self) {
        let Some(usable) = self.usable.clone() else {
            return;
        };
        let stored = self.get(MADE_FOR).and_then(parse_range);
        let stored: BTreeMap<_, _> = stored.iter().flat_map(layout_variables).collect();
        for (name, value) in layout_variables(&usable) {
            let old = self.get(name);
            if old.is_none() || old == stored.get(name).map(|old| old.as_str()) {
                self.insert(name, &value);
            }
        }
        // What RAM of this size has no room for.
        let names: Vec<_> = layout_variables(&usable);
        for (name, value) in &stored {
            let is_made = names.iter().any(|(made, _)| made == name);
            if !is_made && self.get(name) == Some(value.as_str()) {
                _ = self.remove(name, By::Force);
            }
        }
    }
}

/// The load addresses as texts, and what they are made for.
fn layout_variables(usable: &Range<u64>) -> Vec<(&'static str, alloc::string::String)> {
    let mut variables: Vec<_> = layout(usable.clone())
        .into_iter()
        .map(|(name, value)| (name, format!("{value:#x}")))
        .collect();
    variables.push((MADE_FOR, format!("{:x}-{:x}", usable.start, usable.end)));
    variables
}

fn parse_range(text: &str) -> Option<Range<u64>> {
    let (start, end) = text.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    let range = number(start)?..number(end)?;
    // Far from where its computations could overflow.
    (range.start <= range.end && range.end < 1 << 60).then_some(range)
}

/// Sizes of the parts below the ramdisk, which gets the rest.
struct Parts {
    kernel: u64,
    comp: u64,
}

impl Parts {
    fn of(size: u64) -> Parts {
        if size < KERNEL_MIN + RAMDISK_MIN {
            let kernel = align_down(size / 4 * 3, MIB);
            return Parts { kernel, comp: 0 };
        }
        let kernel = align_down(size / 8 * 3, KERNEL_ALIGN).clamp(KERNEL_MIN, KERNEL_MAX);
        let rest = size.saturating_sub(kernel + RAMDISK_FULL);
        let comp = align_down(rest, KERNEL_ALIGN).min(kernel);
        let comp = if comp < COMP_MIN { 0 } else { comp };
        Parts { kernel, comp }
    }
}

fn align_down(value: u64, align: u64) -> u64 {
    value - value % align.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const RAM: u64 = 0x4000_0000;

    /// The sizes of the parts in MiB, after checking that they are in RAM and apart.
    fn sizes(start: u64, usable: u64) -> BTreeMap<&'static str, u64> {
        let end = start + usable;
        let all: BTreeMap<_, _> = layout(start..end).into_iter().collect();
        assert_eq!(all["loadaddr"], all["kernel_addr_r"]);
        assert_eq!(all["kernel_addr_r"] % KERNEL_ALIGN, 0);
        let mut places: Vec<_> = all
            .iter()
            .filter(|(name, _)| name.ends_with("_r") || **name == "scriptaddr")
            .collect();
        places.sort_by_key(|(_, address)| **address);
        assert!(*places[0].1 >= start);
        let ends = places
            .iter()
            .skip(1)
            .map(|(_, address)| **address)
            .chain([end]);
        let sizes: BTreeMap<_, _> = places
            .iter()
            .zip(ends)
            .map(|((name, address), end)| (**name, (end - **address) / MIB))
            .collect();
        assert!(sizes.values().all(|&size| size > 0), "{all:x?}");
        if let Some(comp) = all.get("kernel_comp_size") {
            assert_eq!(comp / MIB, sizes["kernel_comp_addr_r"]);
        }
        sizes
    }

    #[test]
    fn a_guest_of_64_mib_holds_a_kernel_and_a_ramdisk() {
        for usable in [48 * MIB, 50 * MIB, 50 * MIB + 0x3000, 56 * MIB] {
            let sizes = sizes(RAM, usable);
            assert!(sizes["kernel_addr_r"] >= 36, "{sizes:?}");
            assert!(sizes["ramdisk_addr_r"] >= 8, "{sizes:?}");
            let all = sizes["kernel_addr_r"] + sizes["ramdisk_addr_r"] + 5;
            assert!(all >= usable / MIB, "nothing is left unused: {sizes:?}");
            assert!(sizes["fdt_addr_r"] >= 1, "{sizes:?}");
        }
    }

    #[test]
    fn more_memory_makes_all_parts_larger() {
        for (usable, kernel, comp, ramdisk) in [
            (110, 38, 26, 40),
            // Debian's: 33 MiB, 60 MiB and more if it is unpacked, and 60 MiB.
            (238, 86, 86, 60),
            (460, 170, 170, 114),
            (3000, 256, 256, 2400),
        ] {
            let sizes = sizes(RAM, usable * MIB);
            assert!(sizes["kernel_addr_r"] >= kernel, "{sizes:?}");
            assert!(sizes["kernel_comp_addr_r"] >= comp, "{sizes:?}");
            assert!(sizes["ramdisk_addr_r"] >= ramdisk, "{sizes:?}");
        }
    }

    #[test]
    fn the_kernel_is_aligned_wherever_the_bank_begins() {
        for start in [RAM + 0x1000, RAM + MIB, 0x2_0000_0000] {
            sizes(start, 64 * MIB);
        }
    }

    #[test]
    fn stored_addresses_follow_the_memory_unless_they_are_the_users() {
        let mut env = Env::empty();
        env.set_layout(RAM..RAM + 60 * MIB);
        env.set("ramdisk_addr_r", "0x42345678").unwrap();
        env.delete("scriptaddr");
        // As if these were loaded at the next start, with more memory.
        let usable = RAM..RAM + 1000 * MIB;
        env.usable = Some(usable.clone());
        env.renew_layout();
        let today: BTreeMap<_, _> = layout_variables(&usable).into_iter().collect();
        for (name, value) in &today {
            let expected = if *name == "ramdisk_addr_r" {
                "0x42345678"
            } else {
                value
            };
            assert_eq!(env.get(name), Some(expected), "{name}");
        }
        for bad in [
            "",
            "x",
            "5-",
            "8-1",
            "0-ffffffffffffffff",
            "fffffffffffffff0-1",
        ] {
            env.set(MADE_FOR, bad).unwrap();
            env.renew_layout();
        }
    }

    #[test]
    fn what_smaller_memory_has_no_room_for_goes() {
        let renewed = |changed: bool| {
            let mut env = Env::empty();
            env.set_layout(RAM..RAM + 1000 * MIB);
            if changed {
                env.set("kernel_comp_size", "1000").unwrap();
            }
            env.usable = Some(RAM..RAM + 60 * MIB);
            env.renew_layout();
            ["kernel_comp_addr_r", "kernel_comp_size"].map(|name| env.get(name).is_some())
        };
        assert_eq!(renewed(false), [false, false]);
        assert_eq!(renewed(true), [false, true]);
    }

    #[test]
    fn next_to_no_memory_is_no_panic() {
        for usable in (0..8 * MIB).step_by(0x8000) {
            for start in [RAM, RAM + 0x5000] {
                for (name, address) in layout(start..start + usable) {
                    assert!(name == "kernel_comp_size" || address < start + usable);
                }
            }
        }
        let backwards = Range { start: RAM, end: 0 };
        assert!(layout(backwards).is_empty());
    }
}
