// SPDX-License-Identifier: GPL-2.0-or-later
//! `read`, `write`: blocks of a partition or disk.
//!
//! Behaviour: U-Boot, `cmd/read.c`.
#![cfg(any(CONFIG_CMD_READ, CONFIG_CMD_WRITE))]

use crate::blk_common::{Direction, Transfer};
use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use common::{Error, println};
use disk::Whole;

fn transfer(ctx: &mut Context, args: &[&str], direction: Direction) -> CmdResult {
    let &[name, interface, spec, address, block, count] = args else {
        return Err(CmdError::Usage);
    };
    let boot_device = ctx.env.get("bootdevice");
    let location =
        disk::locate_by_name(&ctx.dm, interface, Some(spec), boot_device, Whole::Allowed);
    let location = location.map_err(|error| {
        println!("{error}");
        CmdError::Failure
    })?;
    let [address, block, count] = [hex(address)?, hex(block)?, hex(count)?];
    let partition = &location.partition;
    let fits = block
        .checked_add(count)
        .is_some_and(|end| end <= partition.blocks);
    let Some(first) = partition.start.checked_add(block).filter(|_| fits) else {
        println!("{name} out of range");
        return Err(CmdError::Failure);
    };
    let transfer = Transfer::new(ctx, &location.disk, direction, address, first, count)?;
    transfer.run().map_err(|error| match error {
        Error::Interrupted => error.into(),
        _ => {
            println!("{name} error: {error}");
            CmdError::Failure
        }
    })
}

#[cfg(CONFIG_CMD_READ)]
command! {
    name: "read",
    max_args: 6,
    usage: "Load binary data from a partition",
    help: "<interface> <dev[:part|#partname]> addr blk# cnt",
    complete: crate::complete::place_at::<1>,
    run: |ctx, args| transfer(ctx, args, Direction::Read),
}

#[cfg(CONFIG_CMD_WRITE)]
command! {
    name: "write",
    max_args: 6,
    usage: "Store binary data to a partition",
    help: "<interface> <dev[:part|#partname]> addr blk# cnt",
    complete: crate::complete::place_at::<1>,
    run: |ctx, args| transfer(ctx, args, Direction::Write),
}
