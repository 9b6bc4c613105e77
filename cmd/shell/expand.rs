// SPDX-License-Identifier: GPL-2.0-or-later
//! Replaces variables by their values, and splits words at the blanks in them.

use super::ast::{ModifierKind, Parameter, Part, Word};
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
            self.expand(word, &mut fields)?;
            fields.end();
        }
        Ok(fields.done)
    }

    /// The text that a word gives where it is not split, as in `name=word`.
    ///
    /// # Errors
    /// [`Error::NoSpace`] if that is too long.
    pub(super) fn expand_value(&mut self, word: &Word) -> Result<String> {
        let mut fields = Fields {
            whole: true,
            ..Fields::default()
        };
        self.expand(word, &mut fields)?;
        Ok(fields.open.unwrap_or_default())
    }

    fn expand(&mut self, word: &Word, fields: &mut Fields) -> Result<()> {
        for part in &word.parts {
            match part {
                // The text of a modifier is split like a value, other text has no blanks.
                Part::Text { text, quoted } => fields.push(text, *quoted),
                Part::Status => fields.push(&self.shell.status.to_string(), true),
                Part::Variable { parameter, quoted } => {
                    self.expand_parameter(parameter, *quoted, fields)?;
                }
            }
            fields.check()?;
        }
        Ok(())
    }

    fn expand_parameter(
        &mut self,
        parameter: &Parameter,
        quoted: bool,
        fields: &mut Fields,
    ) -> Result<()> {
        if quoted {
            fields.push("", true);
        }
        let Some(modifier) = &parameter.modifier else {
            fields.push(self.variable(&parameter.name).unwrap_or_default(), quoted);
            return Ok(());
        };
        let whole = modifier.whole.as_deref();
        if let Some(value) = whole.and_then(|name| self.variable(name)) {
            fields.push(value, quoted);
            return Ok(());
        }
        let value = self.variable(&parameter.name).filter(|v| !v.is_empty());
        match (modifier.kind, value) {
            (ModifierKind::Alternative, None) => Ok(()),
            (ModifierKind::Default | ModifierKind::Assign, Some(value)) => {
                fields.push(value, quoted);
                Ok(())
            }
            (ModifierKind::Assign, None) => {
                let value = self.expand_value(&modifier.word)?;
                self.shell.set_local(&parameter.name, &value)?;
                fields.push(&value, quoted);
                Ok(())
            }
            (ModifierKind::Default, None) | (ModifierKind::Alternative, Some(_)) => {
                self.expand(&modifier.word, fields)
            }
        }
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
    /// Whether nothing is split.
    whole: bool,
}

impl Fields {
    /// Adds text; unless it is quoted, the argument ends at each blank.
    fn push(&mut self, text: &str, quoted: bool) {
        if quoted || self.whole {
            self.add(text);
            return;
        }
        for (i, piece) in text.split([' ', '\t', '\n']).enumerate() {
            if i > 0 {
                self.end();
            }
            if !piece.is_empty() {
                self.add(piece);
            }
        }
    }

    fn add(&mut self, text: &str) {
        self.size += text.len();
        self.open.get_or_insert_default().push_str(text);
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
