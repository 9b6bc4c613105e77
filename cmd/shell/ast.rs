// SPDX-License-Identifier: GPL-2.0-or-later
//! What a script consists of, after parsing and before anything is expanded.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// Commands that run one after the other.
pub type List = Vec<Chain>;

/// Commands joined by `&&` and `||`.
#[derive(Debug, PartialEq, Eq)]
pub struct Chain {
    /// The command that always runs.
    pub first: Node,
    /// The ones that depend on the status so far.
    pub rest: Vec<(Connector, Node)>,
}

/// When the next command of a chain runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// `&&`: after success.
    And,
    /// `||`: after failure.
    Or,
}

/// A command, simple or compound.
#[derive(Debug, PartialEq, Eq)]
pub enum Node {
    /// `name=value ... word ...`
    Simple {
        /// Variables of the shell to set.
        assignments: Vec<(String, Word)>,
        /// The command's name and arguments; may be none.
        words: Vec<Word>,
    },
    /// `if ...; then ...; elif ...; then ...; else ...; fi`
    If {
        /// Each condition with what it leads to.
        branches: Vec<(List, List)>,
        /// What is done if no condition holds.
        otherwise: List,
    },
    /// `while ...; do ...; done` and `until ...; do ...; done`
    Loop {
        /// Whether the loop goes on while the condition fails.
        until: bool,
        /// The condition.
        condition: List,
        /// What is repeated.
        body: List,
    },
    /// `for name in word ...; do ...; done`
    For {
        /// The variable.
        name: String,
        /// Its values.
        words: Vec<Word>,
        /// What is repeated.
        body: List,
    },
}

/// A word: pieces side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The pieces.
    pub parts: Vec<Part>,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text {
        /// The text.
        text: String,
        /// Whether it was quoted: it is then no keyword, and not nothing even if it is empty.
        quoted: bool,
    },
    /// `$name`, `${name}` and so on.
    Variable {
        /// Which, and what if it is empty.
        parameter: Box<Parameter>,
        /// Whether its value stays in one piece.
        quoted: bool,
    },
    /// `$?`
    Status,
}

/// A variable to be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What to do depending on whether it has a value.
    pub modifier: Option<Modifier>,
}

/// What a parameter gives depending on whether it has a value: `${name:-word}` and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modifier {
    /// What it does.
    pub kind: ModifierKind,
    /// The word that it gives instead.
    pub word: Word,
    /// All that is between the braces, if there is no colon: U-Boot allows such names.
    pub whole: Option<String>,
}

/// What a modifier does. A variable without text counts as one without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModifierKind {
    /// `-`: the word instead of nothing.
    Default,
    /// `=`: the same, and sets it.
    Assign,
    /// `+`: the word if it has a value, else nothing.
    Alternative,
}

impl Word {
    /// The word's text if it could be a keyword: unquoted and without variables.
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [
                Part::Text {
                    text,
                    quoted: false,
                },
            ] => Some(text),
            _ => None,
        }
    }
}
