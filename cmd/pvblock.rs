// SPDX-License-Identifier: GPL-2.0-or-later
//! `pvblock`: Xen's para-virtual disks.
//!
//! Behaviour: U-Boot, `cmd/pvblock.c`.
#![cfg(CONFIG_CMD_PVBLOCK)]

use crate::start::show_disks;
use crate::{CmdResult, Context, blk_interface};
use dm::UclassId;

/// Looks for disks again. Those that are there stay, and are connected anew when they are used.
fn rescan(ctx: &Context) -> CmdResult {
    for bus in ctx.dm.uclass_devices(UclassId::PvBlock) {
        ctx.dm.remove(&bus)?;
        ctx.dm.probe(&bus)?;
        show_disks(&ctx.dm, ctx.dm.uclass_name(bus.uclass()));
    }
    Ok(())
}

command! {
    name: "pvblock",
    max_args: 5,
    repeatable: true,
    usage: "Xen para-virtualized block device",
    help: "info  - show available block devices\n\
        pvblock device [dev] - show or set current device\n\
        pvblock part [dev] - print partition table of one or all devices\n\
        pvblock rescan - look for devices that were attached or detached\n\
        pvblock read  addr blk# cnt\n\
        pvblock write addr blk# cnt - read/write `cnt' blocks from block `blk#' on,\n    \
        to/from the memory at `addr'; all numbers are hexadecimal\n\
        pvblock erase blk# cnt - forget what `cnt' blocks from block `blk#' on hold, so that\n    \
        the back-end can free their storage; they then read as zeros on most back-ends",
    subcommands: &["device", "erase", "info", "part", "read", "rescan", "write"],
    run: |ctx, args| match args {
        [_, "rescan"] => rescan(ctx),
        _ => blk_interface::run(ctx, "pvblock", args),
    },
}
