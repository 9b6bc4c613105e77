// SPDX-License-Identifier: GPL-2.0-or-later
//! What was tried, and why nothing of it was booted.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use boot::bootdev::Bootdev;
use boot::bootflow::{Bootflow, State};
use common::{Error, println};

/// More lines than this are not shown.
const MAX_LINES: usize = 24;

/// The list, while a scan goes on.
#[derive(Default)]
pub struct Report {
    entries: Vec<Entry>,
}

/// A place, and what is wrong there.
#[derive(PartialEq, Eq)]
struct Entry {
    place: String,
    why: Why,
}

#[derive(PartialEq, Eq)]
enum Why {
    Text(String),
    /// There is no file of these methods.
    NoFile(Vec<&'static str>),
}

impl Report {
    /// Notes a flow that cannot be booted; whether its error is one to be told
    /// at once: something is broken, and this was not said before.
    pub fn note(&mut self, flow: &Bootflow) -> Option<String> {
        let error = flow.error?;
        // A disk with a table is no file system: that is no failure.
        if flow.state == State::Media && error == Error::NotFound {
            return None;
        }
        let method = flow.method.name;
        if flow.state == State::Fs && error == Error::NotFound {
            self.no_file(&flow.name, method);
            return None;
        }
        let place = match flow.state {
            State::Base | State::Media => flow.bootdev.name.clone(),
            State::Part => flow.name.clone(),
            _ => format!("{}, {method}", flow.name),
        };
        let why = match &flow.file {
            Some(file) => format!("{file}: {error}"),
            None => error.to_string(),
        };
        let told = format!("{place}: {why}");
        let is_new = self.add(place, Why::Text(why));
        (is_new && !matches!(error, Error::Unsupported(_))).then_some(told)
    }

    /// Notes a flow that did not boot.
    pub fn failed(&mut self, flow: &Bootflow) {
        let place = format!("{}, {}", flow.name, flow.method.name);
        let why = flow.failure.clone().unwrap_or_default();
        self.add(place, Why::Text(why));
    }

    /// Notes a disk that is not to be booted from.
    pub fn left_out(&mut self, bootdev: &Bootdev) {
        let why = String::from("left out, its configuration says that it is not bootable");
        self.add(bootdev.name.clone(), Why::Text(why));
    }

    /// Shows it.
    pub fn print(&self) {
        println!("Nothing was booted:");
        for entry in self.entries.iter().take(MAX_LINES) {
            match &entry.why {
                Why::Text(text) => println!("  {}: {text}", entry.place),
                Why::NoFile(methods) => {
                    println!("  {}: no file for {}", entry.place, methods.join(", "));
                }
            }
        }
        match self.entries.len() {
            0 => println!("  there is no disk"),
            len if len > MAX_LINES => println!("  and {} more", len - MAX_LINES),
            _ => {}
        }
    }

    fn no_file(&mut self, place: &str, method: &'static str) {
        let mut known = self.entries.iter_mut();
        let known = known.find_map(|entry| match &mut entry.why {
            Why::NoFile(methods) if entry.place == place => Some(methods),
            _ => None,
        });
        match known {
            Some(methods) => methods.push(method),
            None => _ = self.add(place.to_string(), Why::NoFile(alloc::vec![method])),
        }
    }

    /// Whether it was not there before.
    fn add(&mut self, place: String, why: Why) -> bool {
        let entry = Entry { place, why };
        let is_new = !self.entries.contains(&entry);
        if is_new {
            self.entries.push(entry);
        }
        is_new
    }
}
