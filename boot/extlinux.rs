// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading `extlinux.conf`: what can be booted, and which of it by default.
//!
//! A line is a keyword, in any case, and a value up to the end of the line; `#`
//! begins a comment line. Keywords after a `label` belong to it. What is not
//! known is said and left out.
//!
//! Source: U-Boot, `doc/README.pxe`; the Boot Loader Specification's ancestor,
//! syslinux.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::println;

/// A configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Above the menu.
    pub title: Option<String>,
    /// The name of the label to be booted if nobody chooses.
    pub default: Option<String>,
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
    /// The kernel.
    pub kernel: Option<String>,
    /// The initramfs.
    pub initrd: Option<String>,
    /// The device tree.
    pub fdt: Option<String>,
    /// A folder of device trees.
    pub fdtdir: Option<String>,
    /// Overlays for the device tree.
    pub overlays: Vec<String>,
    /// The kernel's command line.
    pub append: Option<String>,
    /// Whether something else than a kernel is to be started.
    pub localboot: bool,
}

impl Label {
    /// What the menu shows.
    pub fn title(&self) -> &str {
        self.menu.as_deref().unwrap_or(&self.name)
    }
}

/// Reads a configuration.
pub fn parse(text: &str) -> Config {
    let mut config = Config::default();
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (keyword, value) = split(line);
        let known = config.set(&keyword, value)
            || config
                .labels
                .last_mut()
                .is_some_and(|l| l.set(&keyword, value));
        if !known {
            println!("Ignoring unknown command: {line}");
        }
    }
    config
}

/// The first word in lower case, and the rest.
fn split(line: &str) -> (String, &str) {
    let (keyword, value) = line
        .split_once(|c: char| c.is_ascii_whitespace())
        .unwrap_or((line, ""));
    (keyword.to_ascii_lowercase(), value.trim())
}

fn text(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_string())
}

/// A number at the start of a value.
fn number(value: &str) -> u32 {
    value
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

impl Config {
    /// Takes a keyword that does not belong to a label; tells whether it is one.
    fn set(&mut self, keyword: &str, value: &str) -> bool {
        match keyword {
            "label" => self.labels.push(Label {
                name: value.to_string(),
                ..Label::default()
            }),
            "default" | "ontimeout" => self.default = text(value).or(self.default.take()),
            "timeout" => self.timeout = number(value),
            "prompt" => self.prompt = number(value) != 0,
            "menu" => return self.set_menu(value),
            // For what only another loader can do.
            "fallback" | "ui" | "say" | "nomenu" | "allowoptions" => {}
            _ => return false,
        }
        true
    }

    fn set_menu(&mut self, value: &str) -> bool {
        let (keyword, value) = split(value);
        match (keyword.as_str(), self.labels.last_mut()) {
            ("title", _) => self.title = text(value),
            ("label", Some(label)) => label.menu = text(value),
            ("default", Some(label)) => {
                self.default.get_or_insert_with(|| label.name.clone());
                return true;
            }
            // Looks of a menu that is not drawn.
            ("background" | "color" | "resolution" | "hidden", _) => {}
            _ => return false,
        }
        if self.labels.is_empty() {
            self.prompt = true;
        }
        true
    }
}

impl Label {
    fn set(&mut self, keyword: &str, value: &str) -> bool {
        // Of several values the first one counts, but the last kernel and command line.
        let first = |field: &mut Option<String>| {
            if field.is_none() {
                *field = text(value);
            }
        };
        match keyword {
            // What follows a '#' chooses in a kind of image that is not supported.
            "kernel" | "linux" => self.kernel = value.split('#').next().and_then(text),
            "append" => {
                self.append = text(value);
                first_initrd(value, &mut self.initrd);
            }
            "initrd" => first(&mut self.initrd),
            "fdt" | "devicetree" => first(&mut self.fdt),
            "fdtdir" | "devicetreedir" => first(&mut self.fdtdir),
            "fdtoverlays" | "devicetree-overlay" if self.overlays.is_empty() => {
                self.overlays = value.split_ascii_whitespace().map(String::from).collect();
            }
            "fdtoverlays" | "devicetree-overlay" => {}
            "localboot" => self.localboot = true,
            // A network address or a random seed for the kernel: neither is there.
            "ipappend" | "kaslrseed" => {}
            _ => return false,
        }
        true
    }
}

/// The old way to name an initramfs: on the command line.
fn first_initrd(append: &str, initrd: &mut Option<String>) {
    let named = append
        .split_ascii_whitespace()
        .find_map(|word| word.strip_prefix("initrd="));
    if initrd.is_none() {
        *initrd = named.and_then(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fdt::testing::{Random, mutate};

    /// As Debian's u-boot-menu writes it.
    const DEBIAN: &str = "\
## /boot/extlinux/extlinux.conf
default l0
menu title U-Boot menu
prompt 0
timeout 50

label l0
\tmenu label Debian GNU/Linux 12 (bookworm) 6.1.0-13-arm64
\tlinux /boot/vmlinuz-6.1.0-13-arm64
\tinitrd /boot/initrd.img-6.1.0-13-arm64
\tfdtdir /usr/lib/linux-image-6.1.0-13-arm64/
\tappend root=/dev/xvda2 ro quiet

label l0r
\tmenu label Rescue
\tlinux /boot/vmlinuz-6.1.0-13-arm64
\tappend root=/dev/xvda2 ro single
";

    #[test]
    fn debians_menu() {
        let config = parse(DEBIAN);
        assert_eq!(config.title.as_deref(), Some("U-Boot menu"));
        assert_eq!(
            (config.default.as_deref(), config.prompt, config.timeout),
            (Some("l0"), false, 50)
        );
        let [first, second] = &config.labels[..] else {
            panic!("{config:?}")
        };
        assert_eq!(
            first.title(),
            "Debian GNU/Linux 12 (bookworm) 6.1.0-13-arm64"
        );
        assert_eq!(
            first.initrd.as_deref(),
            Some("/boot/initrd.img-6.1.0-13-arm64")
        );
        assert_eq!(first.append.as_deref(), Some("root=/dev/xvda2 ro quiet"));
        assert_eq!(
            first.fdtdir.as_deref(),
            Some("/usr/lib/linux-image-6.1.0-13-arm64/")
        );
        assert_eq!(
            (second.name.as_str(), second.initrd.as_deref()),
            ("l0r", None)
        );
    }

    #[test]
    fn case_line_ends_and_old_ways() {
        let config = parse(
            "LABEL a\r\n  KERNEL ../Image#conf\r\n  APPEND x initrd=one y\r\n  INITRD two\r\n  MENU DEFAULT\r\n",
        );
        let label = &config.labels[0];
        assert_eq!(label.kernel.as_deref(), Some("../Image"));
        assert_eq!(label.initrd.as_deref(), Some("one"));
        assert_eq!(label.append.as_deref(), Some("x initrd=one y"));
        assert_eq!(config.default.as_deref(), Some("a"));
        let config = parse(
            "menu title x\nlabel b\nlocalboot 1\nfdt a.dtb\nfdt b.dtb\nfdtoverlays x.dtbo  y.dtbo\n",
        );
        assert!(config.prompt && config.labels[0].localboot);
        assert_eq!(config.labels[0].fdt.as_deref(), Some("a.dtb"));
        assert_eq!(config.labels[0].overlays, ["x.dtbo", "y.dtbo"]);
    }

    #[test]
    fn nonsense_is_left_out() {
        assert_eq!(
            parse("kernel /Image\nfrobnicate\n\n# label x\nmenu\ntimeout\n"),
            Config::default()
        );
        assert_eq!(parse("timeout 99999999999999999999").timeout, 0);
        assert_eq!(parse("label").labels, [Label::default()]);
    }

    #[test]
    fn mutated_files_never_panic() {
        let mut random = Random(0xe71);
        for _ in 0..5_000 {
            let mut bytes = DEBIAN.as_bytes().to_vec();
            mutate(&mut random, &mut bytes);
            _ = parse(&String::from_utf8_lossy(&bytes));
        }
    }
}
