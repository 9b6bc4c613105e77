// SPDX-License-Identifier: GPL-2.0-or-later
//! `part`: partition tables, for users and for scripts.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/part.rst`.
#![cfg(CONFIG_CMD_PART)]

#[cfg(CONFIG_CMD_PART_DUPCHECK)]
#[path = "part/dupcheck.rs"]
mod dupcheck;

use crate::{CmdError, CmdResult, Context, complete};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use common::{Error, println};
use disk::number::autotoul;
use disk::{Partition, SpecError, Whole};
use dm::blk::Disk;

/// Partitions with larger numbers are not listed in variables.
const MAX_LISTED: u32 = 128;

/// What it can do, for the Tab key.
const SUBCOMMANDS: [&str; 10] = [
    "dupcheck", "list", "name", "number", "set", "size", "start", "type", "types", "uuid",
];

fn do_part(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args[1..] {
        ["uuid", interface, spec, ref variable @ ..] => uuid(ctx, interface, spec, variable),
        ["list", interface, spec, ref options @ ..] => list(ctx, interface, spec, options),
        ["start", interface, spec, part, ref variable @ ..] => {
            fact(ctx, interface, spec, part, variable, |p| {
                format!("{:x}", p.start)
            })
        }
        ["size", interface, spec, part, ref variable @ ..] => {
            fact(ctx, interface, spec, part, variable, |p| {
                format!("{:x}", p.blocks)
            })
        }
        ["number", interface, spec, part, ref variable @ ..] => {
            fact(ctx, interface, spec, part, variable, |p| {
                format!("0x{:x}", p.number)
            })
        }
        ["name", interface, spec, part, ref variable @ ..] => {
            fact(ctx, interface, spec, part, variable, |p| p.name.clone())
        }
        ["set", interface, spec, kind] => set(ctx, interface, spec, kind),
        #[cfg(CONFIG_PARTITION_TYPE_GUID)]
        ["type", interface, spec, ref variable @ ..] => type_guid(ctx, interface, spec, variable),
        #[cfg(CONFIG_CMD_PART_DUPCHECK)]
        ["dupcheck"] => dupcheck::dupcheck(ctx),
        ["types"] => {
            println!(
                "Supported partition tables: {}",
                disk::table_names().collect::<Vec<_>>().join(", ")
            );
            Ok(())
        }
        _ => Err(CmdError::Usage),
    }
}

fn uuid(ctx: &mut Context, interface: &str, spec: &str, variable: &[&str]) -> CmdResult {
    let partition = partition(ctx, interface, spec)?;
    give(ctx, variable, partition.uuid)
}

/// The type of a GPT partition; nothing for others, as in U-Boot.
#[cfg(CONFIG_PARTITION_TYPE_GUID)]
fn type_guid(ctx: &mut Context, interface: &str, spec: &str, variable: &[&str]) -> CmdResult {
    let type_guid = match partition(ctx, interface, spec)?.kind {
        disk::PartitionKind::Efi { type_guid, .. } => format!("{type_guid}"),
        _ => String::new(),
    };
    give(ctx, variable, type_guid)
}

fn set(ctx: &Context, interface: &str, spec: &str, kind: &str) -> CmdResult {
    let disk = device(ctx, interface, spec)?;
    disk::set_type(&disk, kind).map_err(|error| match error {
        Error::NotFound => {
            println!("Unknown partition type '{kind}'");
            CmdError::Failure
        }
        error => complain(SpecError::Failed(format!("{interface} {spec}"), error)),
    })
}

/// The partition of a specification, which must name one.
fn partition(ctx: &Context, interface: &str, spec: &str) -> Result<Partition, CmdError> {
    let boot_device = ctx.env.get("bootdevice");
    let location = disk::locate(&ctx.dm, interface, Some(spec), boot_device, Whole::Refused);
    Ok(location.map_err(complain)?.partition)
}

fn list(ctx: &mut Context, interface: &str, spec: &str, options: &[&str]) -> CmdResult {
    let is_option = |word: &&&str| word.starts_with('-');
    if let Some(unknown) = options
        .iter()
        .filter(is_option)
        .find(|option| **option != "-bootable")
    {
        println!("Unknown option {unknown}");
        return Err(CmdError::Usage);
    }
    let flags = options.iter().take_while(is_option).count();
    match options[flags..] {
        [] if flags == 0 => {
            let disk = device(ctx, interface, spec)?;
            disk::print(&disk)
                .map_err(|error| complain(SpecError::Failed(format!("{interface} {spec}"), error)))
        }
        [variable] => {
            let disk = device(ctx, interface, spec)?;
            let listed = |p: &&Partition| p.number <= MAX_LISTED && (flags == 0 || p.bootable);
            let partitions = partitions(&disk)?;
            let numbers: Vec<String> = partitions
                .iter()
                .filter(listed)
                .map(|p| format!("{:x}", p.number))
                .collect();
            ctx.env.set(variable, &numbers.join(" "))?;
            Ok(())
        }
        _ => Err(CmdError::Usage),
    }
}

/// Gives a fact about one partition, named by its number, UUID or name.
fn fact(
    ctx: &mut Context,
    interface: &str,
    spec: &str,
    part: &str,
    variable: &[&str],
    fact: fn(&Partition) -> String,
) -> CmdResult {
    let disk = device(ctx, interface, spec)?;
    let is_wanted = |partition: &&Partition| match autotoul(part) {
        (number, "") => u64::from(partition.number) == number,
        _ if is_uuid(part) => partition.uuid.eq_ignore_ascii_case(part),
        _ => partition.name == part,
    };
    let partitions = partitions(&disk)?;
    let Some(partition) = partitions.iter().find(is_wanted) else {
        println!("** No partition '{part}' on {interface} {spec} **");
        return Err(CmdError::Failure);
    };
    give(ctx, variable, fact(partition))
}

/// Sets the variable if one is named, or else prints.
fn give(ctx: &mut Context, variable: &[&str], value: String) -> CmdResult {
    match variable {
        [] => println!("{value}"),
        [variable] => ctx.env.set(variable, &value)?,
        _ => return Err(CmdError::Usage),
    }
    Ok(())
}

fn device(ctx: &Context, interface: &str, spec: &str) -> Result<Disk, CmdError> {
    disk::device(&ctx.dm, interface, spec).map_err(complain)
}

fn partitions(disk: &Disk) -> Result<Vec<Partition>, CmdError> {
    let named = || format!("{} {}", disk.interface, disk.number);
    Ok(disk::list(disk)
        .map_err(|error| complain(SpecError::Failed(named(), error)))?
        .1)
}

fn complain(error: SpecError) -> CmdError {
    println!("{error}");
    CmdError::Failure
}

/// Whether a text has the form of a UUID.
fn is_uuid(text: &str) -> bool {
    let is_right = |(i, c): (usize, char)| match i {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.chars().enumerate().all(is_right)
}

command! {
    name: "part",
    max_args: 64,
    repeatable: true,
    usage: "disk partition related commands",
    help: "uuid <interface> <dev>:<part> [varname]\n    \
        - print a partition's UUID, or set a variable to it\n\
        part list <interface> <dev>\n    \
        - print a disk's partition table\n\
        part list <interface> <dev> [-bootable] <varname>\n    \
        - set a variable to the numbers of all partitions, or of those to boot from\n\
        part start|size <interface> <dev> <part> [varname]\n    \
        - print or set the start or size of a partition, in blocks;\n      \
        'part' is its number, UUID or name\n\
        part number|name <interface> <dev> <part> [varname]\n    \
        - print or set the number or the name of a partition\n\
        part set <interface> <dev> <type>\n    \
        - say which kind of table a disk has\n\
        part type <interface> <dev>:<part> [varname]\n    \
        - print the type of a GPT partition, or set a variable to it\n\
        part types\n    \
        - list the partition tables that are known\n\
        part dupcheck\n    \
        - look for partitions of all disks with the same UUID or name",
    subcommands: &["list", "name", "number", "size", "start", "types", "uuid"],
    complete: |ctx, words| complete::subcommand_and_place(&SUBCOMMANDS, ctx, words),
    run: do_part,
}
