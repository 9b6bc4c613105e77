// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading an `extlinux.conf`, with the files that it includes.
//!
//! U-Boot ends a label at the first word that it does not know there, and gives
//! up a file in which a value is missing. Here such a line alone is lost.

use super::{Config, Label, MAX_DEPTH, MAX_INCLUDES};
use crate::image_names::printable;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::println;

/// Reads a configuration; `include` gets the text of a file that it names.
pub fn parse(text: &str, include: &mut dyn FnMut(&str) -> Option<String>) -> Config {
    let mut parser = Parser {
        config: Config::default(),
        in_label: false,
        includes: 0,
        include,
    };
    parser.file(text, 1);
    parser.config
}

/// The name of the last label in a text, which stands for all of it; nothing is said.
pub fn last_label(text: &str) -> Option<String> {
    let lines = text.lines().rev().map(Line::of);
    let mut labels = lines.filter(|line| line.keyword == "label" && !line.value.is_empty());
    labels.next().map(|line| line.value.to_string())
}

struct Parser<'a> {
    config: Config,
    /// Whether keywords may belong to the last label.
    in_label: bool,
    includes: usize,
    include: &'a mut dyn FnMut(&str) -> Option<String>,
}

/// A keyword in lower case, and what follows it.
struct Line<'a> {
    /// All of it.
    text: &'a str,
    keyword: String,
    /// All behind the keyword.
    rest: &'a str,
    /// The same without blanks around it and without a comment.
    value: &'a str,
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Line<'a> {
        let start = text.trim_start();
        let end = start.find(|c: char| c.is_ascii_whitespace());
        let (keyword, rest) = start.split_at(end.unwrap_or(start.len()));
        let value = rest.trim();
        Line {
            text,
            keyword: keyword.to_ascii_lowercase(),
            rest,
            value: if value.starts_with('#') { "" } else { value },
        }
    }

    /// The value, after a complaint if there is none.
    fn value(&self) -> Option<&'a str> {
        if self.value.is_empty() {
            say("Expected string literal", &self.keyword);
            return None;
        }
        Some(self.value)
    }

    fn owned(&self) -> Option<String> {
        self.value().map(String::from)
    }

    /// The number at the start of the value; 0 if it has none, as in U-Boot.
    fn number(&self) -> Option<i64> {
        if self.value.is_empty() {
            say("Expected string", &self.keyword);
            return None;
        }
        let digits = self.value.strip_prefix('-');
        let magnitude = digits.unwrap_or(self.value);
        let end = magnitude.find(|c: char| !c.is_ascii_digit());
        let number = magnitude.get(..end.unwrap_or(magnitude.len()));
        let number: i64 = number.and_then(|number| number.parse().ok()).unwrap_or(0);
        Some(if digits.is_some() {
            number.saturating_neg()
        } else {
            number
        })
    }
}

fn say(what: &str, text: &str) {
    println!("{what}: {}", printable(text.as_bytes()));
}

/// A complaint of U-Boot's, with the line up to the end of its keyword.
fn ignored(what: &str, line: &Line<'_>) {
    let end = line.text.len().saturating_sub(line.rest.len());
    let keyword = line.text.get(..end).unwrap_or(line.text);
    let parts = keyword.split('\t').map(|part| printable(part.as_bytes()));
    println!("Ignoring {what}: {}", parts.collect::<Vec<_>>().join("\t"));
}

impl Parser<'_> {
    fn file(&mut self, text: &str, depth: usize) {
        self.in_label = false;
        let text = text.split('\0').next().unwrap_or("");
        for line in text.lines() {
            let line = Line::of(line);
            if !line.keyword.is_empty() && !line.keyword.starts_with('#') {
                self.line(&line, depth);
            }
        }
        self.in_label = false;
    }

    fn line(&mut self, line: &Line<'_>, depth: usize) {
        let config = &mut self.config;
        match line.keyword.as_str() {
            "label" => self.label(line),
            "menu" => self.menu(line, depth),
            "include" => self.include(line, depth),
            "default" | "ontimeout" => config.default = line.owned().or(config.default.take()),
            "fallback" => config.fallback = line.owned().or(config.fallback.take()),
            "timeout" => {
                if let Some(tenths) = line.number() {
                    config.timeout = u32::try_from(tenths).unwrap_or(0);
                }
            }
            "prompt" => {
                if let Some(flag) = line.number() {
                    config.prompt = flag != 0;
                }
            }
            "say" => println!("{}", printable(line.value.as_bytes())),
            _ => {
                let label = config.labels.last_mut().filter(|_| self.in_label);
                if !label.is_some_and(|label| label.set(line)) {
                    ignored("unknown command", line);
                }
            }
        }
    }

    fn label(&mut self, line: &Line<'_>) {
        let Some(name) = line.value() else {
            say("Expected label name", line.value);
            // What follows belongs to nothing, and not to the label before it.
            self.in_label = false;
            return;
        };
        self.config.labels.push(Label {
            name: name.to_string(),
            ..Label::default()
        });
        self.in_label = true;
    }

    fn menu(&mut self, menu: &Line<'_>, depth: usize) {
        let label = self.config.labels.last_mut().filter(|_| self.in_label);
        if label.is_none() {
            self.config.prompt = true;
        }
        let line = Line::of(menu.rest);
        match (line.keyword.as_str(), label) {
            ("title", _) => self.config.title = line.owned().or(self.config.title.take()),
            ("include", _) => self.include(&line, depth),
            ("label", Some(label)) => label.menu = line.owned().or(label.menu.take()),
            ("default", Some(label)) => {
                let name = &label.name;
                self.config.default.get_or_insert_with(|| name.clone());
            }
            // There is no screen for a picture.
            ("background", _) => {}
            _ => ignored("malformed menu command", &line),
        }
    }

    fn include(&mut self, line: &Line<'_>, depth: usize) {
        let Some(path) = line.value() else {
            say("Expected include path", line.value);
            return;
        };
        if depth >= MAX_DEPTH {
            println!("Maximum nesting ({MAX_DEPTH}) exceeded");
            return;
        }
        if self.includes >= MAX_INCLUDES {
            println!("More than {MAX_INCLUDES} files are included");
            return;
        }
        self.includes = self.includes.saturating_add(1);
        match (self.include)(path) {
            Some(text) => self.file(&text, depth.saturating_add(1)),
            None => println!("Couldn't retrieve {}", printable(path.as_bytes())),
        }
    }
}

impl Label {
    /// Takes a keyword of a label; tells whether it is one.
    fn set(&mut self, line: &Line<'_>) -> bool {
        // Of several values the first one counts, but the last kernel and command line.
        let first = |field: &mut Option<String>| {
            *field = field.take().or_else(|| line.owned());
        };
        let words = |separator: fn(char) -> bool| {
            let words = line.value().unwrap_or("").split(separator).map(str::trim);
            words.filter(|word| !word.is_empty()).map(String::from)
        };
        match line.keyword.as_str() {
            "kernel" | "linux" | "fit" => self.kernel = line.owned().or(self.kernel.take()),
            "append" => self.append = line.owned().or(self.append.take()),
            "initrd" => self.initrds.extend(words(|c| c == ',')),
            "fdt" | "devicetree" => first(&mut self.fdt),
            "fdtdir" | "devicetreedir" => first(&mut self.fdtdir),
            "fdtoverlays" | "devicetree-overlay" => {
                self.overlays.extend(words(|c| c.is_ascii_whitespace()));
            }
            "kaslrseed" => self.kaslrseed = true,
            "localboot" => self.localboot = Some(line.number().unwrap_or(0)),
            // An address of a network that is not there.
            "ipappend" => {}
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests;
