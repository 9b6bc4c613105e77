// SPDX-License-Identifier: GPL-2.0-or-later
//! `gpt`: shows, makes, checks and changes GUID partition tables.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/gpt.rst`.
#![cfg(CONFIG_CMD_GPT)]

#[path = "gpt/change.rs"]
mod change;
#[path = "gpt/list.rs"]
mod list;
#[path = "gpt/show.rs"]
mod show;

use crate::partition_list;
use crate::{CmdError, CmdResult, Context, complete};
use alloc::format;
use alloc::string::{String, ToString};
use common::{Error, print, println};
use disk::PartType;
use disk::efi::{Mbr, Table};
use dm::blk::Disk;

/// How a subcommand ends: what is wrong is in words, unless it was said.
type Outcome = Result<(), String>;

/// What it can do, for the Tab key.
const SUBCOMMANDS: [&str; 11] = [
    "enumerate",
    "guid",
    "read",
    "rename",
    "repair",
    "set-bootable",
    "setenv",
    "swap",
    "transpose",
    "verify",
    "write",
];

fn do_gpt(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[_, what, interface, number, ref rest @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let disk = partition_list::find(ctx, "gpt", interface, number)?;
    let outcome = match (what, rest) {
        ("repair", []) => {
            print!("Repairing GPT: ");
            Table::repair(&disk).map_err(words)
        }
        ("write", [list]) => {
            print!("Writing GPT: ");
            write(ctx, &disk, list)
        }
        ("verify", []) => {
            println!("No partition list provided - only basic check");
            verdict(Table::verify(&disk).map(|_| ()).map_err(words))
        }
        ("verify", [list]) => verdict(verify(ctx, &disk, list)),
        ("setenv", [name]) => show::setenv(ctx, &disk, name),
        ("enumerate", []) => show::enumerate(ctx, &disk),
        ("guid", variable) if variable.len() < 2 => show::guid(ctx, &disk, variable),
        ("read", []) => show::print(&disk),
        ("read", [variable]) => show::read(ctx, &disk, variable),
        ("swap", [one, two]) => change::swap(&disk, one, two),
        ("rename", [part, name]) => change::rename(&disk, part, name),
        ("transpose", [one, two]) => change::transpose(&disk, one, two),
        ("set-bootable", [names]) => change::set_bootable(&disk, names),
        _ => return Err(CmdError::Usage),
    };
    match outcome {
        Ok(()) => {
            println!("success!");
            Ok(())
        }
        Err(reason) => {
            if !reason.is_empty() {
                println!("{reason}");
            }
            println!("error!");
            Err(CmdError::Failure)
        }
    }
}

fn write(ctx: &mut Context, disk: &Disk, text: &str) -> Outcome {
    let info = disk.ops.info();
    let parsed = partition_list::parse(text)?;
    let new = list::partitions(ctx, &parsed, info.block_size)?;
    let guid = list::disk_guid(ctx, &parsed)?;
    let table = Table::new(&info, guid, &new).map_err(|error| error.to_string())?;
    table.write(disk, Mbr::Protect).map_err(words)?;
    disk::detect(disk);
    Ok(())
}

/// Checks names, sizes and, where they are given, starts.
fn verify(ctx: &mut Context, disk: &Disk, text: &str) -> Outcome {
    let block_size = disk.ops.info().block_size;
    let parsed = partition_list::parse(text)?;
    let wanted = list::partitions(ctx, &parsed, block_size)?;
    let found = Table::verify(disk).map_err(words)?.partitions(block_size);
    for (number, wanted) in (1u32..).zip(&wanted) {
        let Some(found) = found.iter().find(|found| found.number == number) else {
            return Err(format!("There is no partition {number}!"));
        };
        let name = &found.name;
        if *name != wanted.name {
            return Err(format!(
                "Partition name: {name} does not match {}!",
                wanted.name
            ));
        }
        if let Some(blocks) = wanted.blocks.filter(|blocks| *blocks != found.blocks) {
            return Err(format!(
                "Partition {name} size: {} does not match {blocks}!",
                found.blocks
            ));
        }
        if let Some(start) = wanted.start.filter(|start| *start != found.start) {
            return Err(format!(
                "Partition {name} start: {} does not match {start}!",
                found.start
            ));
        }
    }
    Ok(())
}

/// The heading of a check comes after what it has to say.
fn verdict(outcome: Outcome) -> Outcome {
    if let Err(reason) = &outcome {
        println!("{reason}");
    }
    print!("Verify GPT: ");
    outcome.map_err(|_| String::new())
}

/// The table of a disk that has one.
fn table(disk: &Disk) -> Result<Table, String> {
    match disk::list(disk).map_err(words)?.0 {
        PartType::Efi => Table::read(disk).map_err(words),
        _ => Err("The disk has no GUID partition table".into()),
    }
}

fn words(error: Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn bad_arguments_are_refused() {
        for bad in [
            "",
            "read",
            "read pvblock",
            "read pvblock x",
            "read pvblock ''",
        ] {
            let (status, output) = testing::run(&alloc::format!("gpt {bad}"));
            assert!(status == 1 && output.contains("Usage:"), "{bad}: {output}");
        }
        for number in ["0", "99999999999", "0x7"] {
            let (status, output) = testing::run(&alloc::format!("gpt read pvblock {number}"));
            let expected = alloc::format!("do_gpt: pvblock dev {number} NOT available\n");
            assert_eq!((status, output), (1, expected));
        }
    }
}

command! {
    name: "gpt",
    max_args: 64,
    repeatable: true,
    usage: "GUID partition tables",
    help: "enumerate <interface> <dev>\n    \
        - set gpt_partition_list to the names of all partitions\n\
        gpt guid <interface> <dev> [<varname>]\n    \
        - print the GUID of a disk, or set a variable to it\n\
        gpt read <interface> <dev> [<varname>]\n    \
        - print the partitions, or set a variable to their list\n\
        gpt rename <interface> <dev> <part> <name>\n    \
        - rename the partition of this number, or those of this name\n\
        gpt repair <interface> <dev>\n    \
        - make both copies of the table valid by the one that is\n\
        gpt set-bootable <interface> <dev> <name>[,<name>...]\n    \
        - mark these partitions to be booted from, and no others\n\
        gpt setenv <interface> <dev> <name>\n    \
        - set gpt_partition_addr, _size, _entry, _name and _bootable\n\
        gpt swap <interface> <dev> <name1> <name2>\n    \
        - exchange two names\n\
        gpt transpose <interface> <dev> <part1> <part2>\n    \
        - exchange the numbers of two partitions\n\
        gpt verify <interface> <dev> [<list>]\n    \
        - check both copies of the table, and that it is as a list says\n\
        gpt write <interface> <dev> <list>\n    \
        - make a new table: [uuid_disk=<uuid>;]name=<name>,size=<bytes>|-\n      \
        [,start=<bytes>][,uuid=<uuid>][,type=<type>][,bootable][;name=...]",
    complete: |ctx, words| complete::subcommand_and_place(&SUBCOMMANDS, ctx, words),
    run: do_gpt,
}
