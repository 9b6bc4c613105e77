// SPDX-License-Identifier: GPL-2.0-or-later
//! Turns a script into what is to be done.
//!
//! The grammar is that of U-Boot's hush: lists, `&&`, `||`, `if`, `while`,
//! `until` and `for`. Recursion is bounded by [`MAX_DEPTH`].

use super::ast::{Chain, Connector, List, Node, Part, Word};
use super::lexer::{Lexer, ParseError, Token};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How many compound commands may be inside each other.
pub const MAX_DEPTH: usize = 32;

/// Words that begin or end something where a command is expected.
const KEYWORDS: [&str; 11] = [
    "if", "then", "elif", "else", "fi", "while", "until", "for", "do", "done", "in",
];

/// Parses a script.
///
/// # Errors
/// What is wrong with it.
pub fn parse(script: &str) -> Result<List, ParseError> {
    let mut lines = Lines::new(script);
    let mut list = List::new();
    while let Some(line) = lines.next()? {
        list.extend(line);
    }
    Ok(list)
}

/// The lines of a script, with those that belong to a command that one begins.
pub struct Lines<'a> {
    parser: Parser<'a>,
}

impl<'a> Lines<'a> {
    /// Begins at the start of a script.
    pub fn new(script: &'a str) -> Lines<'a> {
        Lines {
            parser: Parser {
                lexer: Lexer::new(script),
                token: Token::Newline,
                depth: 1,
            },
        }
    }

    /// The commands of the next line that has any; `None` at the end.
    ///
    /// # Errors
    /// What is wrong with that line.
    pub fn next(&mut self) -> Result<Option<List>, ParseError> {
        let parser = &mut self.parser;
        parser.skip_separators()?;
        let mut line = List::new();
        while !matches!(parser.token, Token::Newline | Token::End) {
            line.push(parser.chain()?);
            match parser.token {
                Token::Newline | Token::End => break,
                Token::Semicolon => parser.skip_semicolons()?,
                _ => return Err(parser.unexpected()),
            }
        }
        Ok((!line.is_empty()).then_some(line))
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The token to be looked at next.
    token: Token,
    depth: usize,
}

impl Parser<'_> {
    /// Commands up to the end of the script or to a keyword that begins none.
    fn list(&mut self) -> Result<List, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ParseError::TooDeep);
        }
        let mut list = List::new();
        loop {
            self.skip_separators()?;
            if self.token == Token::End || self.at_closing_keyword() {
                self.depth -= 1;
                return Ok(list);
            }
            list.push(self.chain()?);
            let separated = matches!(self.token, Token::Semicolon | Token::Newline | Token::End);
            if !separated && !self.at_closing_keyword() {
                return Err(self.unexpected());
            }
        }
    }

    fn chain(&mut self) -> Result<Chain, ParseError> {
        let first = self.node()?;
        let mut rest = Vec::new();
        loop {
            let connector = match self.token {
                Token::And => Connector::And,
                Token::Or => Connector::Or,
                _ => return Ok(Chain { first, rest }),
            };
            self.advance()?;
            self.skip_newlines()?;
            rest.push((connector, self.node()?));
        }
    }

    fn node(&mut self) -> Result<Node, ParseError> {
        match self.keyword() {
            Some("if") => self.branches(),
            Some("while") => self.repetition(false),
            Some("until") => self.repetition(true),
            Some("for") => self.iteration(),
            Some(_) => Err(self.unexpected()),
            None => match self.token {
                Token::Word(_) => self.simple(),
                Token::End => Err(ParseError::Incomplete("a command")),
                _ => Err(self.unexpected()),
            },
        }
    }

    fn branches(&mut self) -> Result<Node, ParseError> {
        let mut branches = Vec::new();
        let mut otherwise = List::new();
        self.advance()?;
        loop {
            let condition = self.condition()?;
            self.expect("then")?;
            branches.push((condition, self.list()?));
            match self.keyword() {
                Some("elif") => self.advance()?,
                Some("else") => {
                    self.advance()?;
                    otherwise = self.list()?;
                    break;
                }
                _ => break,
            }
        }
        self.expect("fi")?;
        Ok(Node::If {
            branches,
            otherwise,
        })
    }

    fn repetition(&mut self, until: bool) -> Result<Node, ParseError> {
        self.advance()?;
        let condition = self.condition()?;
        let body = self.body()?;
        Ok(Node::Loop {
            until,
            condition,
            body,
        })
    }

    fn iteration(&mut self) -> Result<Node, ParseError> {
        self.advance()?;
        let name = match &self.token {
            Token::Word(word) => word.plain().filter(|name| is_name(name)),
            _ => None,
        };
        let name = name.ok_or_else(|| self.unexpected())?.to_string();
        self.advance()?;
        self.skip_newlines()?;
        self.expect("in")?;
        let mut words = Vec::new();
        while let Token::Word(word) = &mut self.token {
            words.push(core::mem::take(word));
            self.advance()?;
        }
        if self.token != Token::End && !matches!(self.token, Token::Semicolon | Token::Newline) {
            return Err(self.unexpected());
        }
        self.skip_separators()?;
        let body = self.body()?;
        Ok(Node::For { name, words, body })
    }

    fn body(&mut self) -> Result<List, ParseError> {
        self.expect("do")?;
        let body = self.list()?;
        self.expect("done")?;
        Ok(body)
    }

    /// A list that must not be empty: without a command there is no status.
    fn condition(&mut self) -> Result<List, ParseError> {
        let list = self.list()?;
        match list.is_empty() && self.token != Token::End {
            true => Err(self.unexpected()),
            false => Ok(list),
        }
    }

    fn simple(&mut self) -> Result<Node, ParseError> {
        let mut assignments = Vec::new();
        let mut words = Vec::new();
        while let Token::Word(word) = &mut self.token {
            let word = core::mem::take(word);
            match words.is_empty().then(|| assignment(&word)).flatten() {
                Some(assignment) => assignments.push(assignment),
                None => words.push(word),
            }
            self.advance()?;
        }
        Ok(Node::Simple { assignments, words })
    }

    fn expect(&mut self, keyword: &'static str) -> Result<(), ParseError> {
        match self.keyword() {
            Some(found) if found == keyword => self.advance(),
            _ if self.token == Token::End => Err(ParseError::Incomplete(keyword)),
            _ => Err(self.unexpected()),
        }
    }

    fn skip_separators(&mut self) -> Result<(), ParseError> {
        while matches!(self.token, Token::Semicolon | Token::Newline) {
            self.advance()?;
        }
        Ok(())
    }

    fn skip_semicolons(&mut self) -> Result<(), ParseError> {
        while self.token == Token::Semicolon {
            self.advance()?;
        }
        Ok(())
    }

    fn skip_newlines(&mut self) -> Result<(), ParseError> {
        while self.token == Token::Newline {
            self.advance()?;
        }
        Ok(())
    }

    fn keyword(&self) -> Option<&str> {
        match &self.token {
            Token::Word(word) => word.plain().filter(|word| KEYWORDS.contains(word)),
            _ => None,
        }
    }

    fn at_closing_keyword(&self) -> bool {
        matches!(
            self.keyword(),
            Some("then" | "elif" | "else" | "fi" | "do" | "done")
        )
    }

    fn unexpected(&self) -> ParseError {
        let what = match &self.token {
            Token::Word(word) => format!("'{}'", word.plain().unwrap_or("...")),
            Token::Semicolon => "';'".to_string(),
            Token::Newline => "end of line".to_string(),
            Token::And => "'&&'".to_string(),
            Token::Or => "'||'".to_string(),
            Token::End => "end".to_string(),
        };
        ParseError::Unexpected(what)
    }

    fn advance(&mut self) -> Result<(), ParseError> {
        self.token = self.lexer.next()?;
        Ok(())
    }
}

/// The name and the value of a word like `name=value`.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Part::Text {
        text,
        quoted: false,
    }) = word.parts.first()
    else {
        return None;
    };
    let (name, rest) = text.split_once('=').filter(|(name, _)| is_name(name))?;
    let mut value = word.clone();
    value.parts[0] = Part::Text {
        text: rest.to_string(),
        quoted: false,
    };
    Some((name.to_string(), value))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests;
