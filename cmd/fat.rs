// SPDX-License-Identifier: GPL-2.0-or-later
//! `fatload`, `fatls`, `fatsize`, `fatinfo`: files of FAT file systems.
#![cfg(CONFIG_CMD_FAT)]

use crate::fs_common::file_command;
use crate::{CmdError, CmdResult, Context, blk_common, fs_common};
use alloc::sync::Arc;
use common::{print, println};
use disk::BlockRange;
use fs::fat::Fat;

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
            "\n** Unable to use {interface} {number}:{:x} for fatinfo **",
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

file_command!("fatload", load, "fat", "dos");
file_command!("fatls", ls, "fat", "dos");
file_command!("fatsize", size, "fat", "dos");

command! {
    name: "fatinfo",
    max_args: 3,
    repeatable: true,
    usage: "print information about filesystem",
    help: "<interface> [<dev[:part]>]\n    - print the width and the label of a FAT file system, and its disk",
    complete: crate::complete::place_at::<1>,
    run: do_fatinfo,
}
