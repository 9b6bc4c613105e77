// SPDX-License-Identifier: GPL-2.0-or-later
//! `part dupcheck`: partitions that cannot be told apart by their UUID or their name.

use crate::{CmdError, CmdResult, Context};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use common::println;
use dm::blk;

/// Where each UUID, or each name, was found.
type Places = BTreeMap<String, Vec<String>>;

/// Looks at the partitions of all disks.
pub fn dupcheck(ctx: &Context) -> CmdResult {
    let (mut uuids, mut names) = (Places::new(), Places::new());
    let mut disks = 0;
    for (interface, number, disk) in blk::all(&ctx.dm, |_, _| true) {
        disks += 1;
        let listed = disk.and_then(|disk| Ok((disk::list(&disk)?.1, disk)));
        let (partitions, disk) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                println!("** Can't use device {interface} {number}: {error} **");
                continue;
            }
        };
        for partition in partitions {
            let place = format!("{}:{}", disk.device.name(), partition.number);
            note(&mut uuids, partition.uuid.to_ascii_lowercase(), &place);
            note(&mut names, partition.name, &place);
        }
    }
    if disks == 0 {
        println!("No block devices found");
        return Ok(());
    }
    if uuids.is_empty() && names.is_empty() {
        println!("No partitions with UUID or label found");
        return Ok(());
    }
    let groups = [report("PARTUUID", &uuids), report("PARTLABEL", &names)];
    let [in_uuids, in_names] = [&uuids, &names].map(|places| count(places.values()));
    match groups {
        [0, 0] => println!(
            "No duplicate PARTUUIDs or PARTLABELs found ({in_uuids} UUIDs, {in_names} labels)"
        ),
        [0, _] => println!("No duplicate PARTUUIDs found ({in_uuids} UUIDs)"),
        [_, 0] => println!("No duplicate PARTLABELs found ({in_names} labels)"),
        _ => {}
    }
    match groups {
        [0, 0] => Ok(()),
        _ => Err(CmdError::Failure),
    }
}

fn note(places: &mut Places, key: String, place: &str) {
    if !key.is_empty() {
        places.entry(key).or_default().push(place.into());
    }
}

/// Shows what was found more than once, and returns how many such there are.
fn report(kind: &str, places: &Places) -> usize {
    let twice = || places.iter().filter(|(_, places)| places.len() > 1);
    for (key, places) in twice() {
        println!("Warning: duplicate {kind} {key} ({} copies)", places.len());
        places
            .iter()
            .for_each(|place| println!("  found on {place}"));
    }
    let groups = twice().count();
    if groups > 0 {
        println!(
            "Found {groups} duplicate {kind}(s) ({} total copies) among {} partitions",
            count(twice().map(|(_, places)| places)),
            count(places.values())
        );
    }
    groups
}

fn count<'a>(places: impl Iterator<Item = &'a Vec<String>>) -> usize {
    places.map(Vec::len).sum()
}
