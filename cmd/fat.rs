// SPDX-License-Identifier: GPL-2.0-or-later
//! `fatload`, `fatls`, `fatsize`, `fatinfo`: files of FAT file systems.
#![cfg(CONFIG_CMD_FAT)]

use crate::{CmdError, CmdResult, Context, blk_common, fs_common};
use alloc::sync::Arc;
use common::{print, println};
use disk::BlockRange;
use fs::fat::Fat;

const FAT: Option<&str> = Some("fat");

fn do_fatinfo(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[_, interface, ref spec @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let location = fs_common::locate(ctx, interface, spec.first().copied())?;
    let (disk, partition) = (location.disk, location.partition);
    let fat = BlockRange::new(&disk, &partition).and_then(|range| Fat::open(&Arc::new(range)))?;
    let Some(fat) = fat else {
        let number = disk.number;
        println!(
            "** Unable to use {interface} {number}:{:x} for fatinfo **",
            partition.number
        );
        return Err(CmdError::Failure);
    };
    println!("Interface:  {interface}");
    print!("  Device {}: ", disk.number);
    blk_common::print_info(&disk.ops.info());
    let label = fs_common::printable(fat.boot_label().as_bytes());
    println!("Filesystem: FAT{} \"{label}\"", fat.bits());
    Ok(())
}

command! {
    name: "fatload",
    max_args: 7,
    usage: "load binary file from a dos filesystem",
    help: "<interface> [<dev[:part]> [<addr> [<filename> [bytes [pos]]]]]\n    \
        - as 'load', from a FAT file system only",
    complete: crate::complete::file_at::<4>,
    run: |ctx, args| fs_common::load(ctx, args, FAT),
}

command! {
    name: "fatls",
    max_args: 4,
    repeatable: true,
    usage: "list files in a directory (default /)",
    help: "<interface> [<dev[:part]>] [directory]\n    - as 'ls', of a FAT file system only",
    complete: crate::complete::file_at::<3>,
    run: |ctx, args| fs_common::ls(ctx, args, FAT),
}

command! {
    name: "fatsize",
    max_args: 4,
    usage: "determine a file's size",
    help: "<interface> <dev[:part]> <filename>\n    - as 'size', of a FAT file system only",
    complete: crate::complete::file_at::<3>,
    run: |ctx, args| fs_common::size(ctx, args, FAT),
}

command! {
    name: "fatinfo",
    max_args: 3,
    repeatable: true,
    usage: "print information about filesystem",
    help: "<interface> [<dev[:part]>]\n    - print the width and the label of a FAT file system, and its disk",
    complete: crate::complete::place_at::<1>,
    run: do_fatinfo,
}
