// SPDX-License-Identifier: GPL-2.0-or-later
//! Images at fixed places of a disk or of a partition.
//!
//! What `env/mmc.c` is in U-Boot, for any interface. A place must be free: on
//! a whole disk it must not lie in a partition or in the partition table, and
//! nowhere in a file system.

use crate::storage::{Failure, Storage};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, print};
use core::ops::Range;
use disk::{BlockRange, Location, PartType, Whole};
use dm::Model;

/// Bytes that the entries of a GPT take at least.
const GPT_ENTRIES: u64 = 16 << 10;

/// Images on a disk or a partition.
pub struct Blk {
    /// The disk's interface.
    pub interface: &'static str,
    /// The disk, and the partition unless it is the whole disk: `0:0`, `0:2`.
    pub device_and_part: &'static str,
    /// Where the first image begins, and where the second one, in bytes.
    pub offsets: [u64; 2],
    /// Bytes of an image.
    pub size: usize,
    /// Whether there is a second image.
    pub redundant: bool,
}

impl Storage for Blk {
    fn size(&self) -> usize {
        self.size
    }

    fn redundant(&self) -> bool {
        self.redundant
    }

    fn read(&self, model: &Model, copy: usize, image: &mut [u8]) -> Result<(), Failure> {
        let location = self.locate(model)?;
        self.range(&location)
            .and_then(|range| range.read_at(self.offset(copy), image))
            .map_err(|error| self.failure("read", copy, error))
    }

    fn write(&self, model: &Model, copy: usize, image: &[u8]) -> Result<(), Failure> {
        let location = self.locate(model)?;
        let which = if copy == 1 { "redundant " } else { "" };
        print!(
            "Writing to {which}{}({})... ",
            self.interface, location.disk.number
        );
        let range = self
            .range(&location)
            .map_err(|error| self.failure("write", copy, error))?;
        if let Some(what) = self.obstacle(&location, &range) {
            let error = Error::Invalid("the place of the environment");
            return Err(Failure { what, error });
        }
        range
            .write_at(self.offset(copy), image)
            .and_then(|()| range.flush())
            .map_err(|error| self.failure("write", copy, error))
    }
}

impl Blk {
    fn locate(&self, model: &Model) -> Result<Location, Failure> {
        let spec = Some(self.device_and_part);
        let whole = Whole::Allowed;
        Ok(disk::locate(model, self.interface, spec, None, whole)?)
    }

    fn range(&self, location: &Location) -> common::Result<BlockRange> {
        BlockRange::new(&location.disk, &location.partition)
    }

    fn offset(&self, copy: usize) -> u64 {
        self.offsets.get(copy).copied().unwrap_or(u64::MAX)
    }

    fn failure(&self, verb: &str, copy: usize, error: Error) -> Failure {
        let (interface, spec, offset) = (self.interface, self.device_and_part, self.offset(copy));
        let what = format!(
            "Unable to {verb} the environment at {offset:#x} of {interface} {spec}: {error}"
        );
        Failure { what, error }
    }

    /// Why the images must not be written where the configuration wants them.
    fn obstacle(&self, location: &Location, range: &BlockRange) -> Option<String> {
        let spec = format!("{} {}", self.interface, self.device_and_part);
        let block = range.block_size() as u64;
        let size = self.size as u64;
        let place = |offset: u64| offset..offset.saturating_add(size);
        let [first, second] = self.offsets.map(place);
        if self.redundant && overlap(&whole_blocks(&first, block), &whole_blocks(&second, block)) {
            return Some(format!(
                "The copies of the environment at {:#x} and {:#x} of {spec} share a block",
                first.start, second.start
            ));
        }
        let taken = match taken(location, range.len()) {
            Ok(taken) => taken,
            Err(error) => return Some(format!("Unable to see what is on {spec}: {error}")),
        };
        let copies = [Some(first), self.redundant.then_some(second)];
        let hit = taken
            .iter()
            .find(|(_, taken)| copies.iter().flatten().any(|copy| overlap(copy, taken)));
        hit.map(|(what, _)| format!("The place of the environment on {spec} belongs to {what}"))
    }
}

/// What of a disk or partition is in use, in bytes from its beginning.
fn taken(location: &Location, len: u64) -> common::Result<Vec<(String, Range<u64>)>> {
    let Location { disk, partition } = location;
    let (kind, partitions) = match partition.number {
        0 => disk::list(disk)?,
        _ => (PartType::Unknown, Vec::new()),
    };
    let block = u64::from(partition.block_size);
    let table = match kind {
        PartType::Unknown => {
            // One that is damaged, or has what is not known here, is somebody's, too.
            let range = Arc::new(BlockRange::new(disk, partition)?);
            let known = fs::find(&range, None)?.map(|_| "a file system");
            let found = known.map_or_else(|| disk::signature(&range), |known| Ok(Some(known)))?;
            return Ok(found
                .map(|what| (what.to_string(), 0..u64::MAX))
                .into_iter()
                .collect());
        }
        PartType::Dos => block,
        PartType::Efi => block.saturating_mul(2).saturating_add(GPT_ENTRIES),
    };
    let mut taken = vec![("the partition table".to_string(), 0..table)];
    if kind == PartType::Efi {
        let copy = len.saturating_sub(table)..u64::MAX;
        taken.push(("the partition table".to_string(), copy));
    }
    taken.extend(partitions.iter().map(|partition| {
        let end = partition.start.saturating_add(partition.blocks);
        let bytes = partition.start.saturating_mul(block)..end.saturating_mul(block);
        (format!("partition {}", partition.number), bytes)
    }));
    Ok(taken)
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

fn whole_blocks(bytes: &Range<u64>, block: u64) -> Range<u64> {
    let start = bytes.start.saturating_sub(bytes.start % block);
    start
        ..bytes
            .end
            .checked_next_multiple_of(block)
            .unwrap_or(u64::MAX)
}

#[cfg(CONFIG_ENV_IS_IN_BLK)]
mod configured {
    use super::Blk;
    use include::config::{
        CONFIG_ENV_BLK_DEVICE_AND_PART, CONFIG_ENV_BLK_INTERFACE, CONFIG_ENV_OFFSET,
        CONFIG_ENV_OFFSET_REDUND, CONFIG_ENV_SIZE,
    };

    static BLK: Blk = Blk {
        interface: CONFIG_ENV_BLK_INTERFACE,
        device_and_part: CONFIG_ENV_BLK_DEVICE_AND_PART,
        offsets: [CONFIG_ENV_OFFSET, CONFIG_ENV_OFFSET_REDUND],
        size: CONFIG_ENV_SIZE as usize,
        redundant: cfg!(CONFIG_ENV_REDUNDANT),
    };

    env_driver! {
        name: "BLK",
        priority: 30,
        storage: Some(&BLK),
    }
}
