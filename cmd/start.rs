// SPDX-License-Identifier: GPL-2.0-or-later
//! From the machine to the prompt: devices, console, disks, environment.
//!
//! Behaviour: U-Boot's `board_init_r`. Everything printed before there is a
//! console comes out as soon as there is one.

use crate::{Context, banner, check_registrations, main_loop};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::Machine;
use arch::mem::Ram;
use common::console::{self, File};
use common::{Error, Result, print, println};
use dm::{Model, UclassId};
use env::callback::ENV_CALLBACKS;
use env::storage::ENV_DRIVERS;
use env::{By, Env};

/// Starts the devices, then boots or asks the user; never ends.
pub fn start(machine: Machine) -> ! {
    main_loop(init(machine))
}

/// Starts the devices; what follows is [`main_loop`], or what the machine's user wants.
pub fn init(machine: Machine) -> Context {
    banner();
    check_registrations();
    let model = Arc::new(Model::new(&dm::DRIVERS, &dm::UCLASSES, Some(machine.tree)));
    show_machine(&model, &machine);
    start_devices(&model);

    let mut env = Env::default();
    // What is stored does not choose the console: no callbacks yet.
    env.set_tables(&ENV_DRIVERS, &[]);
    env.set_layout(machine.usable);
    let mut ram = machine.ram;
    let tree = grow_tree(&mut ram, machine.fdt_address)
        .and_then(|()| env.set_fixed("fdtcontroladdr", &format!("{:x}", machine.fdt_address)));
    if let Err(error) = tree {
        println!("fdtcontroladdr: {error}");
    }
    env.load(&model);
    env.set_tables(&ENV_DRIVERS, &ENV_CALLBACKS);
    show_console(&mut env);
    Context::new(ram, model, env)
}

/// Lets the user's copy of the tree use all the room that is kept for it, so that it can be edited.
fn grow_tree(ram: &mut Ram, address: u64) -> Result<()> {
    let tree = ram.reserved().find(|r| r.range.start == address);
    let len = tree.map_or(0, |r| (r.range.end - r.range.start) as usize);
    let tree = ram.slice_mut(address, len).map_err(|_| Error::OutOfRange)?;
    boot::fdt::set_totalsize(tree, len as u32);
    Ok(())
}

/// Says in the environment which device the console is.
pub(crate) fn show_console(env: &mut Env) {
    for file in File::ALL {
        if let Some(device) = console::chosen(file)
            && let Err(error) = env.put(file.name(), &device, By::Force)
        {
            println!("{}: {error}", file.name());
        }
    }
}

fn show_machine(model: &Model, machine: &Machine) {
    if let Some(name) = model.root().node().and_then(|root| root.string("model")) {
        println!("Model: {name}");
    }
    let size: u64 = machine.ram.banks().map(|bank| bank.end - bank.start).sum();
    println!("DRAM:  {}", common::size::Size(size));
}

/// Binds what the device tree describes; the console first, then the disks.
fn start_devices(model: &Model) {
    if let Err(error) = model.bind_children(model.root()) {
        println!("The device tree: {error}");
    }
    if let Err(error) = dm::cpu::bind(model) {
        println!("The processors: {error}");
    }
    match dm::serial::start_console(model) {
        Ok(console) => println!("In:    {}", console.name()),
        // Without a console a system can still be booted.
        Err(error) => println!("No console: {error}"),
    }
    for bus in model.uclass_devices(UclassId::PvBlock) {
        print!("PVBLOCK: ");
        match model.probe(&bus) {
            Ok(()) => show_disks(model, model.uclass_name(bus.uclass())),
            Err(error) => println!("{error}"),
        }
    }
}

/// Names the disks of an interface.
pub(crate) fn show_disks(model: &Model, interface: &str) {
    let disks: Vec<_> = dm::blk::numbers(model, interface)
        .iter()
        .map(|number| format!("{interface}: {number}"))
        .collect();
    println!("{}", disks.join(", "));
}
