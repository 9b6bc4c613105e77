// SPDX-License-Identifier: GPL-2.0-or-later
//! What the commands that hash memory share.
//!
//! Behaviour: U-Boot, `common/hash.c`.
#![cfg(any(
    CONFIG_CMD_CRC32,
    CONFIG_CMD_HASH,
    CONFIG_CMD_MD5SUM,
    CONFIG_CMD_SHA1SUM,
    CONFIG_CMD_SHA256SUM,
    CONFIG_CMD_SM3SUM
))]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use boot::hash::{self, Algorithm};
use common::progress::in_steps;
use common::{print, println};

/// Where a hash goes to, if it is not in the environment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To a variable, or to `*ADDRESS`.
    Variable,
    /// To an address.
    Address,
}

/// `NAME [-v] address count [target]`: hashes memory with one algorithm.
///
/// `verify` says whether `-v` is known; then the target is a hash, a variable
/// with one, or `*ADDRESS` of one.
pub fn sum(
    ctx: &mut Context,
    args: &[&str],
    algorithm: &str,
    verify: bool,
    target: Target,
) -> CmdResult {
    match args {
        [_, "-v", rest @ ..] if verify => check(ctx, algorithm, rest),
        [_, rest @ ..] => compute(ctx, algorithm, rest, target),
        [] => Err(CmdError::Usage),
    }
}

/// Hashes, shows the hash, and stores it if there is a third argument.
pub fn compute(ctx: &mut Context, algorithm: &str, args: &[&str], target: Target) -> CmdResult {
    let &[address, len, ref rest @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let memory = (hex(address)?, hex(len)?);
    let algorithm = lookup(algorithm)?;
    let hash = hash_of(ctx, algorithm, memory)?;
    show(algorithm, memory, &hash);
    println!();
    match *rest {
        [] => Ok(()),
        [to] => match to.strip_prefix('*') {
            Some(address) if target == Target::Variable => store(ctx, address, &hash),
            _ if target == Target::Address => store(ctx, to, &hash),
            _ => Ok(ctx.env.set(to, &digits(&hash))?),
        },
        _ => Err(CmdError::Usage),
    }
}

/// Hashes, and compares the hash with the third argument; shows both if they differ.
pub fn check(ctx: &mut Context, algorithm: &str, args: &[&str]) -> CmdResult {
    let &[address, len, expected] = args else {
        return Err(CmdError::Usage);
    };
    let memory = (hex(address)?, hex(len)?);
    let algorithm = lookup(algorithm)?;
    let hash = hash_of(ctx, algorithm, memory)?;
    let expected = match expected.strip_prefix('*') {
        Some(address) => ctx.ram.slice(hex(address)?, algorithm.size)?.to_vec(),
        None => expected_hash(ctx, algorithm, expected).ok_or_else(|| {
            println!(
                "ERROR: {expected} does not contain a valid {} sum",
                algorithm.name
            );
            CmdError::Failure
        })?,
    };
    if hash == expected {
        return Ok(());
    }
    show(algorithm, memory, &hash);
    println!(" != {} ** ERROR **", digits(&expected));
    Err(CmdError::Failure)
}

fn lookup(name: &str) -> Result<&'static Algorithm, CmdError> {
    hash::lookup(name).ok_or_else(|| {
        println!("Unknown hash algorithm '{name}'");
        CmdError::Usage
    })
}

fn hash_of(ctx: &Context, algorithm: &Algorithm, memory: (u64, u64)) -> Result<Vec<u8>, CmdError> {
    let len = usize::try_from(memory.1).unwrap_or(usize::MAX);
    let bytes = ctx.ram.slice(memory.0, len)?;
    let mut hasher = algorithm.start();
    in_steps(len as u64, ctx.is_silent(), |step| {
        hasher.update(&bytes[step.start as usize..step.end as usize]);
        Ok(step.end - step.start)
    })?;
    Ok(hasher.finish())
}

fn show(algorithm: &Algorithm, (address, len): (u64, u64), hash: &[u8]) {
    let last = address.wrapping_add(len).wrapping_sub(1);
    print!(
        "{} for {address:08x} ... {last:08x} ==> {}",
        algorithm.name,
        digits(hash)
    );
}

fn store(ctx: &mut Context, address: &str, hash: &[u8]) -> CmdResult {
    let memory = ctx.ram.slice_mut(hex(address)?, hash.len())?;
    memory.copy_from_slice(hash);
    Ok(())
}

/// The hash that a word is, if it has as many digits, or else that the variable of this name has.
fn expected_hash(ctx: &Context, algorithm: &Algorithm, word: &str) -> Option<Vec<u8>> {
    let count = algorithm.size * 2;
    let text = match word.len() == count {
        true => word,
        false => ctx.env.get(word).unwrap_or_default(),
    };
    if text.len() != count {
        println!("Expected {count} hex digits in env var");
        return None;
    }
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let pair = core::str::from_utf8(pair).ok()?;
            let valid = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            u8::from_str_radix(pair, 16).ok().filter(|_| valid)
        })
        .collect()
}

fn digits(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
