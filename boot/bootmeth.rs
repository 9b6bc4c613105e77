// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot methods: the ways to boot what is on a partition, and the table of all of them.
//!
//! A boot method is one file that ends in its registration with
//! [`bootmeth!`](crate::bootmeth!). [`bootflow`](crate::bootflow) asks each of
//! them what it finds on a partition, and later to boot that.
//!
//! Behaviour: U-Boot, `doc/develop/bootstd/overview.rst`.

use crate::bootflow::{BootError, Bootflow, State};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use arch::mem::Ram;
use common::{Error, Result, println};
use dm::Model;
use env::Env;
use env::callback::Change;
use fs::{FileSystem, FileType};
use linkme::distributed_slice;

/// The boot methods of this image; [`bootmeth!`](crate::bootmeth!) adds to it.
#[allow(unsafe_code)]
#[distributed_slice]
pub static BOOTMETHS: [BootMethod];

/// The folders in which files are looked for.
pub const PREFIXES: &[&str] = &["/", "/boot/"];

/// A configuration or a script that is longer than this was none.
pub const FILE_MAX: u64 = 0x1_0000;

/// A property of a method that the user can set: its name and its values, the usual one first.
pub type Property = (&'static str, &'static [&'static str]);

/// What a method does with a flow.
pub type Action = fn(&mut dyn Machine, &mut Bootflow) -> core::result::Result<(), BootError>;

/// A way to boot.
pub struct BootMethod {
    /// Its name, unique.
    pub name: &'static str,
    /// Its place among the methods, if the user wants no other.
    pub order: u8,
    /// What it is, in one line.
    pub description: &'static str,
    /// The files that show that a partition can be booted so, below a prefix, in the order they are looked for.
    pub files: &'static [&'static str],
    /// The folders they are looked for in, each ending in a slash.
    pub prefixes: &'static [&'static str],
    /// What kind of image the file is, as `bootstd images` shows it.
    pub file_type: &'static str,
    /// What `bootmeth set` can set.
    pub properties: &'static [Property],
    /// Looks at a partition, whose file system is given, and completes the flow
    /// up to the state [`State::Ready`]. [`find_and_read`] is enough for most.
    pub read: fn(&mut Bootflow, &dyn FileSystem) -> Result<()>,
    /// Loads all files, boots nothing.
    pub read_all: Option<Action>,
    /// Boots the flow; returns only if that does not work, or as [`crate::bootm::start`] does.
    pub boot: Action,
}

impl BootMethod {
    /// A method without a name that finds nothing, to fill in the rest of a registration.
    pub const fn new() -> BootMethod {
        BootMethod {
            name: "",
            order: u8::MAX,
            description: "",
            files: &[],
            prefixes: PREFIXES,
            file_type: "",
            properties: &[],
            read: find_and_read,
            read_all: None,
            boot: |_, _| Err(BootError::Failed),
        }
    }
}

impl Default for BootMethod {
    fn default() -> Self {
        BootMethod::new()
    }
}

/// What a boot works on. The shell is above this crate, and implements it.
pub trait Machine {
    /// The RAM, the environment and the devices.
    fn parts(&mut self) -> (&mut Ram, &mut Env, &Model);

    /// Runs a script in the shell, and returns its status.
    fn run_script(&mut self, script: &str) -> i32;

    /// What the user set a property of a method to; its usual value if it was not set.
    fn property(&mut self, method: &'static BootMethod, property: &str) -> String;
}

/// All methods, in their usual order.
pub fn all() -> Vec<&'static BootMethod> {
    let mut methods: Vec<_> = BOOTMETHS.iter().collect();
    methods.sort_by_key(|method| (method.order, method.name));
    methods
}

/// The methods in the order of the variable `bootmeths`, or else all of them.
pub fn ordered(env: &Env) -> Vec<&'static BootMethod> {
    match env.get("bootmeths").map(parse_order) {
        Some(Ok(methods)) if !methods.is_empty() => methods,
        _ => all(),
    }
}

/// The methods that an order names.
///
/// # Errors
/// [`Error::NoDevice`] if there is one that does not exist; the console has been told.
pub fn parse_order(order: &str) -> Result<Vec<&'static BootMethod>> {
    order.split_whitespace().map(by_name).collect()
}

/// The method of this name.
///
/// # Errors
/// [`Error::NoDevice`] if there is none; the console has been told.
pub fn by_name(name: &str) -> Result<&'static BootMethod> {
    let method = BOOTMETHS.iter().find(|method| method.name == name);
    method.ok_or_else(|| {
        println!("Unknown bootmeth '{name}'");
        Error::NoDevice
    })
}

/// Refuses an order with a method that does not exist.
fn on_bootmeths(change: &Change<'_>) -> Result<()> {
    change
        .value
        .map_or(Ok(()), |order| parse_order(order).map(drop))
}

env::env_callback! { name: "bootmeths", run: on_bootmeths }

/// Finds the first of the method's files and reads it into the flow's buffer.
///
/// # Errors
/// [`Error::NotFound`] if there is none, or why it cannot be read.
pub fn find_and_read(flow: &mut Bootflow, files: &dyn FileSystem) -> Result<()> {
    find(flow, files)?;
    let path = flow.file.as_deref().unwrap_or_default();
    let bytes = crate::loader::read_small(files, path, FILE_MAX)?;
    flow.buffer = Some(bytes);
    flow.state = State::Ready;
    Ok(())
}

/// Finds the first of the method's files: sets `file`, `size` and the state to [`State::File`].
///
/// # Errors
/// [`Error::NotFound`] if there is none, or why the file system cannot be read.
pub fn find(flow: &mut Bootflow, files: &dyn FileSystem) -> Result<()> {
    let method = flow.method;
    for prefix in method.prefixes {
        for name in method.files {
            let path = format!("{prefix}{name}");
            let found = files.metadata(&path);
            flow.file = Some(path);
            match found {
                Ok(metadata) if metadata.kind == FileType::Regular => {
                    flow.size = metadata.size;
                    flow.state = State::File;
                    return Ok(());
                }
                Ok(_) | Err(Error::NotFound | Error::NotADirectory) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Err(Error::NotFound)
}

/// Registers a boot method; takes the fields of a [`BootMethod`](crate::bootmeth::BootMethod)
/// that differ from the default.
///
/// ```ignore
/// bootmeth! { name: "image", order: 9, description: "...", files: &["Image"], boot: boot }
/// ```
#[macro_export]
macro_rules! bootmeth {
    ($($field:ident: $value:expr),+ $(,)?) => {
        const _: () = {
            #[allow(unsafe_code, clippy::needless_update)]
            #[$crate::linkme::distributed_slice($crate::bootmeth::BOOTMETHS)]
            #[linkme(crate = $crate::linkme)]
            static ENTRY: $crate::bootmeth::BootMethod =
                $crate::bootmeth::BootMethod { $($field: $value,)+ ..$crate::bootmeth::BootMethod::new() };
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_is_registered_once_in_its_order() {
        let names: Vec<_> = all().iter().map(|method| method.name).collect();
        let expected = [
            ("extlinux", cfg!(CONFIG_BOOTMETH_EXTLINUX)),
            ("script", cfg!(CONFIG_BOOTMETH_SCRIPT)),
            ("image", cfg!(CONFIG_BOOTMETH_IMAGE)),
        ];
        let expected: Vec<_> = expected
            .iter()
            .filter(|(_, on)| *on)
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(names, expected);
        for method in BOOTMETHS {
            assert!(!method.description.is_empty(), "{}", method.name);
            let mut prefixes = method.prefixes.iter();
            assert!(prefixes.all(|prefix| prefix.starts_with('/') && prefix.ends_with('/')));
        }
    }

    #[test]
    fn the_user_can_order_them() {
        let mut env = Env::empty();
        let names = |env: &Env| -> Vec<_> { ordered(env).iter().map(|m| m.name).collect() };
        let usual = names(&env);
        env.set("bootmeths", "image  extlinux").unwrap();
        assert_eq!(names(&env), ["image", "extlinux"]);
        env.set("bootmeths", "image").unwrap();
        assert_eq!(names(&env), ["image"]);
        let console = common::testing::capture();
        for nothing in [" ", "image nosuch"] {
            env.set("bootmeths", nothing).unwrap();
            assert_eq!(names(&env), usual, "{nothing}");
        }
        assert_eq!(console.take(), "Unknown bootmeth 'nosuch'\n");
        env.set_tables(&[], &env::callback::ENV_CALLBACKS);
        env.set("bootmeths", "image").unwrap();
        let refused = env.put("bootmeths", "image nosuch", env::By::User);
        assert_eq!(refused, Err(Error::NoDevice));
        assert_eq!(names(&env), ["image"]);
    }
}
