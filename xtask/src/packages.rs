// SPDX-License-Identifier: GPL-2.0-or-later
//! The Debian packages that running and testing need.

use std::io::IsTerminal;
use std::process::Command;

use crate::command;

/// Package, and a program by which to know that it is there.
const PACKAGES: &[(&str, &str)] = &[
    ("arch-test", "arch-test"),
    ("binutils-aarch64-linux-gnu", "aarch64-linux-gnu-objdump"),
    ("bzip2", "bzip2"),
    ("cpio", "cpio"),
    ("device-tree-compiler", "dtc"),
    ("dosfstools", "mkfs.fat"),
    ("e2fsprogs", "mke2fs"),
    ("fdisk", "fdisk"),
    ("gdisk", "sgdisk"),
    ("kmod", "depmod"),
    ("libubootenv-tool", "fw_printenv"),
    ("lz4", "lz4"),
    ("mmdebstrap", "mmdebstrap"),
    ("mtools", "mcopy"),
    ("python3", "python3"),
    ("qemu-system-arm", "qemu-system-aarch64"),
    ("qemu-user-static", "qemu-aarch64-static"),
    ("u-boot-tools", "mkimage"),
    ("uidmap", "newuidmap"),
    ("xz-utils", "xz"),
    ("zstd", "zstd"),
];

/// Installs what is missing, as root or through sudo; also apt's lists of packages.
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
    if missing.is_empty() && knows_packages() {
        return Ok(());
    }
    let mut by_hand = "apt-get update".to_owned();
    if !missing.is_empty() {
        by_hand += &format!("; apt-get install {}", missing.join(" "));
    }
    let prefix =
        privilege().ok_or_else(|| format!("some packages are missing; as root: {by_hand}"))?;
    match missing.is_empty() {
        true => println!("updating apt's lists of packages"),
        false => println!("installing Debian packages: {}", missing.join(" ")),
    }
    let apt = |words: &[&str]| {
        let mut apt = Command::new("env");
        if let Some(program) = prefix {
            apt = Command::new(program);
            apt.arg("env");
        }
        apt.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]);
        apt.args(["--option=Dpkg::Use-Pty=0", "--option=Acquire::Retries=5"]);
        command::run(apt.args(words))
    };
    let install = [
        &["install", "--yes", "--no-install-recommends"],
        &missing[..],
    ]
    .concat();
    apt(&["update"])
        .and_then(|()| match missing.is_empty() {
            true => Ok(()),
            false => apt(&install),
        })
        .map_err(|e| format!("{e}\nThat can be done by hand, as root: {by_hand}"))
}

/// Does apt have lists of packages? The tests take others from the same sources.
fn knows_packages() -> bool {
    let mut known = Command::new("apt-get");
    known.args(["indextargets", "--format", "$(REPO_URI)"]);
    let known = known.arg("Created-By: Packages").output();
    // Without apt there is nothing to update.
    known.map_or(true, |known| !known.stdout.is_empty())
}

/// The program that runs a command as root, if there is a way; root needs none.
fn privilege() -> Option<Option<&'static str>> {
    if !command::succeeds(Command::new("apt-get").arg("--version")) {
        return None;
    }
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(None);
    }
    let mut sudo = Command::new("sudo");
    // On a terminal it may ask for the password.
    if std::io::stdin().is_terminal() {
        sudo.arg("--version");
    } else {
        sudo.args(["--non-interactive", "true"]);
    }
    command::succeeds(&mut sudo).then_some(Some("sudo"))
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
