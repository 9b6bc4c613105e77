// SPDX-License-Identifier: GPL-2.0-or-later
//! Runs scripts that were changed at random: none may panic, hang, or leave
//! the shell in a state in which the next script does not run.

use crate::{COMMANDS, Command, testing};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use common::console::{self, Terminal};
use core::sync::atomic::{AtomicUsize, Ordering};
use env::Env;
use std::sync::LazyLock;

/// Scripts to begin with.
const SCRIPTS: [&str; 8] = [
    "if test \"${a:-b}\" = 'c d'; then for i in 1 2; do echo $i \\; x; done; fi",
    "while test $n != 3; do setexpr n $n + 1; false || true; done; until true; do echo; done",
    "setenv s 'echo in; exit 3'; run s; echo $? ${s+x} ${t:=$s} ${u-${t:-\"y z\"}} \"${v:+w}\"",
    "setexpr x gsub '(a|b)*[c-e]+?x?$' '<\\1\\0>' aabbcxde; setexpr x sub ^. y; test $x =~ \\\\s|\\\\d",
    "setexpr y fmt '%-8.3x|%+d|%#o|%s|%b|%c|%%' 1f -2 8 text 'a\\\\n\\\\c' c",
    "test -n a -o ! b = c -a 0x10 -gt 9; itest.b *40000000 == 5 && itest.s ab < ac || [ -z '' ]",
    "me='run me'; setenv me 'run me; run me'; run me # a comment\n\n;; echo 'a\nb' \"c\\\nd\"",
    "setexpr.s z *40000000 + x; setexpr.q z *40000008 * 3; setexpr z 5 / 0; showvar a; x=1 y=2",
];

/// Characters that mean something.
const SPECIAL: &str = "'\"${}\\;&|#\n*?%( )[]:=-+\u{e9}";

/// A terminal that presses Ctrl-C after it was asked often enough.
#[derive(Default)]
struct Impatient {
    looks: AtomicUsize,
}

impl Terminal for Impatient {
    fn write(&self, _bytes: &[u8]) {}

    fn read(&self) -> Option<u8> {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        (looks >= 100 && looks.is_multiple_of(2)).then_some(3)
    }

    fn wait(&self, _timeout_us: u64) {}
}

/// A small generator of pseudo-random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// A script with a few places deleted, doubled, replaced or taken from another one.
    fn changed(&mut self, script: &str) -> String {
        let mut chars: Vec<char> = script.chars().collect();
        for _ in 0..=self.below(4) {
            let start = self.below(chars.len());
            let end = (start + self.below(8)).min(chars.len());
            let piece: Vec<char> = match self.below(4) {
                0 => Vec::new(),
                1 => chars[start..end].repeat(2),
                2 => SPECIAL.chars().skip(self.below(26)).take(1).collect(),
                _ => {
                    let other: Vec<char> = SCRIPTS[self.below(SCRIPTS.len())].chars().collect();
                    let start = self.below(other.len());
                    other[start..(start + 12).min(other.len())].to_vec()
                }
            };
            chars.splice(start..end, piece);
        }
        chars.into_iter().collect()
    }
}

/// The commands that change nothing outside.
static TABLE: LazyLock<Vec<Command>> = LazyLock::new(|| {
    let harmless = [
        "[", "echo", "exit", "false", "itest", "run", "setenv", "setexpr", "showvar", "test",
        "true",
    ];
    let chosen = COMMANDS.iter().filter(|c| harmless.contains(&c.name));
    let copy = |c: &Command| Command {
        name: c.name,
        max_args: c.max_args,
        run: c.run,
        ..Command::new()
    };
    chosen.map(copy).collect()
});

#[test]
fn changed_scripts_neither_panic_nor_hang() {
    let _console = testing::capture();
    let terminal = Arc::new(Impatient::default());
    console::set_device(terminal.clone());
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut ctx = testing::context();
    ctx.commands = &TABLE;
    for round in 0..4000 {
        let mut script = String::from(SCRIPTS[round % SCRIPTS.len()]);
        for _ in 0..=random.below(3) {
            script = random.changed(&script);
        }
        terminal.looks.store(0, Ordering::Relaxed);
        ctx.env = Env::default();
        ctx.run_script(&script);
        terminal.looks.store(0, Ordering::Relaxed);
        assert_eq!(ctx.run_script("true"), 0, "{script}");
    }
}
