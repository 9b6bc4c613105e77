// SPDX-License-Identifier: GPL-2.0-or-later
//! What commands that change files share: `save`, `mkdir`, `rm`, `mv` and `ln`,
//! for any file system or for a certain one.
//!
//! Behaviour: U-Boot, `fs/fs.c`, `doc/usage/cmd/mv.rst` and `test/py/tests/test_fs/`.
#![cfg(any(CONFIG_CMD_FS_GENERIC, all(CONFIG_CMD_FAT, CONFIG_FAT_WRITE)))]

use crate::fs_common::{fail, mount, report};
use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use alloc::format;
use common::{Error, println};
use fs::FileType;

/// `save`: writes memory to a file, which then ends with it.
///
/// `only` is the name of the one file system that will do; so for all of these.
pub fn save(ctx: &mut Context, args: &[&str], only: Option<&str>) -> CmdResult {
    let &[_, interface, spec, address, file, len, ref position @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let fs = mount(ctx, interface, Some(spec), only)?;
    let (address, len) = (hex(address)?, hex(len)?);
    let position = position.first().map_or(Ok(0), |position| hex(position))?;
    let memory = usize::try_from(len).map_err(|_| Error::OutOfRange)?;
    let memory = ctx.ram.slice(address, memory)?;
    let start = arch::time::ms();
    fs.write(file, position, memory)
        .map_err(|error| unable(&format!("write file {file}"), error))?;
    println!("{}", report(len, "written", arch::time::ms() - start));
    Ok(())
}

/// `mkdir`: makes a directory.
pub fn mkdir(ctx: &mut Context, args: &[&str], only: Option<&str>) -> CmdResult {
    let &[_, interface, spec, path] = args else {
        return Err(CmdError::Usage);
    };
    let fs = mount(ctx, interface, Some(spec), only)?;
    fs.mkdir(path)
        .map_err(|error| unable(&format!("create a directory \"{path}\""), error))
}

/// `rm`: removes a file or an empty directory.
pub fn rm(ctx: &mut Context, args: &[&str], only: Option<&str>) -> CmdResult {
    let &[_, interface, spec, path] = args else {
        return Err(CmdError::Usage);
    };
    let fs = mount(ctx, interface, Some(spec), only)?;
    fs.remove(path).map_err(|error| match error {
        Error::NotFound | Error::NotADirectory => {
            println!("{}: doesn't exist ({})", name(path), error.errno());
            CmdError::Failure
        }
        error => fail("Error", error),
    })
}

/// `mv`: gives a file or directory another name, or moves it into a directory.
///
/// As in U-Boot, what cannot be because of what is there already, or is not
/// there, is a failure without a word.
pub fn mv(ctx: &mut Context, args: &[&str], only: Option<&str>) -> CmdResult {
    let &[_, interface, spec, from, to] = args else {
        return Err(CmdError::Usage);
    };
    let fs = mount(ctx, interface, Some(spec), only)?;
    let is_dir = fs.metadata(to).map(|to| to.kind) == Ok(FileType::Directory);
    let result = match is_dir {
        true => fs.rename(
            from,
            &format!("{}/{}", to.trim_end_matches('/'), name(from)),
        ),
        false => fs.rename(from, to),
    };
    result.map_err(|error| match error {
        Error::NotFound
        | Error::NotADirectory
        | Error::IsADirectory
        | Error::NotEmpty
        | Error::Invalid(_) => CmdError::Failure,
        error => unable(&format!("rename {from} -> {to}"), error),
    })
}

/// `ln`: makes a symbolic link.
pub fn ln(ctx: &mut Context, args: &[&str], only: Option<&str>) -> CmdResult {
    let &[_, interface, spec, target, path] = args else {
        return Err(CmdError::Usage);
    };
    let fs = mount(ctx, interface, Some(spec), only)?;
    fs.symlink(target, path)
        .map_err(|error| unable(&format!("create link {target} -> {path}"), error))
}

/// The last name of a path.
fn name(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Says in U-Boot's words what could not be done, and then why.
fn unable(what: &str, error: Error) -> CmdError {
    if error == Error::Interrupted {
        return error.into();
    }
    println!("** Unable to {what} ** ({error})");
    CmdError::Failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_name_of_a_path() {
        assert_eq!(name("a"), "a");
        assert_eq!(name("/a/b/"), "b");
        assert_eq!(name("/"), "");
    }
}
