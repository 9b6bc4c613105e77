// SPDX-License-Identifier: GPL-2.0-or-later
//! `bind` and `unbind`: give a device to a driver, and take it away.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bind.rst`, `doc/usage/cmd/unbind.rst` and
//! `test/py/tests/test_bind.py`.
#![cfg(CONFIG_CMD_BIND)]

use crate::number::decimal;
use crate::{CmdError, CmdResult, Context};
use alloc::string::ToString;
use alloc::sync::Arc;
use common::{Error, println};
use dm::ofnode::OfNode;
use dm::{Device, Driver, Model};

fn do_bind(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args {
        [_, path, driver] if path.starts_with('/') => bind_node(&ctx.dm, path, driver),
        [_, path, ..] if path.starts_with('/') => Err(CmdError::Usage),
        [_, class, seq, driver] => bind_child(&ctx.dm, class, seq, driver),
        _ => Err(CmdError::Usage),
    }
}

fn do_unbind(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let model = &ctx.dm;
    match args {
        [_, path] if path.starts_with('/') => {
            let node = find_node(model, path)?;
            let Some(device) = device_of(model, node) else {
                println!("Cannot find a device with path {path}");
                return Err(CmdError::Failure);
            };
            unbind(model, &device)
        }
        [_, path, ..] if path.starts_with('/') => Err(CmdError::Usage),
        [_, class, seq] => unbind(model, &find_device(model, class, seq)?),
        [_, class, seq, driver] => {
            let Some(driver) = model.driver(driver) else {
                return no_driver(driver);
            };
            let parent = find_device(model, class, seq)?;
            unbind_children(model, &parent, driver)
        }
        _ => Err(CmdError::Usage),
    }
}

/// Binds a node, as a child of the device of the nearest node above or of its own.
fn bind_node(model: &Model, path: &str, name: &str) -> CmdResult {
    let Some(driver) = model.driver(name) else {
        println!("{name} is not a valid driver name");
        return Err(CmdError::Failure);
    };
    let node = find_node(model, path)?;
    let Some(parent) = nearest_device(model, path) else {
        println!("Cannot find a parent device for node path {path}");
        return Err(CmdError::Failure);
    };
    let bound = model.bind_node(&parent, driver, node.name().to_string(), node);
    bound.map(drop).map_err(|error| failed("bind", error))
}

fn bind_child(model: &Model, class: &str, seq: &str, name: &str) -> CmdResult {
    let Some(driver) = model.driver(name) else {
        return no_driver(name);
    };
    let parent = find_device(model, class, seq)?;
    let bound = model.bind_driver(&parent, driver.name, driver.name.to_string(), None);
    bound.map(drop).map_err(|error| failed("bind", error))
}

fn unbind(model: &Model, device: &Arc<Device>) -> CmdResult {
    model
        .unbind(device)
        .map_err(|error| failed("unbind", error))
}

/// Unbinds all children that have this driver.
fn unbind_children(model: &Model, parent: &Arc<Device>, driver: &'static Driver) -> CmdResult {
    let mut result = Ok(());
    for child in parent.children() {
        if core::ptr::eq(child.driver(), driver) {
            result = result.and(model.unbind(&child));
        }
    }
    result.map_err(|error| failed("unbind all", error))
}

fn find_device(model: &Model, class: &str, seq: &str) -> Result<Arc<Device>, CmdError> {
    let uclasses = model.uclasses();
    let Some(uclass) = uclasses.iter().find(|uclass| uclass.name == class) else {
        println!("{class} is not a valid uclass");
        return Err(CmdError::Failure);
    };
    let seq = decimal(seq);
    let mut devices = model.uclass_devices(uclass.id).into_iter();
    let device = devices.find(|device| device.seq() as u64 == seq);
    device.ok_or_else(|| {
        println!("Cannot find device {seq} of class {class}");
        CmdError::Failure
    })
}

fn find_node(model: &Model, path: &str) -> Result<OfNode, CmdError> {
    model.node(path).ok_or_else(|| {
        println!("{path} is not a valid node path");
        CmdError::Failure
    })
}

fn nearest_device(model: &Model, mut path: &str) -> Option<Arc<Device>> {
    loop {
        let node = model.node(if path.is_empty() { "/" } else { path });
        let device = node.and_then(|node| device_of(model, node));
        if device.is_some() {
            return device;
        }
        path = path.rsplit_once('/')?.0;
    }
}

fn device_of(model: &Model, node: OfNode) -> Option<Arc<Device>> {
    let mut devices = model.devices().into_iter();
    devices.find(|device| device.node() == Some(node))
}

fn no_driver(name: &str) -> CmdResult {
    println!("Cannot find driver '{name}'");
    Err(CmdError::Failure)
}

fn failed(what: &str, error: Error) -> CmdError {
    println!("Unable to {what}. err:{} ({error})", error.errno());
    CmdError::Failure
}

#[cfg(all(test, CONFIG_CMD_FDT))]
#[path = "bind/tests.rs"]
mod tests;

command! {
    name: "bind",
    max_args: 4,
    usage: "Bind a device to a driver",
    help: "<node path> <driver>\nbind <class> <seq> <driver>\n\
           'dm tree' shows the devices with their classes, numbers and drivers,\n\
           'dm drivers' the drivers.",
    run: do_bind,
}

command! {
    name: "unbind",
    max_args: 4,
    usage: "Unbind a device from a driver",
    help: "<node path>\nunbind <class> <seq>\nunbind <class> <seq> <driver>\n\
           The last one unbinds the device's children that have this driver.",
    run: do_unbind,
}
