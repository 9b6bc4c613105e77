// SPDX-License-Identifier: GPL-2.0-or-later
//! `env export`: writes variables to memory, as text or as they are stored.

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use alloc::format;
use alloc::vec::Vec;
use common::println;
use env::{Env, Separator};
use include::config::CONFIG_ENV_SIZE;

/// The form of an exchange.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `-t`: lines of text.
    Text,
    /// `-b`: variables with NUL between them.
    Binary,
    /// `-c`: with a checksum, as they are stored.
    Checksum,
}

impl Form {
    /// The form that an option's letter means.
    pub fn of(letter: char) -> Option<Form> {
        match letter {
            't' => Some(Form::Text),
            'b' => Some(Form::Binary),
            'c' => Some(Form::Checksum),
            _ => None,
        }
    }

    /// What stands behind each variable.
    pub fn separator(self) -> Separator {
        match self {
            Form::Text => Separator::Newline,
            _ => Separator::Nul,
        }
    }
}

pub fn do_export(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (form, size, rest) = options(args)?;
    let [address, names @ ..] = rest else {
        return Err(CmdError::Usage);
    };
    let address = hex(address)?;
    let variables = ctx.env.export(form.separator(), names);
    let header = if form == Form::Checksum {
        Env::HEADER
    } else {
        0
    };
    let room = match (size, form) {
        (0, Form::Text) => variables.len(),
        (0, _) => Env::CAPACITY,
        (size, _) => size.saturating_sub(header),
    };
    if variables.len() > room {
        let need = variables.len();
        println!("Env export buffer too small: {room}, but need {need}");
        println!("## Error: Cannot export environment: errno = 12");
        return Err(CmdError::Failure);
    }
    let place = ctx.ram.load_region(address, room + header)?;
    let (used, unused) = place[header..].split_at_mut(variables.len());
    used.copy_from_slice(&variables);
    unused.fill(0);
    if form == Form::Checksum {
        env::seal(place);
    }
    let filesize = match (form, size) {
        (Form::Text, _) => format!("{room:X}"),
        // Without a size, U-Boot counts the checksum in both forms.
        (_, 0) => format!("{CONFIG_ENV_SIZE:x}"),
        (_, size) => format!("{size:x}"),
    };
    Ok(ctx.env.set("filesize", &filesize)?)
}

/// The form, the size or 0, and the other words.
fn options<'a>(args: &'a [&'a str]) -> Result<(Form, usize, &'a [&'a str]), CmdError> {
    let mut forms = Vec::new();
    let (mut size, mut rest) = (0, &args[1..]);
    'words: while let [option, others @ ..] = rest {
        let Some(letters) = option.strip_prefix('-') else {
            break;
        };
        rest = others;
        for letter in letters.chars() {
            if letter == 's' {
                let [number, others @ ..] = rest else {
                    return Err(CmdError::Usage);
                };
                size = hex(number)? as usize;
                rest = others;
                continue 'words;
            }
            forms.push(Form::of(letter).ok_or(CmdError::Usage)?);
        }
    }
    if forms.len() > 1 {
        println!(
            "## Error: {}: only one of \"-b\", \"-c\" or \"-t\" allowed",
            args[0]
        );
        return Err(CmdError::Failure);
    }
    Ok((forms.first().copied().unwrap_or(Form::Text), size, rest))
}
