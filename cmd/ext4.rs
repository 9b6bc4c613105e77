// SPDX-License-Identifier: GPL-2.0-or-later
//! `ext4load`, `ext4ls`, `ext4size`: files of ext2, ext3 and ext4 file systems.
#![cfg(CONFIG_CMD_EXT4)]

use crate::fs_common;

const EXT4: Option<&str> = Some("ext4");

command! {
    name: "ext4load",
    max_args: 7,
    usage: "load binary file from a Ext4 filesystem",
    help: "<interface> [<dev[:part]> [addr [filename [bytes [pos]]]]]\n    \
        - as 'load', from an ext2, ext3 or ext4 file system only",
    complete: crate::complete::file_at::<4>,
    run: |ctx, args| fs_common::load(ctx, args, EXT4),
}

command! {
    name: "ext4ls",
    max_args: 4,
    repeatable: true,
    usage: "list files in a directory (default /)",
    help: "<interface> <dev[:part]> [directory]\n    - as 'ls', of an ext2, ext3 or ext4 file system only",
    complete: crate::complete::file_at::<3>,
    run: |ctx, args| fs_common::ls(ctx, args, EXT4),
}

command! {
    name: "ext4size",
    max_args: 4,
    usage: "determine a file's size",
    help: "<interface> <dev[:part]> <filename>\n    - as 'size', of an ext2, ext3 or ext4 file system only",
    complete: crate::complete::file_at::<3>,
    run: |ctx, args| fs_common::size(ctx, args, EXT4),
}
