// SPDX-License-Identifier: GPL-2.0-or-later
//! The folder of a configuration and of what is built from it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use kconfig::{Config, DEFAULT_BOARD};

use crate::sandbox;

/// The variable with the date of a build.
const DATE: &str = "SOURCE_DATE_EPOCH";

/// A folder with `.config` and, after a build, `u-boot.bin` and the like.
#[derive(Clone)]
pub struct Output {
    folder: PathBuf,
    /// Not the default folder, so the configuration must be pointed out.
    is_own: bool,
    /// The date that programs show, in seconds since 1970.
    date: Option<String>,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            folder: kconfig::root().join("target").join(DEFAULT_BOARD),
            is_own: false,
            date: None,
        }
    }
}

impl Output {
    /// The folder of a board.
    pub fn of(board: &str) -> Self {
        match board {
            DEFAULT_BOARD => Self::default(),
            _ => Self::at(kconfig::root().join("target").join(board)),
        }
    }

    /// A folder of the user's; a relative path counts from the current folder.
    pub fn at(folder: PathBuf) -> Self {
        Self {
            folder: std::path::absolute(&folder).unwrap_or(folder),
            is_own: true,
            date: None,
        }
    }

    /// With the date of the last commit in what is built, unless the user has set
    /// one: test suites for U-Boot look for a date behind its version.
    pub fn dated(&self) -> Self {
        Self {
            date: commit_time().filter(|_| std::env::var_os(DATE).is_none()),
            ..self.clone()
        }
    }

    /// The path of a file in this folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Whether this is the sandbox's usual folder.
    pub fn is_sandbox(&self) -> bool {
        self.folder == Self::of(sandbox::BOARD).folder
    }

    /// The configuration of this folder.
    pub fn config(&self) -> Config {
        Config::at(self.file(".config"))
    }

    /// A cargo command that compiles for this configuration.
    pub fn cargo(&self, subcommand: &str) -> Command {
        let program = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let mut command = self.program(program);
        command.arg(subcommand);
        command
    }

    /// A program that starts cargo for this configuration.
    pub fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(kconfig::root());
        command.env("CARGO_TARGET_DIR", self.cargo_folder());
        if self.is_own {
            command.env("KCONFIG_CONFIG", self.file(".config"));
        }
        command.envs(self.date.as_ref().map(|date| (DATE, date)));
        command
    }

    /// Where cargo keeps what it compiles for this configuration.
    ///
    /// Two configurations must not share it: each would undo the other's work.
    pub fn cargo_folder(&self) -> PathBuf {
        if self.is_own {
            return self.file("cargo");
        }
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => kconfig::root().join(folder),
            None => kconfig::root().join("target"),
        }
    }

    /// The path for a message: as seen from the source tree where it is inside.
    pub fn show(path: &Path) -> std::path::Display<'_> {
        path.strip_prefix(kconfig::root()).unwrap_or(path).display()
    }
}

/// When the source was committed, in seconds since 1970.
fn commit_time() -> Option<String> {
    let mut git = Command::new("git");
    git.args(["log", "-1", "--format=%ct"]);
    let outcome = git.current_dir(kconfig::root()).output().ok()?;
    let time = String::from_utf8(outcome.stdout).ok()?.trim().to_string();
    time.parse::<u64>().is_ok().then_some(time)
}

/// Makes the folder that a file is in.
pub fn make_folder_of(path: &Path) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}
