// SPDX-License-Identifier: GPL-2.0-or-later
//! The Python environment of the build tools, under `target/venv`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::root;

/// A Python interpreter that has the packages it was asked to have.
pub struct Python {
    folder: PathBuf,
}

impl Python {
    /// Makes the environment if it is missing, and installs what each of the
    /// requirements files lists, their paths counted from the source tree.
    ///
    /// # Errors
    /// A message for the user, with the command that installs what is missing.
    pub fn ensure(requirements: &[&str]) -> Result<Self, String> {
        Self::ensure_in("venv", requirements)
    }

    /// As [`Python::ensure`], for packages that need an environment of their
    /// own: the folder `name` under `target`.
    ///
    /// # Errors
    /// As [`Python::ensure`].
    pub fn ensure_in(name: &str, requirements: &[&str]) -> Result<Self, String> {
        let python = Self {
            folder: root().join("target").join(name),
        };
        let _lock = lock(&root().join("target"))?;
        for file in requirements {
            python.install(file)?;
        }
        Ok(python)
    }

    /// A command that starts this interpreter.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.folder.join("bin/python"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// Installs a requirements file, unless this very text was installed before.
    fn install(&self, file: &str) -> Result<(), String> {
        let source = root().join(file);
        let wanted =
            fs::read_to_string(&source).map_err(|e| format!("{}: {e}", source.display()))?;
        let installed = self
            .folder
            .join(format!("installed-{}", file.replace('/', "-")));
        if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
            return Ok(());
        }
        self.create()?;
        eprintln!("installing the Python packages of {file}");
        capture(
            self.command()
                .args(["-m", "pip", "install", "--quiet", "--requirement"])
                .arg(&source),
        )
        .map_err(|e| format!("cannot install the Python packages of {file}: {e}"))?;
        fs::write(&installed, wanted).map_err(|e| format!("{}: {e}", installed.display()))
    }

    fn create(&self) -> Result<(), String> {
        // An environment without pip is what an attempt without the package
        // for virtual environments leaves.
        if self.folder.join("bin/pip").exists() {
            return Ok(());
        }
        let mut command = Command::new("python3");
        command.args(["-m", "venv", "--clear"]).arg(&self.folder);
        capture(&mut command).map(drop).map_err(|e| {
            format!(
                "cannot make a Python environment in {}: {e}\n\
                 On Debian, install it with: apt-get install python3-venv",
                self.folder.display()
            )
        })
    }
}

/// Runs a command to its end and returns what it wrote to its error output.
///
/// # Errors
/// All that the command wrote, when it could not be started or failed.
pub fn capture(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|e| format!("{}: {e}", command.get_program().to_string_lossy()))?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Ok(errors);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Err(format!("{text}{errors}").trim_end().to_string())
}

fn lock(folder: &Path) -> Result<File, String> {
    let path = folder.join("venv.lock");
    fs::create_dir_all(folder)
        .and_then(|()| File::create(&path))
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|e| format!("{}: {e}", path.display()))
}
