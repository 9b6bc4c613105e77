// SPDX-License-Identifier: GPL-2.0-or-later
//! The Debian packages that running and testing need.

use std::process::Command;

use crate::command;

/// Package, and a program by which to know that it is there.
const PACKAGES: &[(&str, &str)] = &[
    ("binutils-aarch64-linux-gnu", "aarch64-linux-gnu-objdump"),
    ("cpio", "cpio"),
    ("device-tree-compiler", "dtc"),
    ("dosfstools", "mkfs.fat"),
    ("e2fsprogs", "mke2fs"),
    ("fdisk", "fdisk"),
    ("gdisk", "sgdisk"),
    ("kmod", "depmod"),
    ("mmdebstrap", "mmdebstrap"),
    ("mtools", "mcopy"),
    ("python3", "python3"),
    ("qemu-system-arm", "qemu-system-aarch64"),
    ("uidmap", "newuidmap"),
];

/// Installs what is missing, as root or through sudo.
///
/// # Errors
/// The command that the user has to run, when this cannot be done here.
pub fn ensure() -> Result<(), String> {
    let mut missing: Vec<_> = PACKAGES
        .iter()
        .filter(|(_, program)| !is_installed(program))
        .map(|(package, _)| *package)
        .collect();
    if !can_make_environments() {
        missing.push("python3-venv");
    }
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("apt-get install {}", missing.join(" "));
    let prefix =
        privilege().ok_or_else(|| format!("some tools are missing; as root: {by_hand}"))?;
    println!("installing Debian packages: {}", missing.join(" "));
    let apt = |words: &[&str]| {
        let mut line = prefix.to_vec();
        line.extend(["apt-get", "--quiet=2", "--option=Dpkg::Use-Pty=0"]);
        line.extend(words);
        command::run(
            Command::new("env")
                .arg("DEBIAN_FRONTEND=noninteractive")
                .args(line),
        )
    };
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(missing);
    apt(&["update"])
        .and_then(|()| apt(&install))
        .map_err(|e| format!("{e}\nThe tools can be installed by hand, as root: {by_hand}"))
}

/// What to put before a command that needs root, if anything works.
fn privilege() -> Option<&'static [&'static str]> {
    if !command::succeeds(Command::new("apt-get").arg("--version")) {
        return None;
    }
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    command::succeeds(Command::new("sudo").args(["--non-interactive", "true"]))
        .then_some(&["sudo", "--preserve-env=DEBIAN_FRONTEND"])
}

/// Is there such a program, also among those meant for root?
fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).is_file())
}

/// Can Python make virtual environments? Debian has that in a package apart.
fn can_make_environments() -> bool {
    command::succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]))
}
