// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootflow`: looks for something to boot on all disks, shows it, boots it.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bootflow.rst`. Unlike there, a scan that
//! is to boot and finds nothing that does, fails and says what was tried.
#![cfg(CONFIG_CMD_BOOTFLOW)]

#[cfg(CONFIG_CMD_BOOTFLOW_FULL)]
#[path = "bootflow/cmdline.rs"]
mod cmdline;
#[cfg(CONFIG_CMD_BOOTFLOW_FULL)]
#[path = "bootflow/full.rs"]
mod full;
#[path = "bootflow/report.rs"]
mod report;
#[path = "bootflow/scan.rs"]
mod scan;
#[path = "bootflow/show.rs"]
mod show;

use crate::bootstd_common::{run_subcommand, sub};
use crate::command::Command;

const SUBCOMMANDS: &[Command] = &[
    sub("scan", 3, scan::scan),
    #[cfg(CONFIG_CMD_BOOTFLOW_FULL)]
    sub("list", 2, full::list),
    #[cfg(CONFIG_CMD_BOOTFLOW_FULL)]
    sub("select", 2, full::select),
    #[cfg(CONFIG_CMD_BOOTFLOW_FULL)]
    sub("info", 2, full::info),
    #[cfg(CONFIG_CMD_BOOTFLOW_FULL)]
    sub("read", 1, full::read),
    #[cfg(CONFIG_CMD_BOOTFLOW_FULL)]
    sub("boot", 1, full::boot),
    #[cfg(CONFIG_CMD_BOOTFLOW_FULL)]
    sub("menu", 2, full::menu),
    #[cfg(CONFIG_CMD_BOOTFLOW_FULL)]
    sub("cmdline", 4, cmdline::cmdline),
];

const HELP: &str = if cfg!(CONFIG_CMD_BOOTFLOW_FULL) {
    "scan [-abeGHlmt] [bootdev]  - look for something to boot, on all disks or one\n\
    \x20   -l: list it, -b: boot the first that works, -m: show a menu of it,\n\
    \x20   -a: keep what cannot be booted, -e: tell why, -H: do not look for new disks;\n\
    \x20   -G and -t change nothing here\n\
    bootflow list [-e]             - list what was found; -e: with errors and times\n\
    bootflow select [<num>|<name>] - select of it; nothing without an argument\n\
    bootflow info [-ds]            - show what is selected; -d: with its file\n\
    bootflow read                  - read all files of what is selected\n\
    bootflow boot                  - boot what is selected\n\
    bootflow menu [-t]             - select by a menu\n\
    bootflow cmdline [set|get|clear|delete|auto] <param> [<value>] - change its command line"
} else {
    "scan - boot the first that can be booted"
};

#[cfg(test)]
#[path = "bootflow/tests.rs"]
mod tests;

command! {
    name: "bootflow",
    max_args: 5,
    repeatable: true,
    usage: "Boot flows",
    help: HELP,
    subcommands: if cfg!(CONFIG_CMD_BOOTFLOW_FULL) {
        &["boot", "cmdline", "info", "list", "menu", "read", "scan", "select"]
    } else {
        &["scan"]
    },
    run: |ctx, args| run_subcommand(ctx, SUBCOMMANDS, args),
}
