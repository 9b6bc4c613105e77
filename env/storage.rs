// SPDX-License-Identifier: GPL-2.0-or-later
//! Loading and saving, whatever the place.
//!
//! A place is a [`Storage`] that keeps one or two images; what they mean is
//! the same for all: of two valid ones the newer one counts, and a save goes
//! to the other place, so that it can be cut off at any byte. The places of an
//! image register in [`ENV_DRIVERS`] and are tried in the order of their
//! priority. Behaviour and messages: U-Boot, `env/env.c` and `env/common.c`.

mod newest;

use crate::image::Format;
use crate::{By, Env, Import, Separator};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result, print, println};
use core::fmt;
use disk::SpecError;
use dm::Model;
use include::config::CONFIG_ENV_SIZE;
use linkme::distributed_slice;
use newest::newest;

/// The places of this image; [`env_driver!`](crate::env_driver!) adds to it.
#[allow(unsafe_code)]
#[distributed_slice]
pub static ENV_DRIVERS: [Driver];

/// A place for the environment.
pub struct Driver {
    /// What it is called, as in `env select`.
    pub name: &'static str,
    /// Its rank: the places with the lowest number are tried first.
    pub priority: u8,
    /// The place; `None` if nothing is kept.
    pub storage: Option<&'static dyn Storage>,
}

/// A place that keeps one or two images of the environment.
pub trait Storage: Sync {
    /// Bytes of an image.
    fn size(&self) -> usize {
        CONFIG_ENV_SIZE as usize
    }

    /// Whether it keeps two images.
    fn redundant(&self) -> bool {
        cfg!(CONFIG_ENV_REDUNDANT)
    }

    /// Reads an image: the first (0) or the second one (1).
    ///
    /// # Errors
    /// Why not, for the user.
    fn read(
        &self,
        model: &Model,
        copy: usize,
        image: &mut [u8],
    ) -> core::result::Result<(), Failure>;

    /// Writes an image; when it returns, the image is durable.
    ///
    /// # Errors
    /// Why not, for the user.
    fn write(&self, model: &Model, copy: usize, image: &[u8]) -> core::result::Result<(), Failure>;
}

/// Why an image could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong, and where.
    pub what: String,
    /// Its kind.
    pub error: Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl From<SpecError> for Failure {
    fn from(error: SpecError) -> Failure {
        Failure {
            what: error.to_string(),
            error: Error::NoDevice,
        }
    }
}

/// What is known of the environment that was loaded or saved last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validity {
    /// Nothing was loaded.
    #[default]
    Invalid,
    /// The first image is the current one.
    Valid,
    /// The second image is the current one.
    Redundant,
}

/// Where the environment comes from and goes to.
#[derive(Clone, Copy, Default)]
pub(crate) struct State {
    pub drivers: &'static [Driver],
    /// The place, in the order of their priority.
    selected: usize,
    validity: Validity,
    pub is_default: bool,
    /// The serial number of the current image.
    serial: u8,
}

/// Why nothing was loaded: without a valid image, a later place may still have one.
enum LoadError {
    BadCrc,
    Failed(Error),
}

impl Env {
    /// Loads the environment from the first place that has one; else it is the default one.
    pub fn load(&mut self, model: &Model) {
        let mut best = None;
        let drivers = self.drivers();
        if drivers.is_empty() {
            println!("## Error: no place for the environment is in this image");
        }
        for (rank, driver) in drivers.iter().enumerate() {
            print!("Loading Environment from {}...\r", driver.name);
            match self.load_from(model, driver) {
                Ok(()) => {
                    println!("Loading Environment from {}... OK", driver.name);
                    self.state.selected = rank;
                    return;
                }
                Err(LoadError::BadCrc) => best = best.or(Some(rank)),
                Err(LoadError::Failed(_)) => {}
            }
        }
        // The next save repairs the place that has a bad image, or else uses the first one.
        self.state.selected = best.unwrap_or(0);
    }

    /// Loads the environment from the selected place.
    ///
    /// # Errors
    /// If there is none, after a message; the environment is then the default one.
    pub fn reload(&mut self, model: &Model) -> Result<()> {
        let driver = self.driver()?;
        print!("Loading Environment from {}... ", driver.name);
        let result = self.load_from(model, driver).map_err(|error| match error {
            LoadError::BadCrc => Error::Corrupt("the checksum of the environment"),
            LoadError::Failed(error) => error,
        });
        finish(result)
    }

    /// Saves the environment at the selected place.
    ///
    /// # Errors
    /// Why not, after a message.
    pub fn save(&mut self, model: &Model) -> Result<()> {
        let driver = self.driver()?;
        print!("Saving Environment to {}... ", driver.name);
        let Some(storage) = driver.storage else {
            println!("not possible");
            return Err(Error::NoDevice);
        };
        finish(self.save_to(model, storage))
    }

    /// Overwrites what is stored at the selected place with zeros.
    ///
    /// # Errors
    /// Why not, after a message.
    pub fn erase(&mut self, model: &Model) -> Result<()> {
        let driver = self.driver()?;
        let Some(storage) = driver.storage else {
            println!("not possible");
            return Err(Error::NoDevice);
        };
        print!("Erasing Environment on {}... ", driver.name);
        let zeros = vec![0; storage.size()];
        let copies = if storage.redundant() { 2 } else { 1 };
        self.state.validity = Validity::Invalid;
        let erase = |copy| storage.write(model, copy, &zeros).map_err(report);
        finish((0..copies).try_for_each(erase))
    }

    /// Selects the place for loading and saving by its name.
    ///
    /// # Errors
    /// [`Error::NoDevice`] after a message.
    pub fn select(&mut self, name: &str) -> Result<()> {
        print!("Select Environment on {name}: ");
        let Some(rank) = self.drivers().iter().position(|driver| driver.name == name) else {
            println!("driver not found");
            return Err(Error::NoDevice);
        };
        if rank != self.state.selected {
            self.state = State {
                drivers: self.state.drivers,
                selected: rank,
                ..State::default()
            };
        }
        println!("OK");
        Ok(())
    }

    /// Which image is the current one.
    pub fn validity(&self) -> Validity {
        self.state.validity
    }

    /// Whether the default environment was set up because nothing was loaded, or on request.
    pub fn is_default(&self) -> bool {
        self.state.is_default
    }

    /// Whether the selected place keeps anything.
    pub fn can_be_saved(&self) -> bool {
        self.driver().is_ok_and(|driver| driver.storage.is_some())
    }

    /// Sets up the default environment; with a reason, it is a warning.
    pub fn reset(&mut self, reason: Option<&str>) {
        if let Some(reason) = reason {
            println!("*** Warning - {reason}, using default environment\n");
        }
        self.restore_defaults();
        self.state.is_default = true;
    }

    fn load_from(&mut self, model: &Model, driver: &Driver) -> core::result::Result<(), LoadError> {
        self.state.validity = Validity::Invalid;
        self.state.serial = 0;
        let Some(storage) = driver.storage else {
            self.reset(None);
            return Ok(());
        };
        let (image, validity) = match newest(model, storage) {
            Ok(found) => found,
            Err(error) => {
                self.reset(Some(&error.0));
                return Err(error.1);
            }
        };
        let format = format(storage);
        let checked = format.check(&image);
        let how = Import {
            separator: Separator::Nul,
            crlf: false,
            delete: true,
            names: &[],
            by: By::Force,
        };
        let result = checked.map(|(serial, data)| (serial, self.import(data, &how)));
        let Some((serial, Ok(()))) = result else {
            self.reset(Some("import failed"));
            return Err(LoadError::Failed(Error::Corrupt("the stored environment")));
        };
        self.state.serial = serial;
        self.state.validity = validity;
        self.state.is_default = false;
        self.add_machine();
        Ok(())
    }

    /// Adds what belongs to this machine and is not stored.
    fn add_machine(&mut self) {
        self.renew_layout();
        let fixed = core::mem::take(&mut self.fixed);
        for (name, value) in &fixed {
            self.insert(name, value);
        }
        self.fixed = fixed;
    }

    fn save_to(&mut self, model: &Model, storage: &dyn Storage) -> Result<()> {
        let variables = self.export(Separator::Nul, &[]);
        let (current, serial) = match (self.state.validity, storage.redundant()) {
            // It was not loaded, perhaps because it could not be read then: it may be there.
            (Validity::Invalid, true) => stored(model, storage).unwrap_or((Validity::Invalid, 0)),
            (validity, _) => (validity, self.state.serial),
        };
        // Never the current image: a save that is cut off leaves it as it is.
        let (copy, validity) = match current {
            Validity::Valid if storage.redundant() => (1, Validity::Redundant),
            _ => (0, Validity::Valid),
        };
        let serial = serial.wrapping_add(1);
        let image = format(storage)
            .make(&variables, serial)
            .ok_or(Error::NoSpace)?;
        storage.write(model, copy, &image).map_err(report)?;
        self.state.serial = serial;
        self.state.validity = validity;
        Ok(())
    }

    fn driver(&self) -> Result<&'static Driver> {
        let selected = self.drivers().get(self.state.selected).copied();
        selected.ok_or(Error::NoDevice)
    }

    /// The places in the order in which they are tried.
    fn drivers(&self) -> Vec<&'static Driver> {
        let mut drivers: Vec<_> = self.state.drivers.iter().collect();
        drivers.sort_by_key(|driver| (driver.priority, driver.name));
        drivers
    }
}

fn format(storage: &dyn Storage) -> Format {
    Format {
        size: storage.size(),
        redundant: storage.redundant(),
    }
}

/// Which of the stored images is the current one, and its serial number.
fn stored(model: &Model, storage: &dyn Storage) -> Option<(Validity, u8)> {
    let (image, validity) = newest(model, storage).ok()?;
    let (serial, _) = format(storage).check(&image)?;
    Some((validity, serial))
}

fn report(failure: Failure) -> Error {
    println!("{failure}");
    failure.error
}

/// Says how a command for a place ended.
fn finish(result: Result<()>) -> Result<()> {
    match result {
        Ok(()) => println!("OK"),
        Err(error) => println!("Failed ({})", error.errno()),
    }
    result
}

/// Registers a place; takes the fields of a [`Driver`](crate::storage::Driver).
#[macro_export]
macro_rules! env_driver {
    ($($field:ident: $value:expr),+ $(,)?) => {
        const _: () = {
            #[allow(unsafe_code)]
            #[$crate::linkme::distributed_slice($crate::storage::ENV_DRIVERS)]
            #[linkme(crate = $crate::linkme)]
            static ENTRY: $crate::storage::Driver = $crate::storage::Driver { $($field: $value),+ };
        };
    };
}

#[cfg(test)]
mod tests;
