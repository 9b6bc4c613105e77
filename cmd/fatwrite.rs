// SPDX-License-Identifier: GPL-2.0-or-later
//! `fatwrite`, `fatmkdir`, `fatrm`, `fatrename`: changes to FAT file systems.
#![cfg(all(CONFIG_CMD_FAT, CONFIG_FAT_WRITE))]

use crate::{complete, fs_change};

const FAT: Option<&str> = Some("fat");

command! {
    name: "fatwrite",
    max_args: 7,
    usage: "write file into a dos filesystem",
    help: "<interface> <dev[:part]> <addr> <filename> [<bytes> [<offset>]]\n    \
        - as 'save', to a FAT file system only",
    complete: complete::file_at::<4>,
    run: |ctx, args| fs_change::save(ctx, args, FAT),
}

command! {
    name: "fatmkdir",
    max_args: 4,
    repeatable: true,
    usage: "create a directory",
    help: "<interface> [<dev[:part]>] <directory>\n    - as 'mkdir', in a FAT file system only",
    complete: complete::file_at::<3>,
    run: |ctx, args| fs_change::mkdir(ctx, args, FAT),
}

command! {
    name: "fatrm",
    max_args: 4,
    repeatable: true,
    usage: "delete a file",
    help: "<interface> [<dev[:part]>] <filename>\n    - as 'rm', in a FAT file system only",
    complete: complete::file_at::<3>,
    run: |ctx, args| fs_change::rm(ctx, args, FAT),
}

command! {
    name: "fatrename",
    max_args: 5,
    usage: "rename/move a file/directory",
    help: "<interface> [<dev[:part]>] <old_path> <new_path>\n    - as 'mv', in a FAT file system only",
    complete: complete::file_at::<3>,
    run: |ctx, args| fs_change::mv(ctx, args, FAT),
}
