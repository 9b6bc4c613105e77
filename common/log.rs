// SPDX-License-Identifier: GPL-2.0-or-later
//! Messages for those who look for a fault: each with a level and a category,
//! printed on the console if its filters let it pass.
//!
//! Code logs with [`log!`](crate::log!). Behaviour: U-Boot, `doc/develop/logging.rst`.
#![cfg(CONFIG_LOG)]

use crate::{print, println};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use include::config::{CONFIG_LOG_DEFAULT_LEVEL, CONFIG_LOG_MAX_LEVEL, CONFIG_LOGF_FUNC_PAD};
use spin::Mutex;

/// The names of the levels, the most important one first.
pub const LEVELS: [&str; 10] = [
    "EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG", "CONTENT", "IO",
];
/// The level of messages about what goes on inside.
pub const DEBUG: u8 = 7;
/// The last level that is not dropped at once.
pub const MAX_LEVEL: u8 = CONFIG_LOG_MAX_LEVEL as u8;

/// What of a record is printed, by the letters of `log format`, in the order in which it prints them.
pub const FORMAT_LETTERS: [char; 6] = ['c', 'l', 'F', 'L', 'f', 'm'];
/// The message; the others are before it in [`FORMAT_LETTERS`].
const MESSAGE: u8 = 1 << 5;
/// All of it.
pub const FORMAT_ALL: u8 = 0x3f;

/// The message and what the configuration adds.
pub const FORMAT_DEFAULT: u8 = MESSAGE
    | (cfg!(CONFIG_LOGF_FILE) as u8) << 2
    | (cfg!(CONFIG_LOGF_LINE) as u8) << 3
    | (cfg!(CONFIG_LOGF_FUNC) as u8) << 4;

/// Where a message comes from.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its level.
    pub level: u8,
    /// Its category: a part of the loader, or a uclass.
    pub category: &'a str,
    /// Its source file.
    pub file: &'a str,
    /// Its line there.
    pub line: u32,
    /// Its function, or its module.
    pub function: &'a str,
}

/// Which records pass, or do not; what is empty fits all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Set when it is added.
    pub number: u32,
    /// Whether what fits is not to be printed.
    pub deny: bool,
    /// Whether the level is the lowest rather than the highest that fits.
    pub minimum: bool,
    /// The level.
    pub level: u8,
    /// Categories.
    pub categories: Vec<String>,
    /// Source files, with commas between them.
    pub files: Option<String>,
    /// Functions, with commas between them.
    pub functions: Option<String>,
}

/// What the log does with records.
pub struct Settings {
    /// The last level that is printed if there is no filter.
    pub level: u8,
    /// What is printed of a record: a bit for each of [`FORMAT_LETTERS`].
    pub format: u8,
    filters: Vec<Filter>,
    next_number: u32,
}

static SETTINGS: Mutex<Settings> = Mutex::new(Settings::new());

/// Looks at the settings, or changes them.
pub fn settings<T>(look: impl FnOnce(&mut Settings) -> T) -> T {
    look(&mut SETTINGS.lock())
}

/// Logs a message.
pub fn log(record: &Record<'_>, message: fmt::Arguments<'_>) {
    if record.level > MAX_LEVEL {
        return;
    }
    // The console must not be used under the lock: it may log itself.
    let format = settings(|settings| settings.pass(record).then_some(settings.format));
    if let Some(format) = format {
        emit(record, format, message);
    }
}

/// Prints a record: level in capitals, `category,` `file:` `line-` `function()` and the message.
fn emit(record: &Record<'_>, format: u8, message: fmt::Arguments<'_>) {
    let wanted = |bit: u8| format & 1 << bit != 0;
    if wanted(1) {
        let name = LEVELS.get(usize::from(record.level));
        print!("{}.", name.unwrap_or(&"INVALID"));
    }
    if wanted(0) {
        print!("{},", record.category);
    }
    if wanted(2) {
        print!("{}:", record.file);
    }
    if wanted(3) {
        print!("{}-", record.line);
    }
    if wanted(4) {
        let pad = usize::try_from(CONFIG_LOGF_FUNC_PAD).unwrap_or(0);
        print!("{:>pad$}()", record.function);
    }
    match format {
        MESSAGE => println!("{message}"),
        _ if format & MESSAGE != 0 => println!(" {message}"),
        // The end of the line is the message's.
        _ => {}
    }
}

impl Settings {
    const fn new() -> Settings {
        Settings {
            level: CONFIG_LOG_DEFAULT_LEVEL as u8,
            format: FORMAT_DEFAULT,
            filters: Vec::new(),
            next_number: 0,
        }
    }

    /// The filters, in the order in which they are asked.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// Adds a filter and returns its number; one that denies comes before all others.
    pub fn add_filter(&mut self, filter: Filter) -> u32 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        let place = if filter.deny { 0 } else { self.filters.len() };
        self.filters.insert(place, Filter { number, ..filter });
        number
    }

    /// Removes the filter of this number; returns whether there was one.
    pub fn remove_filter(&mut self, number: u32) -> bool {
        let before = self.filters.len();
        self.filters.retain(|filter| filter.number != number);
        self.filters.len() < before
    }

    /// Removes all filters.
    pub fn clear_filters(&mut self) {
        self.filters.clear();
    }

    fn pass(&self, record: &Record<'_>) -> bool {
        if self.filters.is_empty() {
            return record.level <= self.level;
        }
        let mut filters = self.filters.iter();
        let first = filters.find(|filter| filter.fits(record));
        first.is_some_and(|filter| !filter.deny)
    }
}

impl Filter {
    fn fits(&self, record: &Record<'_>) -> bool {
        let listed = |list: &Option<String>, word: &str| match list {
            Some(list) => list.split(',').any(|member| member == word),
            None => true,
        };
        let level = match self.minimum {
            true => record.level >= self.level,
            false => record.level <= self.level,
        };
        let category = |name: &String| name == record.category;
        level
            && (self.categories.is_empty() || self.categories.iter().any(category))
            && listed(&self.files, record.file)
            && listed(&self.functions, record.function)
    }
}

/// Logs a message with a level and a category, as `log!(log::DEBUG, "driver-model", "probe {name}")`.
#[macro_export]
macro_rules! log {
    ($level:expr, $category:expr, $($arg:tt)*) => {{
        #[cfg(CONFIG_LOG)]
        $crate::log::log(
            &$crate::log::Record {
                level: $level,
                category: $category,
                file: file!(),
                line: line!(),
                function: module_path!(),
            },
            format_args!($($arg)*),
        );
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(level: u8) -> Record<'static> {
        Record {
            level,
            category: "arch",
            file: "a.rs",
            line: 1,
            function: "f",
        }
    }

    #[test]
    fn the_first_filter_that_fits_decides() {
        let mut settings = Settings::new();
        let level = settings.level;
        assert!(settings.pass(&record(level)));
        assert!(!settings.pass(&record(level + 1)));
        let allow = |level| Filter {
            level,
            ..Filter::default()
        };
        assert_eq!(settings.add_filter(allow(9)), 0);
        assert!(settings.pass(&record(9)));
        let deny = Filter {
            deny: true,
            minimum: true,
            level: 8,
            files: Some("x.rs,a.rs".into()),
            ..Filter::default()
        };
        assert_eq!(settings.add_filter(deny), 1);
        assert_eq!(settings.filters()[0].number, 1);
        assert!(!settings.pass(&record(8)) && settings.pass(&record(7)));
        assert!(settings.remove_filter(1) && !settings.remove_filter(1));
        assert!(settings.pass(&record(8)));
        settings.clear_filters();
        let other = Filter {
            categories: std::vec!["board".into()],
            ..allow(9)
        };
        assert_eq!(settings.add_filter(other), 2);
        assert!(!settings.pass(&record(0)));
    }
}
