// SPDX-License-Identifier: GPL-2.0-or-later
//! `env import`: sets variables from memory.

use super::export::Form;
use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use arch::mem::Ram;
use common::{Error, println};
use env::{By, Env, Import, Separator};

/// The longest text without a size.
const MAX_SIZE: usize = 1 << 20;

/// The options of a call.
#[derive(Default)]
struct Options {
    form: Option<Form>,
    crlf: bool,
    delete: bool,
}

pub fn do_import(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (options, rest) = options(args)?;
    let [address, rest @ ..] = rest else {
        return Err(CmdError::Usage);
    };
    if options.form.is_none() {
        println!("## Warning: defaulting to text format");
    }
    let form = options.form.unwrap_or(Form::Text);
    let address = hex(address)?;
    let (size, names) = match rest {
        [] => (None, rest),
        ["-", names @ ..] => (None, names),
        [size, names @ ..] => (Some(hex(size)?), names),
    };
    if size.is_none() && form == Form::Checksum {
        println!("## Error: external checksum format must pass size");
        return Err(CmdError::Failure);
    }
    let how = Import {
        separator: form.separator(),
        crlf: options.crlf,
        delete: options.delete,
        names,
        by: By::User,
    };
    let Context { ram, env, .. } = ctx;
    let data = data(ram, address, size, form)?;
    env.import(data, &how).map_err(|error| match error {
        Error::Interrupted => error.into(),
        _ => {
            let number = -error.errno();
            println!("## Error: Environment import failed: errno = {number} ({error})");
            CmdError::Failure
        }
    })
}

fn options<'a>(args: &'a [&'a str]) -> Result<(Options, &'a [&'a str]), CmdError> {
    let (mut options, mut rest) = (Options::default(), &args[1..]);
    while let [option, others @ ..] = rest {
        let Some(letters) = option.strip_prefix('-') else {
            break;
        };
        for letter in letters.chars() {
            match (letter, Form::of(letter)) {
                (_, Some(_)) if options.form.is_some() => {
                    println!(
                        "## {}: only one of \"-b\", \"-c\" or \"-t\" allowed",
                        args[0]
                    );
                    return Err(CmdError::Failure);
                }
                (_, Some(form)) => options.form = Some(form),
                ('r', _) => options.crlf = true,
                ('d', _) => options.delete = true,
                _ => return Err(CmdError::Usage),
            }
        }
        rest = others;
    }
    Ok((options, rest))
}

/// The bytes of the variables.
fn data(ram: &Ram, address: u64, size: Option<u64>, form: Form) -> Result<&[u8], CmdError> {
    let Some(size) = size else {
        return terminated(ram, address, form.separator());
    };
    let data = ram.slice(address, usize::try_from(size).unwrap_or(usize::MAX))?;
    if form != Form::Checksum {
        return Ok(data);
    }
    if data.len() <= Env::HEADER {
        println!("## Error: Invalid size 0x{size:X}");
        return Err(CmdError::Failure);
    }
    env::variables_of(data).ok_or_else(|| {
        println!("## Error: bad CRC, import failed");
        CmdError::Failure
    })
}

/// The bytes up to a separator with a NUL behind it, and both of them.
fn terminated(ram: &Ram, address: u64, separator: Separator) -> Result<&[u8], CmdError> {
    let bank = ram.banks().find(|bank| bank.contains(&address));
    let left = bank.map_or(0, |bank| bank.end - address);
    let room = left.min(MAX_SIZE as u64 + 2) as usize;
    // At least what shows that there is no RAM.
    let data = ram.slice(address, room.max(2))?;
    let end: &[u8] = match separator {
        Separator::Nul => b"\0\0",
        Separator::Newline => b"\n\0",
    };
    let length = data.windows(2).position(|pair| pair == end);
    if length.is_none() {
        println!("## Warning: Input data exceeds {MAX_SIZE} bytes - truncated");
    }
    let size = length.map_or(data.len(), |length| length + 2);
    println!("## Info: input data size = {size} = 0x{size:X}");
    Ok(&data[..size])
}
