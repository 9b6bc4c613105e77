// SPDX-License-Identifier: GPL-2.0-or-later
//! Any text as a script: the shell's parser, its expansion and its loops, and
//! the arguments of its own commands.
#![no_main]

use arch::mem::Ram;
use cmd::testing::RAM_BASE;
use cmd::{COMMANDS, Command, Context};
use common::console::{self, Terminal};
use dm::Model;
use env::Env;
use libfuzzer_sys::fuzz_target;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// Commands that change nothing outside, and do not wait.
const HARMLESS: [&str; 14] = [
    "[", "echo", "exit", "false", "itest", "md", "mw", "printenv", "run", "setenv", "setexpr",
    "showvar", "test", "true",
];

/// How often a script can look for Ctrl-C until it is pressed.
const PATIENCE: usize = 200;

/// A terminal that drops what is printed, and presses Ctrl-C after a while.
static TERMINAL: LazyLock<Arc<Impatient>> = LazyLock::new(|| {
    let terminal = Arc::new(Impatient::default());
    console::set_device(terminal.clone());
    terminal
});

#[derive(Default)]
struct Impatient {
    looks: AtomicUsize,
}

impl Terminal for Impatient {
    fn write(&self, _bytes: &[u8]) {}

    fn read(&self) -> Option<u8> {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        // One press at a time: after it, nothing waits.
        (looks >= PATIENCE && looks % 2 == 0).then_some(3)
    }

    fn wait(&self, _timeout_us: u64) {}
}

static TABLE: LazyLock<Vec<Command>> = LazyLock::new(|| {
    let harmless = COMMANDS.iter().filter(|c| HARMLESS.contains(&c.name));
    let copy = |c: &Command| Command {
        name: c.name,
        max_args: c.max_args,
        usage: c.usage,
        help: c.help,
        run: c.run,
        ..Command::new()
    };
    harmless.map(copy).collect()
});

fuzz_target!(|script: &str| {
    TERMINAL.looks.store(0, Ordering::Relaxed);
    let ram = Ram::in_buffer(RAM_BASE, 1 << 16, Vec::new());
    let model = Arc::new(Model::new(&[], &[], None));
    let mut context = Context::with_commands(ram, model, Env::default(), &TABLE);
    context.run_script(script);
});
