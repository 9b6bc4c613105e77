// SPDX-License-Identifier: GPL-2.0-or-later
//! `load`, `save`, `ls`, `size`, `mkdir`, `rm`, `mv`, `ln`, `fstype`, `fstypes`:
//! files of any file system.
#![cfg(CONFIG_CMD_FS_GENERIC)]

use crate::{CmdError, CmdResult, Context, complete, fs_change, fs_common};
use common::println;

fn do_fstype(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[_, interface, spec, ref variable @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let name = fs_common::mount(ctx, interface, Some(spec), None)?.name();
    match variable.first() {
        Some(variable) => ctx.env.set(variable, name)?,
        None => println!("{name}"),
    }
    Ok(())
}

fn do_fstypes(_ctx: &mut Context, _args: &[&str]) -> CmdResult {
    println!("Supported filesystems: {}", fs::names().join(", "));
    Ok(())
}

command! {
    name: "load",
    max_args: 7,
    usage: "load binary file from a filesystem",
    help: "<interface> [<dev[:part]> [<addr> [<filename> [bytes [pos]]]]]\n    \
        - load the file from a partition, or from a disk without partitions,\n      \
        to the address; without one, to the address in 'loadaddr'\n      \
        'bytes' is the most that is read; 0, or nothing, means the whole file\n      \
        'pos' is where in the file to start\n    \
        'filesize' and 'fileaddr' are set to what was read",
    complete: complete::file_at::<4>,
    run: |ctx, args| fs_common::load(ctx, args, None),
}

command! {
    name: "save",
    max_args: 7,
    usage: "save file to a filesystem",
    help: "<interface> <dev[:part]> <addr> <filename> bytes [pos]\n    \
        - write memory from the address on to the file, which is made if need be\n      \
        'bytes' is how many bytes are written; the file ends with them\n      \
        'pos' is where in the file to start; 0, or nothing, means its start",
    complete: complete::file_at::<4>,
    run: |ctx, args| fs_change::save(ctx, args, None),
}

command! {
    name: "ls",
    max_args: 4,
    repeatable: true,
    usage: "list files in a directory (default /)",
    help: "<interface> [<dev[:part]> [directory]]\n    - list the files in a directory of a partition",
    complete: complete::file_at::<3>,
    run: |ctx, args| fs_common::ls(ctx, args, None),
}

command! {
    name: "size",
    max_args: 4,
    usage: "determine a file's size",
    help: "<interface> <dev[:part]> <filename>\n    - set 'filesize' to the size of a file",
    complete: complete::file_at::<3>,
    run: |ctx, args| fs_common::size(ctx, args, None),
}

command! {
    name: "mkdir",
    max_args: 4,
    repeatable: true,
    usage: "create a directory",
    help: "<interface> [<dev[:part]>] <directory>\n    - create a directory on a partition",
    complete: complete::file_at::<3>,
    run: |ctx, args| fs_change::mkdir(ctx, args, None),
}

command! {
    name: "rm",
    max_args: 4,
    repeatable: true,
    usage: "delete a file",
    help: "<interface> [<dev[:part]>] <filename>\n    - delete a file, or a directory that is empty",
    complete: complete::file_at::<3>,
    run: |ctx, args| fs_change::rm(ctx, args, None),
}

command! {
    name: "mv",
    max_args: 5,
    repeatable: true,
    usage: "rename/move a file/directory",
    help: "<interface> [<dev[:part]>] <old_path> <new_path>\n    \
        - give a file or directory another path; a directory that is there\n      \
        already gets it inside, a file is replaced",
    complete: complete::file_at::<3>,
    run: |ctx, args| fs_change::mv(ctx, args, None),
}

command! {
    name: "ln",
    max_args: 5,
    repeatable: true,
    usage: "Create a symbolic link",
    help: "<interface> <dev[:part]> target linkname\n    - create a symbolic link to 'target' with the name 'linkname'",
    complete: complete::file_at::<4>,
    run: |ctx, args| fs_change::ln(ctx, args, None),
}

command! {
    name: "fstype",
    max_args: 4,
    repeatable: true,
    usage: "Look up a filesystem type",
    help: "<interface> <dev>:<part>\n    - print the type of the file system\n\
        fstype <interface> <dev>:<part> <varname>\n    - set a variable to it",
    complete: complete::place_at::<1>,
    run: do_fstype,
}

command! {
    name: "fstypes",
    repeatable: true,
    usage: "List supported filesystem types",
    run: do_fstypes,
}
