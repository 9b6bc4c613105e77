// SPDX-License-Identifier: GPL-2.0-or-later
//! The command line of the sandbox, as U-Boot's (`arch/sandbox/cpu/start.c`).

use crate::sandbox::terminal::Mode;
use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const USAGE: &str = "\
u-boot, the boot loader's command line as a process

Usage: u-boot [options]
Options:
  -b, --boot             boot as without a prompt, then end
  -c, --command <arg>    run commands, then end
  -d, --fdt <arg>        use this file as the control device tree
  -D, --default_fdt      use the file u-boot.dtb beside this program
  -h, --help             print this text
  -i, --interactive      go to the prompt after -b or -c
  -m, --memory <arg>     keep the memory's contents in this file
      --rm_memory        remove that file once it was read
  -S, --signals          say what an exception was, and end or restart
  -t, --terminal <arg>   terminal mode: raw-with-sigs, raw or cooked
  -T, --test_fdt         use the file arch/sandbox/dts/test.dtb beside this program
  -v, --verbose          taken for scripts; there is no more to show
";

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Commands to run in place of the automatic boot.
    pub command: Option<String>,
    /// Run the boot command at once.
    pub boot: bool,
    /// Go on to the prompt after these.
    pub interactive: bool,
    /// A control device tree other than the built-in one.
    pub fdt: Option<PathBuf>,
    /// A file that holds the RAM.
    pub memory: Option<PathBuf>,
    /// Remove that file when it was read.
    pub rm_memory: bool,
    /// What to do with the terminal.
    pub terminal: Mode,
    /// Report exceptions rather than let the host do so.
    pub signals: bool,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Start the loader.
    Start(Options),
    /// Print this and end.
    Help(&'static str),
}

/// Reads the words of a command line, the program's name first.
///
/// # Errors
/// A message for the user.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let words: Vec<OsString> = words.into_iter().collect();
    let program = words.first().map(PathBuf::from).unwrap_or_default();
    parse_words(lexopt::Parser::from_iter(words), &program)
        .map_err(|error| format!("u-boot: {error}\n\n{USAGE}"))
}

fn parse_words(mut parser: lexopt::Parser, program: &Path) -> Result<Request, lexopt::Error> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('b') | Long("boot") => options.boot = true,
            Short('c') | Long("command") => options.command = Some(parser.value()?.string()?),
            Short('d') | Long("fdt") => options.fdt = Some(parser.value()?.into()),
            Short('D') | Long("default_fdt") => options.fdt = Some(default_fdt(program)),
            Short('h') | Long("help") => return Ok(Request::Help(USAGE)),
            Short('i') | Long("interactive") => options.interactive = true,
            Short('m') | Long("memory") => options.memory = Some(parser.value()?.into()),
            Long("rm_memory") => options.rm_memory = true,
            Short('S') | Long("signals") => options.signals = true,
            Short('t') | Long("terminal") => {
                options.terminal = parser.value()?.parse_with(Mode::parse)?;
            }
            Short('T') | Long("test_fdt") => {
                options.fdt = Some(program.with_file_name("arch/sandbox/dts/test.dtb"));
            }
            Short('v') | Long("verbose") => {}
            other => return Err(other.unexpected()),
        }
    }
    Ok(Request::Start(options))
}

/// The program's own name with `.dtb` after it.
fn default_fdt(program: &Path) -> PathBuf {
    let mut path = program.as_os_str().to_owned();
    path.push(".dtb");
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Options, String> {
        let words = ["bin/u-boot"].iter().chain(words).map(OsString::from);
        match parse(words)? {
            Request::Start(options) => Ok(options),
            Request::Help(text) => Err(text.into()),
        }
    }

    #[test]
    fn options_have_a_short_and_a_long_name() {
        let short = parsed(&["-ic", "echo a", "-mram", "-t", "raw", "-S"]).unwrap();
        let long = ["--interactive", "--command=echo a", "--memory", "ram"];
        let long = parsed(&[&long[..], &["--terminal=raw", "--signals"]].concat()).unwrap();
        assert_eq!(short, long);
        assert_eq!(short.command.as_deref(), Some("echo a"));
        assert_eq!(short.terminal, Mode::Raw);
        assert_eq!(parsed(&[]).unwrap(), Options::default());
    }

    #[test]
    fn device_trees_lie_beside_the_program() {
        let fdt = |word| parsed(&[word]).unwrap().fdt.unwrap();
        assert_eq!(fdt("-D"), Path::new("bin/u-boot.dtb"));
        assert_eq!(fdt("-T"), Path::new("bin/arch/sandbox/dts/test.dtb"));
        assert_eq!(fdt("-dx.dtb"), Path::new("x.dtb"));
    }

    #[test]
    fn what_is_unknown_is_named_and_the_usage_shown() {
        for words in [&["-z"][..], &["--zzz"], &["zzz"], &["-t", "zzz"]] {
            let message = parsed(words).unwrap_err();
            assert!(message.starts_with("u-boot: "), "{message}");
            assert!(message.contains('z'), "{message}");
            assert!(message.ends_with(USAGE), "{message}");
        }
        assert!(parsed(&["-c"]).unwrap_err().contains("-c"));
        assert_eq!(parsed(&["-v", "--help"]).unwrap_err(), USAGE);
    }
}
