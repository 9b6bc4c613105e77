// SPDX-License-Identifier: GPL-2.0-or-later
//! `fsuuid`: the identity of a file system.
#![cfg(CONFIG_CMD_FS_UUID)]

use crate::{CmdError, CmdResult, Context, complete, fs_common};
use common::println;

fn do_fsuuid(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[_, interface, spec, ref variable @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let uuid = fs_common::mount(ctx, interface, Some(spec), None)?.uuid();
    match variable.first() {
        Some(variable) => ctx.env.set(variable, &uuid)?,
        None => println!("{uuid}"),
    }
    Ok(())
}

command! {
    name: "fsuuid",
    max_args: 4,
    repeatable: true,
    usage: "Look up a filesystem UUID",
    help: "<interface> <dev>:<part>\n    - print the UUID of the file system\n\
        fsuuid <interface> <dev>:<part> <varname>\n    - set a variable to it",
    complete: complete::place_at::<1>,
    run: do_fsuuid,
}
