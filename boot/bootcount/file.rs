// SPDX-License-Identifier: GPL-2.0-or-later
//! The count in a file, which the user makes: four bytes, the mark 0xbd, the
//! version 1, the count, and whether starts are to be counted.
//!
//! The configuration says on which partition it is, or only on which disk; then
//! each partition is looked at, those that are marked bootable first, and on a
//! partition that has only what is in `/boot`, the path is without that.

use alloc::boxed::Box;
use alloc::vec::Vec;
use common::{Error, Result, println};
use disk::{PartType, Partition, Whole};
use dm::Model;
use dm::blk::Disk;
use env::Env;
use fs::FileSystem;
use include::config::{
    CONFIG_SYS_BOOTCOUNT_FS_DEVPART, CONFIG_SYS_BOOTCOUNT_FS_INTERFACE,
    CONFIG_SYS_BOOTCOUNT_FS_NAME,
};

const MARK: u8 = 0xbd;
const VERSION: u8 = 1;
const LEN: u64 = 4;

/// A count that is kept.
pub struct Counter {
    files: Box<dyn FileSystem>,
    path: &'static str,
    count: u8,
    /// Not 0 if starts are to be counted.
    enabled: u8,
}

impl Counter {
    /// The count, if there is a file that wants that starts are counted.
    pub fn find(model: &Model, _env: &Env) -> Option<Counter> {
        let (interface, spec) = (
            CONFIG_SYS_BOOTCOUNT_FS_INTERFACE,
            CONFIG_SYS_BOOTCOUNT_FS_DEVPART,
        );
        let places = places(model, interface, spec);
        let found = places.iter().find_map(|(disk, partition)| {
            let files = fs::open(disk, partition).ok()?;
            let paths = paths(CONFIG_SYS_BOOTCOUNT_FS_NAME);
            let path = paths
                .into_iter()
                .flatten()
                .find(|path| files.exists(path))?;
            Some((files, path))
        });
        let (files, path) = found?;
        let counter = Counter::read(files, path).map_err(|error| match error {
            Error::Corrupt(_) => println!("Incorrect bootcount file"),
            error => println!("Error loading bootcount: {error}"),
        });
        counter.ok().filter(|counter| counter.enabled != 0)
    }

    fn read(files: Box<dyn FileSystem>, path: &'static str) -> Result<Counter> {
        let wrong = Error::Corrupt("bootcount file");
        if files.size(path)? != LEN {
            return Err(wrong);
        }
        let mut record = [0; LEN as usize];
        files.read(path, 0, &mut record)?;
        match record {
            [MARK, VERSION, count, enabled] => Ok(Counter {
                files,
                path,
                count,
                enabled,
            }),
            _ => Err(wrong),
        }
    }

    /// How often the system was started since it was up.
    pub fn count(&self) -> u64 {
        self.count.into()
    }

    /// Writes another count to the file; what is above 255 is 255.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(self, _model: &Model, _env: &mut Env, count: u64) -> Result<()> {
        let count = u8::try_from(count).unwrap_or(u8::MAX);
        let record = [MARK, VERSION, count, self.enabled];
        self.files.write(self.path, 0, &record)
    }
}

/// The partitions that are looked at.
fn places(model: &Model, interface: &str, spec: &str) -> Vec<(Disk, Partition)> {
    if spec.contains([':', '#']) {
        let place = disk::locate_by_name(model, interface, Some(spec), None, Whole::Allowed);
        let place = place.map(|place| (place.disk, place.partition));
        return place.ok().into_iter().collect();
    }
    let Ok(disk) = disk::device(model, interface, spec) else {
        return Vec::new();
    };
    let mut partitions = match disk::list(&disk) {
        Ok((PartType::Unknown, _)) => Vec::from([Partition::whole_disk(&disk)]),
        Ok((_, partitions)) => partitions,
        Err(_) => Vec::new(),
    };
    partitions.sort_by_key(|partition| (!partition.bootable, partition.number));
    let with_disk = |partition| (disk.clone(), partition);
    partitions.into_iter().map(with_disk).collect()
}

/// The path, and what it is where `/boot` is a partition of its own.
fn paths(path: &'static str) -> [Option<&'static str>; 2] {
    let inside = path.strip_prefix("/boot");
    [Some(path), inside.filter(|path| path.starts_with('/'))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_may_be_on_a_partition_for_boot() {
        assert_eq!(
            paths("/boot/failures"),
            [Some("/boot/failures"), Some("/failures")]
        );
        assert_eq!(paths("/bootcount"), [Some("/bootcount"), None]);
    }

    #[test]
    fn without_a_disk_nothing_is_counted_or_said() {
        let console = common::testing::capture();
        let (model, mut env) = (Model::new(&[], &[], None), Env::empty());
        env.set("bootlimit", "1").unwrap();
        for _ in 0..3 {
            assert!(!super::super::count(&model, &mut env));
        }
        assert_eq!(env.get("bootcount"), Some("1"));
        assert_eq!(console.take(), "");
    }
}
