// SPDX-License-Identifier: GPL-2.0-or-later
//! `xenstore`: reads and changes XenStore, as Domain-0's `xenstore-*` tools do.
//!
//! Whatever other domains write there is printed escaped, and in bounded room.
#![cfg(CONFIG_CMD_XEN)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

#[path = "xenstore/tree.rs"]
mod tree;

use crate::{CmdError, CmdResult, Context};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::{Error, console, println};
use core::fmt::Write;
use dm::xen::Store;

/// How long a wait is before it is begun again.
const SLICE_MS: u64 = 1000;

fn do_xenstore(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args.get(1..).unwrap_or(&[]) {
        ["read", path] => read(ctx, path, None),
        ["read", path, variable] => read(ctx, path, Some(variable)),
        ["write", nodes @ ..] if !nodes.is_empty() => write(ctx, nodes),
        ["ls", rest @ ..] => list(ctx, rest),
        ["rm", paths @ ..] if !paths.is_empty() => remove(ctx, paths),
        ["exists", path] => exists(ctx, path),
        ["watch", "-n", count, paths @ ..] if !paths.is_empty() => {
            let count = count.parse().map_err(|_| CmdError::Usage)?;
            watch(ctx, paths, count)
        }
        ["watch", first, ..] if first.starts_with('-') => Err(CmdError::Usage),
        ["watch", paths @ ..] if !paths.is_empty() => watch(ctx, paths, u64::MAX),
        _ => Err(CmdError::Usage),
    }
}

fn read(ctx: &mut Context, path: &str, variable: Option<&str>) -> CmdResult {
    let value = store(ctx)?.read(path);
    let value = value.map_err(|error| failed("read", path, error))?;
    let text = escaped(trimmed(&value));
    match variable {
        Some(variable) => ctx.env.set(variable, &text)?,
        None => println!("{text}"),
    }
    Ok(())
}

fn write(ctx: &Context, words: &[&str]) -> CmdResult {
    let (pairs, []) = words.as_chunks::<2>() else {
        return Err(CmdError::Usage);
    };
    let nodes: Vec<_> = pairs
        .iter()
        .map(|[path, value]| (*path, unescaped(value)))
        .collect();
    let result = store(ctx)?.write(&nodes);
    let first = words.first().copied().unwrap_or_default();
    result.map_err(|error| failed("write", first, error))
}

fn list(ctx: &Context, args: &[&str]) -> CmdResult {
    let (full, path) = match args {
        ["-f"] => (true, None),
        ["-f", path] => (true, Some(*path)),
        [] => (false, None),
        [path] if !path.starts_with('-') => (false, Some(*path)),
        _ => return Err(CmdError::Usage),
    };
    let xen = dm::xen::get(&ctx.dm)?;
    let store = xen.store()?;
    // A path that is empty is none, so the home's own is needed.
    let home = || {
        let domain = xen.info()?.domain.ok_or(Error::NotFound)?;
        Ok::<_, Error>(alloc::format!("/local/domain/{domain}"))
    };
    let path = path.map_or_else(home, |path| Ok(path.into()))?;
    tree::show(&*store, &path, full)
}

fn remove(ctx: &Context, paths: &[&str]) -> CmdResult {
    let store = store(ctx)?;
    paths.iter().try_for_each(|path| {
        let result = store.remove(path);
        result.map_err(|error| failed("remove", path, error))
    })
}

fn exists(ctx: &Context, path: &str) -> CmdResult {
    match store(ctx)?.read(path) {
        Ok(_) => Ok(()),
        Err(Error::NotFound) => Err(CmdError::Failure),
        Err(error) => Err(failed("read", path, error)),
    }
}

/// Prints what changes, until Ctrl-C or `count` times.
fn watch(ctx: &Context, paths: &[&str], count: u64) -> CmdResult {
    let store = store(ctx)?;
    let watched = paths.iter().try_for_each(|path| {
        let result = store.watch(path);
        result.map_err(|error| failed("watch", path, error))
    });
    let result = watched.and_then(|()| report(&*store, count));
    // One that was never begun cannot be ended.
    paths.iter().for_each(|path| _ = store.unwatch(path));
    result
}

fn report(store: &dyn Store, count: u64) -> CmdResult {
    let mut left = count;
    while left > 0 {
        match store.changed(Deadline::after_ms(SLICE_MS)) {
            Ok(path) => {
                println!("{}", escaped(&path));
                left = left.saturating_sub(1);
            }
            Err(Error::Timeout) => {}
            Err(error) => return Err(error.into()),
        }
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
    }
    Ok(())
}

fn store(ctx: &Context) -> Result<Arc<dyn Store>, CmdError> {
    Ok(dm::xen::get(&ctx.dm)?.store()?)
}

/// Says what could not be done to a path, and the error's name; Ctrl-C is no failure of the path.
fn failed(what: &str, path: &str, error: Error) -> CmdError {
    match error {
        Error::Interrupted => error.into(),
        _ => {
            let path = escaped(path.as_bytes());
            println!("xenstore: couldn't {what} path {path}: {}", error.name());
            CmdError::Failure
        }
    }
}

/// A value without the zero bytes that some writers end it with.
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [rest @ .., 0] = value {
        value = rest;
    }
    value
}

/// Bytes as text that cannot drive a terminal, from which [`unescaped`] makes the bytes again.
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(byte)),
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            // Writing to a String cannot fail.
            _ => _ = write!(text, "\\x{byte:02x}"),
        }
    }
    text
}

/// The bytes that a text stands for: `\\`, `\t`, `\n`, `\r` and `\xHH` are one byte each.
fn unescaped(text: &str) -> Vec<u8> {
    let (mut rest, mut bytes) = (text.as_bytes(), Vec::new());
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match (byte, after) {
            (b'\\', [b'\\', after @ ..]) => (b'\\', after),
            (b'\\', [b't', after @ ..]) => (b'\t', after),
            (b'\\', [b'n', after @ ..]) => (b'\n', after),
            (b'\\', [b'r', after @ ..]) => (b'\r', after),
            (b'\\', [b'x', digits @ ..]) => match hex_byte(digits) {
                Some(byte) => (byte, digits.get(2..).unwrap_or(&[])),
                None => (b'\\', after),
            },
            _ => (byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    bytes
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digits = digits.get(..2)?;
    let digits = core::str::from_utf8(digits).ok()?;
    let valid = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| valid)
}

#[cfg(test)]
#[path = "xenstore/tests.rs"]
mod tests;

command! {
    name: "xenstore",
    max_args: 64,
    usage: "read and change XenStore",
    help: "read <path> [<var>]  - print the value of a node, or put it into a variable\n\
        xenstore write <path> <value> [<path> <value>]... - set values, all or none\n\
        xenstore ls [-f] [<path>]     - print a node's children with their values (-f: with whole paths)\n\
        xenstore rm <path>...         - remove nodes with all below them\n\
        xenstore exists <path>        - succeed if there is such a node\n\
        xenstore watch [-n <count>] <path>... - print what changes there, until Ctrl-C or <count> times\n\
        NOTE: A path without a leading '/' begins at this domain's home.\n\
        In values \\\\, \\t, \\n, \\r and \\xHH stand for one byte.",
    subcommands: &["exists", "ls", "read", "rm", "watch", "write"],
    run: do_xenstore,
}
