// SPDX-License-Identifier: GPL-2.0-or-later
//! `fsinfo`: what is known of a file system.
//!
//! U-Boot has this for JFFS2 only; here it is of a partition.
#![cfg(CONFIG_CMD_FSINFO)]

use crate::{CmdError, CmdResult, Context, complete, fs_common};
use common::println;
use common::size::Size;

fn do_fsinfo(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[_, interface, ref spec @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let fs = fs_common::mount(ctx, interface, spec.first().copied(), None)?;
    println!("Type:  {}", fs.name());
    println!("Label: {}", fs_common::printable(fs.label().as_bytes()));
    println!("UUID:  {}", fs.uuid());
    let space = fs.space()?;
    for (what, count) in [("Size: ", space.total), ("Free: ", space.free)] {
        let size = Size(count.saturating_mul(space.unit));
        println!("{what} {size} ({count} x {})", space.unit);
    }
    Ok(())
}

command! {
    name: "fsinfo",
    max_args: 3,
    repeatable: true,
    usage: "print information about filesystems",
    help: "<interface> [<dev[:part]>]\n    \
        - print the type, the label, the UUID, the size and the free space of\n      \
        a file system",
    complete: complete::place_at::<1>,
    run: do_fsinfo,
}
