// SPDX-License-Identifier: GPL-2.0-or-later
//! `extlinux.conf`: what can be booted, and which of it by default.
//!
//! A line is a keyword, in any case, and a value up to the end of the line; `#`
//! begins a comment where a keyword or a value could begin. Keywords after a
//! `label` belong to it. What is not known, or lacks its value, is said and left
//! out; the rest counts. Neighbours: [`crate::menu`] asks which label is meant,
//! [`crate::label`] boots it.
//!
//! Source: U-Boot, `doc/usage/pxe.rst`; syslinux, its ancestor.

mod parse;

pub use parse::{last_label, parse};

use alloc::string::String;
use alloc::vec::Vec;

/// Files longer than this are refused, as by U-Boot.
pub const MAX_LEN: u64 = 0x1_0000;
/// Files that include one another, the first one among them.
pub const MAX_DEPTH: usize = 16;
/// Files that are included in all, so that a few that name each other twice come to an end.
pub const MAX_INCLUDES: usize = 64;

/// A configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Above the menu.
    pub title: Option<String>,
    /// The name of the label to be booted if nobody chooses.
    pub default: Option<String>,
    /// The name of the label that takes the place of the default one once that has failed.
    pub fallback: Option<String>,
    /// Whether the user is asked.
    pub prompt: bool,
    /// How long the user is waited for, in tenths of a second; 0 is for ever.
    pub timeout: u32,
    /// What can be booted.
    pub labels: Vec<Label>,
}

/// One entry of a configuration. Paths are as they stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// What the menu shows instead of the name.
    pub menu: Option<String>,
    /// The kernel, or a FIT image with `#` and the name of a configuration.
    pub kernel: Option<String>,
    /// The files that the initramfs is put together from, as far as lines of their own say;
    /// see [`Label::initrd_files`].
    pub initrds: Vec<String>,
    /// The device tree; `-` is the loader's own.
    pub fdt: Option<String>,
    /// A folder of device trees.
    pub fdtdir: Option<String>,
    /// Overlays for the device tree.
    pub overlays: Vec<String>,
    /// Whether the kernel gets a random number for its place in memory.
    pub kaslrseed: bool,
    /// The kernel's command line.
    pub append: Option<String>,
    /// Commands are to be run and no kernel is to be started; nothing if this is negative.
    pub localboot: Option<i64>,
}

impl Label {
    /// What the menu shows.
    pub fn title(&self) -> &str {
        self.menu.as_deref().unwrap_or(&self.name)
    }

    /// The kernel's path, and the configuration in it that is meant.
    pub fn kernel_parts(&self) -> Option<(&str, Option<&str>)> {
        let kernel = self.kernel.as_deref()?;
        Some(match kernel.split_once('#') {
            Some((path, configuration)) => (path, Some(configuration)),
            None => (kernel, None),
        })
    }

    /// The files of the initramfs: those of its own lines, or else what the
    /// command line names in the old way.
    pub fn initrd_files(&self) -> Vec<&str> {
        if !self.initrds.is_empty() {
            return self.initrds.iter().map(String::as_str).collect();
        }
        let words = self.append.as_deref().unwrap_or("");
        let mut words = words.split_ascii_whitespace();
        let named = words.find_map(|word| word.strip_prefix("initrd="));
        let files = named.unwrap_or("").split(',');
        files.filter(|file| !file.is_empty()).collect()
    }

    /// Whether a path is the kernel's with all that follows it: the image in a
    /// FIT image is meant.
    pub fn is_kernel(&self, path: &str) -> bool {
        self.kernel.as_deref() == Some(path)
    }
}
