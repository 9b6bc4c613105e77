// SPDX-License-Identifier: GPL-2.0-or-later
//! The prompt: reads lines and runs them.

use super::lexer::ParseError;
use super::parser;
use super::readline::{Editor, Step};
use crate::Context;
use alloc::string::{String, ToString};
use alloc::vec;
use common::{console, print, println};
use include::config::{CONFIG_SYS_PROMPT, CONFIG_SYS_PROMPT_HUSH_PS2};

/// The longest command of several lines.
const MAX_COMMAND: usize = 64 << 10;
/// How long one wait for a key takes; then the next one begins.
const WAIT_US: u64 = 1_000_000;
/// The most keys that are shown at once.
const MAX_RUN: usize = 256;

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
        let prompt = self.prompt("PS1", CONFIG_SYS_PROMPT);
        let mut command = self.read_line(&prompt, "")?;
        while command.len() < MAX_COMMAND
            && matches!(parser::parse(&command), Err(ParseError::Incomplete(_)))
        {
            command.push('\n');
            let prompt = self.prompt("PS2", CONFIG_SYS_PROMPT_HUSH_PS2);
            command.push_str(&self.read_line(&prompt, "")?);
        }
        Some(command)
    }

    /// A prompt, that of a variable if the configuration allows it.
    fn prompt(&self, variable: &str, usual: &str) -> String {
        let own = self.env.get(variable);
        let own = own.filter(|_| cfg!(CONFIG_CMDLINE_PS_SUPPORT));
        own.unwrap_or(usual).to_string()
    }

    /// Reads a line that begins with `text`, which can be edited; `None` after Ctrl-C.
    pub(crate) fn read_line(&mut self, prompt: &str, text: &str) -> Option<String> {
        print!("{prompt}");
        let mut editor = Editor::default();
        editor.insert(text.as_bytes());
        let mut next = None;
        loop {
            let Some(key) = next.take().or_else(|| console::getc_timeout(WAIT_US)) else {
                if console::ended() {
                    leave(self);
                }
                continue;
            };
            let after_cr = core::mem::replace(&mut self.shell.after_cr, key == b'\r');
            match key {
                b'\n' if after_cr => continue,
                key if editor.is_text(key) => {
                    next = insert_run(&mut editor, key);
                    continue;
                }
                _ => {}
            }
            match editor.key(key, &mut self.shell.kept) {
                Step::More => {}
                #[cfg(CONFIG_AUTO_COMPLETE)]
                Step::Complete => self.complete(prompt, &mut editor),
                #[cfg(CONFIG_CMDLINE_EDITING)]
                Step::Redraw => {
                    print!("\x1b[H\x1b[2J{prompt}");
                    editor.show();
                }
                Step::Line(line) => return Some(line),
                Step::Interrupted => return None,
            }
        }
    }
}

/// Puts a key and all text that waits behind it into the line at once, so that
/// what is pasted is shown once. The value is a key that is no text.
fn insert_run(editor: &mut Editor, key: u8) -> Option<u8> {
    let mut run = vec![key];
    let mut next = console::getc();
    while let Some(key) = next.filter(|&key| editor.is_text(key) && run.len() < MAX_RUN) {
        run.push(key);
        next = console::getc();
    }
    editor.insert(&run);
    next
}

/// Nobody will ever type again: stops all devices and turns the machine off.
fn leave(ctx: &Context) -> ! {
    println!();
    // With nobody to tell there is nothing else to do about a device that refuses.
    _ = ctx.dm.remove_all();
    arch::poweroff()
}

#[cfg(test)]
mod tests {
    use crate::testing;
    use alloc::string::ToString;

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
    #[cfg(CONFIG_AUTO_COMPLETE)]
    fn tab_completes_or_lists() {
        assert_eq!(session("ech\ta\r", 1), "=> echo a\na\n");
        assert_eq!(session("tru\ta\r", 1), "=> true a\n");
        assert_eq!(session("nonsens\t\x03", 1), "=> nonsens\x07<INTERRUPT>\n");
    }

    #[test]
    fn a_paste_loses_nothing() {
        let text = "echo ".to_string() + &"0123456789".repeat(150);
        let shown = session(&(text.clone() + "\recho b\r"), 2);
        let line = text.strip_prefix("echo ").unwrap();
        assert_eq!(shown, alloc::format!("=> {text}\n{line}\n=> echo b\nb\n"));
        let middle = session(&("c\x01".to_string() + &text + " \r"), 1);
        assert!(
            middle.ends_with(&alloc::format!("\n{line} c\n")),
            "{middle}"
        );
    }

    #[test]
    #[cfg(CONFIG_CMDLINE_EDITING)]
    fn the_screen_can_be_cleared() {
        let shown = session("echo a\x02\x0c\r", 1);
        assert!(shown.contains("\x1b[H\x1b[2J=> echo a\x08\n"), "{shown:?}");
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
