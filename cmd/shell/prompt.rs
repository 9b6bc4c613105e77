// SPDX-License-Identifier: GPL-2.0-or-later
//! The prompt: reads lines and runs them.

use super::lexer::ParseError;
use super::parser;
use super::readline::{Editor, Step};
use crate::Context;
use alloc::string::String;
use common::{console, print, println};
use include::config::CONFIG_SYS_PROMPT;

/// Shown while a command is not complete.
const CONTINUATION_PROMPT: &str = "> ";
/// The longest command of several lines.
const MAX_COMMAND: usize = 64 << 10;
/// How long one wait for a key takes; then the next one begins.
const WAIT_US: u64 = 1_000_000;

impl Context {
    /// Reads one command from the console and runs it.
    pub fn interact(&mut self) {
        let Some(command) = self.read_command() else {
            println!("<INTERRUPT>");
            self.shell.repeatable = false;
            return;
        };
        if command.trim().is_empty() {
            self.repeat();
        } else {
            self.run_line(&command);
            self.shell.last_line = command;
        }
    }

    /// Repeats the last line, if all of its commands allow it.
    fn repeat(&mut self) {
        if self.shell.repeatable {
            let line = core::mem::take(&mut self.shell.last_line);
            self.repeated = true;
            self.run_line(&line);
            self.repeated = false;
            self.shell.last_line = line;
        }
    }

    fn run_line(&mut self, line: &str) {
        self.shell.repeatable = true;
        match parser::parse(line) {
            Ok(list) => {
                if self.run_list(&list) {
                    println!("exit not allowed from main input shell.");
                }
            }
            Err(_) => _ = self.run_script(line),
        }
    }

    /// Reads lines until they are a whole command; `None` after Ctrl-C.
    fn read_command(&mut self) -> Option<String> {
        let mut command = self.read_line(CONFIG_SYS_PROMPT)?;
        while command.len() < MAX_COMMAND
            && matches!(parser::parse(&command), Err(ParseError::Incomplete(_)))
        {
            command.push('\n');
            command.push_str(&self.read_line(CONTINUATION_PROMPT)?);
        }
        Some(command)
    }

    /// Reads a line; `None` after Ctrl-C.
    fn read_line(&mut self, prompt: &str) -> Option<String> {
        print!("{prompt}");
        let mut editor = Editor::default();
        loop {
            let Some(key) = console::getc_timeout(WAIT_US) else {
                continue;
            };
            if core::mem::replace(&mut self.shell.after_cr, key == b'\r') && key == b'\n' {
                continue;
            }
            match editor.key(key, &mut self.shell.history) {
                Step::More => {}
                Step::Line(line) => return Some(line),
                Step::Interrupted => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;

    /// What the console shows when keys are typed at the prompt, for so many commands.
    fn session(keys: &str, commands: usize) -> alloc::string::String {
        let console = testing::capture();
        let mut ctx = testing::context();
        console.keys(keys);
        (0..commands).for_each(|_| ctx.interact());
        console.take().replace(super::CONFIG_SYS_PROMPT, "=> ")
    }

    #[test]
    fn a_line_is_echoed_and_run() {
        assert_eq!(session("echo hello\r", 1), "=> echo hello\nhello\n");
        assert_eq!(
            session("echo a\r\necho b\n", 2),
            "=> echo a\na\n=> echo b\nb\n"
        );
    }

    #[test]
    fn an_incomplete_command_asks_for_more() {
        assert_eq!(
            session("if true\rthen\recho 'a\rb'\rfi\r", 1),
            "=> if true\n> then\n> echo 'a\n> b'\n> fi\na\nb\n"
        );
    }

    #[test]
    fn ctrl_c_drops_the_line() {
        assert_eq!(
            session("echo a\x03echo b\r", 2),
            "=> echo a<INTERRUPT>\n=> echo b\nb\n"
        );
        assert_eq!(session("if true\r\x03", 1), "=> if true\n> <INTERRUPT>\n");
    }

    #[test]
    fn an_empty_line_repeats_what_can_be_repeated() {
        assert_eq!(session("echo a\r\r\r", 3), "=> echo a\na\n=> \na\n=> \na\n");
        assert_eq!(
            session("echo a; setenv x 1\r\r", 2),
            "=> echo a; setenv x 1\na\n=> \n"
        );
        assert_eq!(session("\r", 1), "=> \n");
    }

    #[test]
    fn errors_come_back_to_the_prompt() {
        let shown = session("fi\recho $?\r", 2);
        assert_eq!(
            shown,
            "=> fi\nsyntax error: unexpected 'fi'\n=> echo $?\n1\n"
        );
        assert_eq!(
            session("foo\r", 1),
            "=> foo\nUnknown command 'foo' - try 'help'\n"
        );
        assert_eq!(
            session("exit\r", 1),
            "=> exit\nexit not allowed from main input shell.\n"
        );
    }
}
