// SPDX-License-Identifier: GPL-2.0-or-later
//! Replaces variables by their values, and splits words at the blanks in them.

use super::ast::{Modifier, Parameter, Part, Word};
use crate::Context;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use common::{Error, Result};
use env::Env;

/// The most bytes that one command can expand to; a loop that doubles a
/// variable ends here rather than with the memory.
const MAX_EXPANSION: usize = Env::CAPACITY;

impl Context {
    /// The arguments that words give: an unquoted variable can give none, one or more.
    ///
    /// # Errors
    /// [`Error::NoSpace`] if that is too much.
    pub(super) fn expand_words(&mut self, words: &[Word]) -> Result<Vec<String>> {
        let mut fields = Fields::default();
        for word in words {
            for part in &word.parts {
                match part {
                    Part::Text { text, .. } => fields.push(text),
                    Part::Status => fields.push(&self.shell.status.to_string()),
                    Part::Variable { parameter, quoted } => {
                        let value = self.parameter(parameter)?;
                        match quoted {
                            true => fields.push(&value),
                            false => fields.push_split(&value),
                        }
                    }
                }
                fields.check()?;
            }
            fields.end();
        }
        Ok(fields.done)
    }

    /// The text that a word gives where it is not split, as in `name=word`.
    ///
    /// # Errors
    /// [`Error::NoSpace`] if that is too long.
    pub(super) fn expand_value(&mut self, word: &Word) -> Result<String> {
        let quote = |part: &Part| match part {
            Part::Variable { parameter, .. } => Part::Variable {
                parameter: parameter.clone(),
                quoted: true,
            },
            part => part.clone(),
        };
        let word = Word {
            parts: word.parts.iter().map(quote).collect(),
        };
        Ok(self.expand_words(&[word])?.pop().unwrap_or_default())
    }

    fn parameter(&mut self, parameter: &Parameter) -> Result<String> {
        let value = self.variable(&parameter.name).filter(|v| !v.is_empty());
        let value = value.map(ToString::to_string);
        Ok(match (&parameter.modifier, value) {
            (Modifier::Alternative(text), Some(_)) => text.clone(),
            (_, Some(value)) => value,
            (Modifier::None | Modifier::Alternative(_), None) => String::new(),
            (Modifier::Default(text), None) => text.clone(),
            (Modifier::Assign(text), None) => {
                self.shell.set_local(&parameter.name, text)?;
                text.clone()
            }
        })
    }

    /// The value of a variable of the environment, or else of the shell.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name).or_else(|| self.shell.local(name))
    }
}

/// Arguments being put together.
#[derive(Default)]
struct Fields {
    done: Vec<String>,
    /// The last argument, as long as more can be added to it.
    open: Option<String>,
    /// Bytes in all of them.
    size: usize,
}

impl Fields {
    fn push(&mut self, text: &str) {
        self.size += text.len();
        self.open.get_or_insert_default().push_str(text);
    }

    /// Adds a value that ends the argument at each blank.
    fn push_split(&mut self, value: &str) {
        for (i, piece) in value.split([' ', '\t', '\n']).enumerate() {
            if i > 0 {
                self.end();
            }
            if !piece.is_empty() {
                self.push(piece);
            }
        }
    }

    fn end(&mut self) {
        self.done.extend(self.open.take());
    }

    fn check(&self) -> Result<()> {
        match self.size > MAX_EXPANSION {
            true => Err(Error::NoSpace),
            false => Ok(()),
        }
    }
}
