// SPDX-License-Identifier: GPL-2.0-or-later
//! Images in files of a file system.
//!
//! What `env/fat.c` and `env/ext4.c` are in U-Boot. Where the file system
//! cannot make files (ext4), the files must be there, with the size of an
//! image.
#![cfg(CONFIG_BLK)]

use crate::storage::{Failure, Storage};
use alloc::boxed::Box;
use alloc::format;
use common::Error;
use disk::Whole;
use dm::Model;
use fs::FileSystem;

/// Images in files.
pub struct Files {
    /// The disk's interface.
    pub interface: &'static str,
    /// The disk and the partition: `0:1`, `0:auto`.
    pub device_and_part: &'static str,
    /// The file system: `fat`, `ext4`.
    pub file_system: &'static str,
    /// The file of the first image, and of the second one.
    pub files: [&'static str; 2],
    /// Bytes of an image.
    pub size: usize,
    /// Whether there is a second image.
    pub redundant: bool,
}

impl Storage for Files {
    fn size(&self) -> usize {
        self.size
    }

    fn redundant(&self) -> bool {
        self.redundant
    }

    fn read(&self, model: &Model, copy: usize, image: &mut [u8]) -> Result<(), Failure> {
        let file = self.file(copy);
        let len = self
            .open(model)?
            .read(file, 0, image)
            .map_err(|error| self.failure("read", copy, error))?;
        // What a shorter file does not have is as good as zeros: its checksum fails.
        image.iter_mut().skip(len).for_each(|byte| *byte = 0);
        Ok(())
    }

    fn write(&self, model: &Model, copy: usize, image: &[u8]) -> Result<(), Failure> {
        self.open(model)?
            .write(self.file(copy), 0, image)
            .map_err(|error| self.failure("write", copy, error))
    }
}

impl Files {
    fn open(&self, model: &Model) -> Result<Box<dyn FileSystem>, Failure> {
        let (interface, spec) = (self.interface, self.device_and_part);
        let place = disk::locate_by_name(model, interface, Some(spec), None, Whole::Allowed)?;
        let name = Some(self.file_system);
        fs::open_as(&place.disk, &place.partition, name).map_err(|error| Failure {
            what: format!("Unable to use {interface} {spec}: {error}"),
            error,
        })
    }

    fn file(&self, copy: usize) -> &'static str {
        self.files.get(copy).copied().unwrap_or_default()
    }

    fn failure(&self, verb: &str, copy: usize, error: Error) -> Failure {
        let (file, interface, spec) = (self.file(copy), self.interface, self.device_and_part);
        let what = format!("Unable to {verb} \"{file}\" on {interface} {spec}: {error}");
        Failure { what, error }
    }
}

#[cfg(CONFIG_ENV_IS_IN_FAT)]
mod fat {
    use super::Files;
    use include::config::{
        CONFIG_ENV_FAT_DEVICE_AND_PART, CONFIG_ENV_FAT_FILE, CONFIG_ENV_FAT_FILE_REDUND,
        CONFIG_ENV_FAT_INTERFACE, CONFIG_ENV_SIZE,
    };

    static FAT: Files = Files {
        interface: CONFIG_ENV_FAT_INTERFACE,
        device_and_part: CONFIG_ENV_FAT_DEVICE_AND_PART,
        file_system: "fat",
        files: [CONFIG_ENV_FAT_FILE, CONFIG_ENV_FAT_FILE_REDUND],
        size: CONFIG_ENV_SIZE as usize,
        redundant: cfg!(CONFIG_ENV_REDUNDANT),
    };

    env_driver! {
        name: "FAT",
        priority: 20,
        storage: Some(&FAT),
    }
}

#[cfg(CONFIG_ENV_IS_IN_EXT4)]
mod ext4 {
    use super::Files;
    use include::config::{
        CONFIG_ENV_EXT4_DEVICE_AND_PART, CONFIG_ENV_EXT4_FILE, CONFIG_ENV_EXT4_FILE_REDUND,
        CONFIG_ENV_EXT4_INTERFACE, CONFIG_ENV_SIZE,
    };

    static EXT4: Files = Files {
        interface: CONFIG_ENV_EXT4_INTERFACE,
        device_and_part: CONFIG_ENV_EXT4_DEVICE_AND_PART,
        file_system: "ext4",
        files: [CONFIG_ENV_EXT4_FILE, CONFIG_ENV_EXT4_FILE_REDUND],
        size: CONFIG_ENV_SIZE as usize,
        redundant: cfg!(CONFIG_ENV_REDUNDANT),
    };

    env_driver! {
        name: "EXT4",
        priority: 10,
        storage: Some(&EXT4),
    }
}
