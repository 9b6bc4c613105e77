// SPDX-License-Identifier: GPL-2.0-or-later
//! Running other programs.

use std::process::Command;

/// Runs a command on the user's terminal.
///
/// # Errors
/// A message that names the command, when it cannot be started or fails.
pub fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status();
    let name = words(command);
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{name}` failed ({status})")),
        Err(error) => Err(format!("cannot start `{name}`: {error}")),
    }
}

/// Runs a command beside others, and shows what it has printed when it has ended.
///
/// # Errors
/// As [`run`].
pub fn run_beside(command: &mut Command) -> Result<(), String> {
    let output = command.output();
    let name = words(command);
    let output = output.map_err(|error| format!("cannot start `{name}`: {error}"))?;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("`{name}` failed ({})", output.status)),
    }
}

/// Does this command start and succeed? What it prints is thrown away.
pub fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// The command line, for a message.
fn words(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|word| word.to_string_lossy()));
    words.join(" ")
}
