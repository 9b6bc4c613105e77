// SPDX-License-Identifier: GPL-2.0-or-later
//! `pvblock`: Xen's para-virtual disks.
//!
//! Behaviour: U-Boot, `cmd/pvblock.c`.
#![cfg(CONFIG_CMD_PVBLOCK)]

use crate::blk_interface;

command! {
    name: "pvblock",
    max_args: 5,
    repeatable: true,
    usage: "Xen para-virtualized block device",
    help: "info  - show available block devices\n\
        pvblock device [dev] - show or set current device\n\
        pvblock part [dev] - print partition table of one or all devices\n\
        pvblock read  addr blk# cnt\n\
        pvblock write addr blk# cnt - read/write `cnt' blocks from block `blk#' on,\n    \
        to/from the memory at `addr'; all numbers are hexadecimal",
    subcommands: &["device", "info", "part", "read", "write"],
    run: |ctx, args| blk_interface::run(ctx, "pvblock", args),
}
