// SPDX-License-Identifier: GPL-2.0-or-later
//! Splits a script into words and operators.

use super::ast::{Modifier, ModifierKind, Parameter, Part, Word};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::iter::Peekable;
use core::str::Chars;

/// A piece of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A word.
    Word(Word),
    /// `;`
    Semicolon,
    /// The end of a line.
    Newline,
    /// `&&`
    And,
    /// `||`
    Or,
    /// The end of the script.
    End,
}

/// Why a script cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It ends too early: more lines could complete it.
    Incomplete(&'static str),
    /// It is wrong: this was found where it must not be.
    Unexpected(String),
    /// Too many compound commands inside each other.
    TooDeep,
}

impl core::fmt::Display for ParseError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            ParseError::Incomplete(what) => write!(f, "{what} is missing"),
            ParseError::Unexpected(what) => write!(f, "unexpected {what}"),
            ParseError::TooDeep => f.write_str("nested too deeply"),
        }
    }
}

/// How many parameters may be inside each other.
const MAX_DEPTH: usize = 16;

/// The characters of a script, and how far they were read.
pub struct Lexer<'a> {
    chars: Peekable<Chars<'a>>,
    /// How many parameters are open.
    depth: usize,
    /// Whether text between double quotes is read a second time, as U-Boot's older parser does if
    /// something in it is replaced by a value: any character loses a backslash before it, and
    /// lines become one.
    second: bool,
}

impl<'a> Lexer<'a> {
    /// Begins at the start of a script.
    pub fn new(script: &'a str) -> Lexer<'a> {
        Lexer {
            chars: script.chars().peekable(),
            depth: 0,
            second: false,
        }
    }

    /// The next token.
    ///
    /// # Errors
    /// A quote or brace without its end; an operator that the shell does not have.
    pub fn next(&mut self) -> Result<Token, ParseError> {
        self.skip_blanks();
        let Some(&c) = self.chars.peek() else {
            return Ok(Token::End);
        };
        let token = match c {
            '\n' => Token::Newline,
            ';' => Token::Semicolon,
            '&' => return self.double('&', Token::And),
            '|' => return self.double('|', Token::Or),
            _ => return self.word().map(Token::Word),
        };
        self.chars.next();
        Ok(token)
    }

    /// Skips blanks, comments and line continuations between tokens.
    fn skip_blanks(&mut self) {
        while let Some(&c) = self.chars.peek() {
            let continuation = || {
                let mut ahead = self.chars.clone();
                ahead.next();
                ahead.next() == Some('\n')
            };
            match c {
                ' ' | '\t' | '\r' => {}
                '#' => {
                    while self.chars.next_if(|&c| c != '\n').is_some() {}
                    continue;
                }
                '\\' if continuation() => _ = self.chars.next(),
                _ => return,
            }
            self.chars.next();
        }
    }

    fn double(&mut self, c: char, token: Token) -> Result<Token, ParseError> {
        self.chars.next();
        match self.chars.next_if_eq(&c) {
            Some(_) => Ok(token),
            None => Err(ParseError::Unexpected(alloc::format!("'{c}'"))),
        }
    }

    fn word(&mut self) -> Result<Word, ParseError> {
        let mut word = Word::default();
        let ends = |c: &char| matches!(c, ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|');
        while let Some(c) = self.chars.next_if(|c| !ends(c)) {
            self.piece(c, &mut word)?;
        }
        Ok(word)
    }

    /// A character of a word, and what belongs to it, outside of quotes.
    fn piece(&mut self, c: char, word: &mut Word) -> Result<(), ParseError> {
        match c {
            '\'' => word.push_quoted(self.single_quoted()?),
            '"' => self.double_quoted(word)?,
            '$' => _ = self.dollar(word, false)?,
            '\\' => match self.chars.next() {
                Some('\n') => {}
                Some(c) => word.push_quoted(c.to_string()),
                None => return Err(ParseError::Incomplete("the character after '\\'")),
            },
            c => word.push_char(c, false),
        }
        Ok(())
    }

    /// Text without its backslashes: scripts for U-Boot's older parser write `'\\\&'` for
    /// what is `\&` in a variable, and `&` when that is run. None keeps the quote open.
    fn single_quoted(&mut self) -> Result<String, ParseError> {
        let mut text = String::new();
        loop {
            match self.chars.next() {
                Some('\'') => return Ok(text),
                Some('\\') => text.extend(self.chars.next_if(|&c| c != '\'')),
                Some(c) => text.push(c),
                None => return Err(ParseError::Incomplete("the closing \"'\"")),
            }
        }
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), ParseError> {
        let begin = self.chars.clone();
        let mut text = Word::default();
        if self.between_quotes(&mut text)? && !self.second {
            (text, self.chars) = (Word::default(), begin);
            self.second = true;
            let result = self.between_quotes(&mut text);
            self.second = false;
            result?;
        }
        word.parts.append(&mut text.parts);
        Ok(())
    }

    /// All up to the closing double quote; returns whether something in it is replaced by a value.
    fn between_quotes(&mut self, word: &mut Word) -> Result<bool, ParseError> {
        // Even if nothing is between the quotes, there is a word.
        word.push_quoted(String::new());
        let mut replaced = false;
        loop {
            match self.chars.next() {
                Some('"') => return Ok(replaced),
                // Within these nothing is replaced before the text is run.
                Some('\'') if self.is_closed_before_quote() => {
                    word.push_quoted(self.single_quoted()?);
                }
                Some('\n') if self.second => word.push_char(' ', true),
                Some(c) => replaced |= self.quoted_piece(c, word)?,
                None => return Err(ParseError::Incomplete("the closing '\"'")),
            }
        }
    }

    /// A character between double quotes, and what belongs to it; returns whether that is
    /// replaced by a value.
    fn quoted_piece(&mut self, c: char, word: &mut Word) -> Result<bool, ParseError> {
        let second = self.second;
        match c {
            '$' => return self.dollar(word, true),
            '\\' => match self.chars.next_if(|c| second || "$\"\\\n".contains(*c)) {
                Some('\n') if second => word.push_char(' ', true),
                Some('\n') => {}
                Some(c) => word.push_char(c, true),
                None => {
                    word.push_char('\\', true);
                    // This begins nothing.
                    let quote = self.chars.next_if_eq(&'\'');
                    quote.into_iter().for_each(|c| word.push_char(c, true));
                }
            },
            c => word.push_char(c, true),
        }
        Ok(false)
    }

    /// Whether there is a single quote before the next double one.
    fn is_closed_before_quote(&self) -> bool {
        self.chars.clone().find(|c| matches!(c, '\'' | '"')) == Some('\'')
    }

    /// What follows a dollar sign; returns whether it is replaced by a value.
    fn dollar(&mut self, word: &mut Word, quoted: bool) -> Result<bool, ParseError> {
        let parameter = match self.chars.peek() {
            Some('?') => {
                self.chars.next();
                word.parts.push(Part::Status);
                return Ok(true);
            }
            Some('{') => {
                self.chars.next();
                self.braces(quoted)?
            }
            Some(c) if c.is_ascii_alphabetic() || *c == '_' => Parameter {
                name: self.name(),
                modifier: None,
            },
            _ => {
                word.push_char('$', quoted);
                return Ok(false);
            }
        };
        word.parts.push(Part::Variable {
            parameter: Box::new(parameter),
            quoted,
        });
        Ok(true)
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self
            .chars
            .next_if(|c| c.is_ascii_alphanumeric() || *c == '_')
        {
            name.push(c);
        }
        name
    }

    /// What is between `${` and `}`.
    fn braces(&mut self, quoted: bool) -> Result<Parameter, ParseError> {
        const OPEN: ParseError = ParseError::Incomplete("the closing '}'");
        let mut name = String::new();
        loop {
            let c = self.chars.next().ok_or(OPEN)?;
            let kind = match c {
                '}' => {
                    return Ok(Parameter {
                        name,
                        modifier: None,
                    });
                }
                ':' => match self.chars.next_if(|c| modifier(*c).is_some()) {
                    Some(c) => modifier(c),
                    // U-Boot takes no notice of a modifier that it does not know.
                    None => {
                        self.until_brace(quoted)?;
                        return Ok(Parameter {
                            name,
                            modifier: None,
                        });
                    }
                },
                _ if name.is_empty() => None,
                c => modifier(c),
            };
            let Some(kind) = kind else {
                name.push(c);
                continue;
            };
            let ahead = self.chars.clone();
            let word = self.until_brace(quoted)?;
            let whole = (c != ':').then(|| {
                let text = ahead.take_while(|&c| c != '}').collect::<String>();
                alloc::format!("{name}{c}{text}")
            });
            let modifier = Some(Modifier { kind, word, whole });
            return Ok(Parameter { name, modifier });
        }
    }

    /// The word of a modifier, with the brace behind it.
    fn until_brace(&mut self, quoted: bool) -> Result<Word, ParseError> {
        if self.depth >= MAX_DEPTH {
            return Err(ParseError::TooDeep);
        }
        self.depth += 1;
        let mut word = Word::default();
        loop {
            match self.chars.next() {
                Some('}') => break,
                Some('"') if quoted => self.double_quoted(&mut word)?,
                Some('\\') if quoted && self.chars.peek() == Some(&'}') => {
                    word.push_quoted(self.chars.next().into_iter().collect());
                }
                Some(c) if quoted => _ = self.quoted_piece(c, &mut word)?,
                Some(c) => self.piece(c, &mut word)?,
                None => return Err(ParseError::Incomplete("the closing '}'")),
            }
        }
        self.depth -= 1;
        Ok(word)
    }
}

fn modifier(c: char) -> Option<ModifierKind> {
    match c {
        '-' => Some(ModifierKind::Default),
        '=' => Some(ModifierKind::Assign),
        '+' => Some(ModifierKind::Alternative),
        _ => None,
    }
}

impl Word {
    fn push_char(&mut self, c: char, quote: bool) {
        match self.parts.last_mut() {
            Some(Part::Text { text, quoted }) if *quoted == quote => text.push(c),
            _ => self.parts.push(Part::Text {
                text: c.to_string(),
                quoted: quote,
            }),
        }
    }

    fn push_quoted(&mut self, more: String) {
        match self.parts.last_mut() {
            Some(Part::Text { text, quoted: true }) => text.push_str(&more),
            _ => self.parts.push(Part::Text {
                text: more,
                quoted: true,
            }),
        }
    }
}
