// SPDX-License-Identifier: GPL-2.0-or-later
//! The partitions that a list describes, for a table.

use crate::Context;
use crate::partition_list::{Fields, PartitionList, blocks};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use disk::efi::{Guid, NewPartition, types};

/// The GUID of the disk, random unless the list has it.
pub fn disk_guid(ctx: &mut Context, list: &PartitionList) -> Result<Guid, String> {
    let text = list.disk.map(|text| guid_text(ctx, text)).transpose()?;
    let guid = text.map(|text| {
        text.parse()
            .map_err(|_| format!("uuid_disk '{text}' is no UUID"))
    });
    guid.unwrap_or_else(|| Ok(random()))
}

/// The partitions of a list, with random GUIDs for those that it gives none.
pub fn partitions(
    ctx: &mut Context,
    list: &PartitionList,
    block_size: u32,
) -> Result<Vec<NewPartition>, String> {
    list.partitions
        .iter()
        .map(|fields| partition(ctx, fields, block_size))
        .collect()
}

fn partition(ctx: &mut Context, fields: &Fields, block_size: u32) -> Result<NewPartition, String> {
    let number = fields.number;
    let name = expand(ctx, fields.need("name")?)?;
    let size = expand(ctx, fields.need("size")?.trim_end())?;
    let start = fields.get("start").map(|text| expand(ctx, text.trim_end()));
    let start = match start.transpose()? {
        Some(start) if start != "-" => blocks(&start, block_size)?,
        Some(_) => return Err(format!("partition {number} cannot start at '-'")),
        None => None,
    };
    let kind = fields.get("type").map(|text| expand(ctx, text.trim_end()));
    let type_guid = match kind.transpose()? {
        Some(kind) => types::parse(&kind)
            .ok_or_else(|| format!("Wrong type guid format for partition {number}: '{kind}'"))?,
        None => types::BASIC_DATA,
    };
    let guid = fields
        .get("uuid")
        .map(|text| guid_text(ctx, text.trim_end()));
    let guid = match guid.transpose()? {
        Some(text) => text
            .parse()
            .map_err(|_| format!("Wrong uuid format for partition {number}: '{text}'"))?,
        None => random(),
    };
    Ok(NewPartition {
        name,
        start,
        blocks: blocks(&size, block_size)?,
        type_guid,
        guid,
        bootable: fields.is_bootable(),
    })
}

/// A value; `${name}` is that of a variable, as scripts quote them together.
fn expand(ctx: &Context, text: &str) -> Result<String, String> {
    match variable(text) {
        None => Ok(text.into()),
        Some(name) => match ctx.env.get(name) {
            Some(value) => Ok(value.into()),
            None => Err(format!("The variable '{name}' is not set")),
        },
    }
}

/// As [`expand`]; a variable without a value gets a random UUID.
fn guid_text(ctx: &mut Context, text: &str) -> Result<String, String> {
    if let Some(name) = variable(text).filter(|name| ctx.env.get(name).is_none()) {
        let guid = random().to_string();
        let set = ctx.env.set(name, &guid);
        set.map_err(|error| format!("Cannot set '{name}': {error}"))?;
        return Ok(guid);
    }
    expand(ctx, text)
}

fn variable(text: &str) -> Option<&str> {
    text.strip_prefix("${")?
        .strip_suffix('}')
        .filter(|name| !name.is_empty())
}

fn random() -> Guid {
    let mut bytes = [0; 16];
    arch::random::fill(&mut bytes);
    Guid::from_random_bytes(bytes)
}
