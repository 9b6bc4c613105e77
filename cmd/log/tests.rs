// SPDX-License-Identifier: GPL-2.0-or-later
//! `log`: the steps of U-Boot's tests. There is one log, so each test takes
//! the console, and puts the settings back.

use crate::testing::{self, Captured};
use crate::{Context, testing as console};
use alloc::string::String;
use common::log;

struct Log {
    console: Captured,
    ctx: Context,
}

impl Log {
    fn new() -> Log {
        let console = console::capture();
        log::settings(|settings| {
            settings.clear_filters();
            settings.format = log::FORMAT_DEFAULT;
            settings.level = 6;
        });
        Log {
            console,
            ctx: testing::context(),
        }
    }

    fn run(&mut self, line: &str) -> (i32, String) {
        let status = self.ctx.run_script(&alloc::format!("log {line}"));
        (status, self.console.take())
    }

    #[track_caller]
    fn expect(&mut self, line: &str, output: &str) {
        assert_eq!(self.run(line), (0, output.into()), "{line}");
    }

    #[track_caller]
    fn fail(&mut self, line: &str, output: &str) {
        assert_eq!(self.run(line), (1, output.into()), "{line}");
    }
}

const RECORD: &str = "rec arch notice file.c 123 func msg";

#[test]
fn records_are_formatted() {
    let mut log = Log::new();
    let func = alloc::format!("{:>20}()", "func");
    for (format, output) in [
        ("all", alloc::format!("NOTICE.arch,file.c:123-{func} msg\n")),
        ("fm", alloc::format!("{func} msg\n")),
        ("clfm", alloc::format!("NOTICE.arch,{func} msg\n")),
        ("FLfm", alloc::format!("file.c:123-{func} msg\n")),
        ("lm", "NOTICE. msg\n".into()),
        ("m", "msg\n".into()),
    ] {
        log.expect(&alloc::format!("format {format}"), "");
        log.expect(RECORD, &output);
    }
    log.expect("format all", "");
    log.expect("format", "Log format: clFLfm\n");
    log.fail("format x", "Invalid log char 'x'\n");
    log.expect("format", "Log format: clFLfm\n");
    log.expect("format default", "");
    log.expect(RECORD, "msg\n");
}

#[test]
fn levels_decide_without_filters() {
    let mut log = Log::new();
    let levels = log.run("level").1;
    assert!(levels.starts_with("EMERG\nALERT\nCRIT\nERR\nWARNING\nNOTICE\nINFO (default)\n"));
    log.expect("level warning", "");
    log.expect(RECORD, "");
    log.expect("rec arch 4 f 1 g hi", "hi\n");
    log.expect("level 5", "");
    log.expect(RECORD, "msg\n");
    log.fail(
        "level 10",
        &alloc::format!("Only log levels <= {} are supported\n", log::MAX_LEVEL),
    );
    log.fail("level loud", "Unknown log level \"loud\"\n");
    assert!(
        log.run("rec arch 9 f 1 g hi")
            .1
            .starts_with("Invalid log level 9\n")
    );
    assert!(
        log.run("rec arch loud f 1 g hi")
            .1
            .starts_with("Invalid log level 'loud'\n")
    );
}

#[test]
fn filters_are_managed() {
    let mut log = Log::new();
    log.run("format m");
    let first = log.run("filter-add -p -c arch -c serial -l info").1;
    let first = first.trim_end();
    let second = log.run("filter-add -p -D -L debug -f a.c,b.c -F f").1;
    let second = second.trim_end();
    log.expect(
        "filter-list -d console",
        &alloc::format!(
            "{second:<3}: DENY >= DEBUG\n     Files: a.c,b.c\n     Functions: f\n\
             {first:<3}: ALLOW <= INFO\n     Categories: arch serial\n"
        ),
    );
    log.expect(RECORD, "msg\n");
    log.expect("rec board notice file.c 123 func msg", "");
    log.expect("rec serial info a.c 123 f msg", "msg\n");
    log.expect(&alloc::format!("filter-remove {first}"), "");
    log.expect(RECORD, "");
    log.fail(
        &alloc::format!("filter-remove {first}"),
        &alloc::format!("Could not remove filter {first}: there is none of this number\n"),
    );
    log.expect("filter-remove -a", "");
    log.expect("filter-list", "");
    log.expect(RECORD, "msg\n");
}

#[test]
fn mistakes_in_filters_are_named() {
    let mut log = Log::new();
    log.fail("filter-add -c nothing", "Unknown category \"nothing\"\n");
    log.fail(
        "filter-add -c arch -c fs -c dm -c boot -c efi -c acpi",
        "Unknown category \"dm\"\n",
    );
    log.fail(
        "filter-add -c arch -c fs -c blk -c boot -c efi -c acpi",
        "Too many categories\n",
    );
    log.fail(
        "filter-add -d net",
        "Could not find log device for \"net\"\n",
    );
    log.fail(
        "filter-list -d net",
        "Could not find log device for \"net\"\n",
    );
    log.fail("filter-remove x", "Invalid filter number \"x\"\n");
    for (line, text) in [
        ("filter-add -A -D", "Allow or deny set twice\n"),
        ("filter-add -l 1 -L 2", "Log level set twice\n"),
        ("filter-add x", "log - log system\n"),
        ("filter-remove", "log - log system\n"),
        ("filter-list -x", "filter-list: invalid option -- x\n"),
        ("", "log - log system\n"),
        ("rec arch", "log - log system\n"),
    ] {
        let (status, output) = log.run(line);
        assert!(status == 1 && output.starts_with(text), "{line}: {output}");
    }
    log.expect("filter-list", "");
}

#[test]
fn names_are_listed() {
    let mut log = Log::new();
    log.expect("drivers", "console\n");
    let names = log.run("categories").1;
    assert!(
        names.contains("\nserial\n") && names.ends_with("\nconsole\ntest\n"),
        "{names}"
    );
}
