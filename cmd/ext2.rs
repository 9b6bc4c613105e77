// SPDX-License-Identifier: GPL-2.0-or-later
//! `ext2load`, `ext2ls`: the older names of `ext4load` and `ext4ls`.
#![cfg(CONFIG_CMD_EXT2)]

use crate::fs_common;

const EXT4: Option<&str> = Some("ext4");

command! {
    name: "ext2ls",
    max_args: 4,
    repeatable: true,
    usage: "list files in a directory (default /)",
    help: "<interface> <dev[:part]> [directory]\n    - as 'ls', of an ext2, ext3 or ext4 file system only",
    complete: crate::complete::file_at::<3>,
    run: |ctx, args| fs_common::ls(ctx, args, EXT4),
}

command! {
    name: "ext2load",
    max_args: 7,
    usage: "load binary file from a Ext2 filesystem",
    help: "<interface> [<dev[:part]> [addr [filename [bytes [pos]]]]]\n    \
        - as 'load', from an ext2, ext3 or ext4 file system only",
    complete: crate::complete::file_at::<4>,
    run: |ctx, args| fs_common::load(ctx, args, EXT4),
}
