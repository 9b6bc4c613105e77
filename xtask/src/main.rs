// SPDX-License-Identifier: GPL-2.0-or-later
//! Configures, builds, runs and tests the boot loader: `cargo xtask help`.

mod bench;
mod board;
mod build;
mod command;
mod compare;
mod configure;
mod differing;
mod image;
mod output;
mod packages;
mod run;
mod sandbox;
mod soak;
mod test;
mod uboot_pytest;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;

use crate::board::Board;
use crate::output::Output;
use crate::run::Guest;

const HELP: &str = "\
Usage: cargo xtask COMMAND [OPTION]...

Commands:
  NAME_defconfig  configure as configs/NAME_defconfig says
  menuconfig      change the configuration in a menu
  savedefconfig   write the configuration in its short form to OUTPUT/defconfig
  build           build the loader: u-boot.bin, u-boot, u-boot.map, .config
  run             build, then start the loader on Xen, and Linux with it
  sandbox [-- ARGUMENT...]
                  build the loader as a process in target/sandbox, and start it
  uboot-pytest PATH [-- ARGUMENT...]
                  run the test suite of U-Boot's source tree at PATH
  compare FILE [-- AREA...]
                  compare answers with those of FILE, another sandbox or image
  test            check and test everything
  bench           measure the command line, in the sandbox, and the disks and the
                  start of a system, on Xen
  soak [COUNT]    start guests in a row on Xen until COUNT (500) have booted
                  Linux, and see that nothing is lost with them
  help            print this text

Options:
  -O, --output DIR  keep the configuration and the outcome in DIR
                    (default target/xenguest_arm64; target/sandbox for
                    sandbox_defconfig)
Options of run:
  --prompt          stop at the prompt instead of booting Linux
  --disk FILE       a raw disk image to use instead of the demo disk
  --memory MIB      memory of the guest (default 512)

Options of uboot-pytest and compare:
  --board BOARD     what it runs on: sandbox (the default), or xen, a guest

Options of bench:
  --against FILE    another sandbox, or another image for Xen, which is measured
                    in turn; may be given several times

Ctrl-] ends run.
";

/// The commands that run on the sandbox or on Xen.
const ON_BOARDS: [&str; 2] = ["compare", "uboot-pytest"];

/// The commands that pass words on.
const TAKE_WORDS: [&str; 3] = ["compare", "sandbox", "uboot-pytest"];

/// What the command line asks for.
struct Arguments {
    command: String,
    output: Option<PathBuf>,
    guest: Guest,
    /// Other sandboxes and images to measure.
    against: Vec<PathBuf>,
    /// What the test suite or the comparison runs on.
    board: Board,
    /// How many guests are to boot Linux in a row.
    count: Option<u32>,
    /// For the sandbox, the test suite or the comparison.
    words: Vec<OsString>,
}

fn main() -> ExitCode {
    let outcome = parse(std::env::args_os().skip(1)).and_then(obey);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn obey(arguments: Arguments) -> Result<(), String> {
    let output = match arguments.output {
        Some(folder) => Output::at(folder),
        None if arguments.command == "sandbox_defconfig" => Output::of(sandbox::BOARD),
        None => Output::default(),
    };
    match arguments.command.as_str() {
        "help" => {
            print!("{HELP}");
            Ok(())
        }
        "menuconfig" => configure::menuconfig(&output),
        "savedefconfig" => configure::savedefconfig(&output),
        "build" => build::build(&output),
        "run" => run::run(&output, &arguments.guest),
        "sandbox" => sandbox::run(&arguments.words),
        "uboot-pytest" => uboot_pytest::run(arguments.board, output, &arguments.words),
        "compare" => compare::compare(arguments.board, &output, &arguments.words),
        "test" => test::test(&output),
        "bench" => bench::bench(&output, &arguments.against),
        "soak" => soak::soak(&output, arguments.count),
        name if name.ends_with("_defconfig") => configure::defconfig(&output, name),
        name => Err(format!(
            "unknown command {name:?}; `cargo xtask help` lists them"
        )),
    }
}

fn parse(words: impl Iterator<Item = OsString>) -> Result<Arguments, String> {
    parse_words(lexopt::Parser::from_args(words))
        .map_err(|e| format!("{e}; `cargo xtask help` lists the options"))
}

fn parse_words(mut parser: lexopt::Parser) -> Result<Arguments, lexopt::Error> {
    let mut arguments = Arguments {
        command: String::new(),
        output: None,
        guest: Guest::default(),
        against: Vec::new(),
        board: Board::default(),
        count: None,
        words: Vec::new(),
    };
    while let Some(argument) = parser.next()? {
        let is_run = arguments.command == "run";
        match argument {
            Value(word) if arguments.command.is_empty() => arguments.command = word.string()?,
            Value(word) if TAKE_WORDS.contains(&arguments.command.as_str()) => {
                arguments.words.push(word);
            }
            Value(count) if arguments.command == "soak" && arguments.count.is_none() => {
                arguments.count = Some(count.parse()?);
            }
            Short('h') | Long("help") => arguments.command = "help".into(),
            Short('O') | Long("output") => arguments.output = Some(parser.value()?.into()),
            Long("prompt") if is_run => arguments.guest.prompt = true,
            Long("disk") if is_run => arguments.guest.disk = Some(parser.value()?.into()),
            Long("memory") if is_run => arguments.guest.memory = parser.value()?.parse()?,
            Long("board") if ON_BOARDS.contains(&arguments.command.as_str()) => {
                arguments.board = parser.value()?.parse()?;
            }
            Long("against") if arguments.command == "bench" => {
                arguments.against.push(parser.value()?.into());
            }
            other => return Err(other.unexpected()),
        }
    }
    if arguments.command.is_empty() {
        arguments.command = "help".into();
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options_of_run_are_taken() {
        let arguments = parsed("run --prompt --memory 64 --disk a.img").unwrap();
        assert_eq!(arguments.command, "run");
        assert!(arguments.guest.prompt);
        assert_eq!(arguments.guest.memory, 64);
        assert_eq!(arguments.guest.disk, Some("a.img".into()));
    }

    #[test]
    fn options_that_do_not_belong_are_refused() {
        assert!(parsed("build --prompt").is_err());
        assert!(parsed("build again").is_err());
        assert!(parsed("run --memory lots").is_err());
    }

    #[test]
    fn the_sandbox_gets_what_follows_two_dashes() {
        let words = parsed("sandbox -- -c version").unwrap().words;
        assert_eq!(words, ["-c", "version"]);
        assert!(parsed("sandbox -c version").is_err());
        let words = parsed("uboot-pytest ub -- -k env").unwrap().words;
        assert_eq!(words, ["ub", "-k", "env"]);
        let arguments = parsed("uboot-pytest ub --board xen -- -k env").unwrap();
        assert_eq!(arguments.board, Board::Xen);
        assert_eq!(arguments.words, ["ub", "-k", "env"]);
        assert!(parsed("uboot-pytest ub --board none").is_err());
    }

    #[test]
    fn bench_can_be_against_others() {
        let against = parsed("bench --against one --against two").unwrap().against;
        assert_eq!(against, [PathBuf::from("one"), "two".into()]);
        assert!(parsed("test --against other").is_err());
    }

    #[test]
    fn soak_takes_a_number_of_guests() {
        assert_eq!(parsed("soak").unwrap().count, None);
        assert_eq!(parsed("soak 20").unwrap().count, Some(20));
        assert!(parsed("soak many").is_err());
        assert!(parsed("soak 1 2").is_err());
        assert!(parsed("test 20").is_err());
    }

    #[test]
    fn what_is_compared_can_be_chosen() {
        let arguments = parsed("compare --board xen u-boot.bin part").unwrap();
        assert_eq!(arguments.board, Board::Xen);
        assert_eq!(arguments.words, ["u-boot.bin", "part"]);
        assert!(parsed("bench --board xen").is_err());
    }

    #[test]
    fn no_command_means_help() {
        assert_eq!(parsed("").unwrap().command, "help");
        assert_eq!(parsed("test --help").unwrap().command, "help");
    }
}
