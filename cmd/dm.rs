// SPDX-License-Identifier: GPL-2.0-or-later
//! `dm`: shows the devices, the uclasses and the drivers.
#![cfg(CONFIG_CMD_DM)]

use crate::{CmdError, CmdResult, Context};
use ::dm::{Device, Driver, Model};
use alloc::string::String;
use alloc::sync::Arc;
use common::println;

fn do_dm(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let model = &ctx.dm;
    match &args[1..] {
        ["tree", options @ ..] => tree(model, options),
        ["uclass", "-e", name] => uclasses(model, |uclass| uclass.starts_with(name)),
        ["uclass", name] if *name != "-e" => uclasses(model, |uclass| uclass == *name),
        ["uclass"] | ["uclass", "-e"] => uclasses(model, |_| true),
        ["drivers"] => drivers(model),
        ["compat"] => compatible(model),
        ["devres"] => resources(model.root()),
        ["static"] => {
            println!("Driver                    Address");
            println!("---------------------------------");
        }
        _ => return Err(CmdError::Usage),
    }
    Ok(())
}

fn tree(model: &Model, options: &[&str]) {
    let (mut sort, mut prefix, mut name) = (false, false, None);
    for option in options {
        match *option {
            "-s" => sort = true,
            "-e" => prefix = true,
            _ if option.starts_with('-') => {
                println!("Unknown parameter: {option}");
                return;
            }
            _ => name = Some(*option),
        }
    }
    println!(" Class     Seq    Probed  Driver                Name");
    println!("-----------------------------------------------------------");
    let mut tree = Tree { model, sort };
    match name.filter(|name| *name != "root") {
        None => tree.show(model.root(), "", ""),
        Some(name) => tree.show_matching(model.root(), &|device| match prefix {
            true => device.starts_with(name),
            false => device == name,
        }),
    }
}

struct Tree<'a> {
    model: &'a Model,
    /// Whether children are sorted by uclass.
    sort: bool,
}

impl Tree<'_> {
    /// Shows each device whose name matches, with all below it.
    fn show_matching(&mut self, device: &Arc<Device>, matches: &dyn Fn(&str) -> bool) {
        for child in device.children() {
            match matches(child.name()) {
                true => self.show(&child, "", ""),
                false => self.show_matching(&child, matches),
            }
        }
    }

    /// Shows a device and all below it; `branch` leads to the device, `below` to its children.
    fn show(&mut self, device: &Arc<Device>, branch: &str, below: &str) {
        let probed = if device.active() { '+' } else { ' ' };
        println!(
            " {:<10.10}  {:>3}  [ {probed} ]   {:<20.20}  {branch}{}",
            self.model.uclass_name(device.uclass()),
            device.seq(),
            device.driver().name,
            device.name()
        );
        let mut children = device.children();
        if self.sort {
            children.sort_by_key(|child| child.uclass());
        }
        let last = children.len();
        for (n, child) in (1..).zip(&children) {
            let (branch, more) = match n == last {
                true => ("`-- ", "    "),
                false => ("|-- ", "|   "),
            };
            let branch = String::from(below) + branch;
            let below = String::from(below) + more;
            self.show(child, &branch, &below);
        }
    }
}

fn uclasses(model: &Model, matches: impl Fn(&str) -> bool) {
    for uclass in model.uclasses() {
        if !matches(uclass.name) {
            continue;
        }
        println!("uclass {}: {}", uclass.id as usize, uclass.name);
        for (i, device) in model.uclass_devices(uclass.id).iter().enumerate() {
            let active = if device.active() { '*' } else { ' ' };
            // An address says which device it is, as in U-Boot, and nothing more.
            let address = Arc::as_ptr(device) as usize;
            let (name, seq) = (device.name(), device.seq());
            println!("{i:<3} {active} {name} @ {address:08x}, seq {seq}");
        }
        println!();
    }
}

fn drivers(model: &Model) {
    println!("Driver                    uid uclass               Devices");
    println!("----------------------------------------------------------");
    let devices = model.devices();
    for driver in model.drivers() {
        let mut names = devices
            .iter()
            .filter(|device| core::ptr::eq(device.driver(), driver))
            .map(|device| device.name());
        println!(
            "{:<25.25} {:<3} {:<20.20} {:.25}",
            driver.name,
            alloc::format!("{:03}", driver.id as usize),
            model.uclass_name(driver.id),
            names.next().unwrap_or("<none>")
        );
        names.for_each(|name| println!("{:51}{name:.25}", ""));
    }
}

/// Devices own what they use, so there are no lists of resources to show.
fn resources(device: &Arc<Device>) {
    println!("- {}", device.name());
    device.children().iter().for_each(resources);
}

fn compatible(model: &Model) {
    println!("Driver                Compatible");
    println!("--------------------------------");
    for Driver { name, of_match, .. } in model.drivers() {
        let mut strings = of_match.iter().map(|entry| entry.compatible);
        match strings.next() {
            Some(string) => println!("{name:<20.20}  {string}"),
            None => println!("{name:<20.20}"),
        }
        strings.for_each(|string| println!("{:20}  {string}", ""));
    }
}

#[cfg(test)]
mod tests {
    use crate::Context;
    use crate::testing;
    use ::dm::{Compatible, Driver, Model, UCLASSES, UclassId};
    use alloc::string::ToString;
    use alloc::sync::Arc;

    static DRIVERS: [Driver; 3] = [
        Driver {
            name: "disk",
            id: UclassId::Blk,
            ..Driver::new()
        },
        Driver {
            name: "bus",
            id: UclassId::SimpleBus,
            of_match: &[
                Compatible {
                    compatible: "bus-1",
                    data: 0,
                },
                Compatible {
                    compatible: "bus-2",
                    data: 0,
                },
            ],
            ..Driver::new()
        },
        Driver {
            name: "idle",
            id: UclassId::Nop,
            ..Driver::new()
        },
    ];

    /// What a command prints for a tree of a bus with a disk, and a second disk.
    fn output(command: &str) -> alloc::string::String {
        let console = testing::capture();
        let model = Model::new(&DRIVERS, &UCLASSES, None);
        let root = model.root().clone();
        let bus = model
            .bind_driver(&root, "bus", "bus0".to_string(), None)
            .unwrap();
        for parent in [&bus, &root] {
            let disk = model
                .bind_driver(parent, "disk", "disk".to_string(), None)
                .unwrap();
            model.probe(&disk).unwrap();
        }
        let Context { ram, env, .. } = testing::context();
        Context::new(ram, Arc::new(model), env).run_script(command);
        console.take()
    }

    #[test]
    fn the_tree_is_shown() {
        let head = " Class     Seq    Probed  Driver                Name\n\
                    -----------------------------------------------------------\n";
        let bus = " simple_bus    0  [ + ]   bus                   |-- bus0\n \
                   blk           0  [ + ]   disk                  |   `-- disk\n";
        let root = " root          0  [ + ]   root_driver           root\n";
        let disk = " blk           0  [ + ]   disk                  `-- disk\n";
        assert_eq!(output("dm tree"), std::format!("{head}{root}{bus}{disk}"));
        assert_eq!(output("dm tree root"), output("dm tree"));
        let text = output("dm tree -e bu");
        assert!(text.ends_with("bus0\n blk           0  [ + ]   disk                  `-- disk\n"));
        assert_eq!(output("dm tree bu"), head);
        let sorted = output("dm tree -s");
        assert_eq!(sorted, std::format!("{head}{root}{bus}{disk}"));
        assert_eq!(output("dm tree -x"), "Unknown parameter: -x\n");
    }

    #[test]
    fn uclasses_are_shown() {
        let text = output("dm uclass simple_bus");
        assert!(text.starts_with("uclass 1: simple_bus\n0   * bus0 @ "));
        assert!(text.ends_with(", seq 0\n\n"));
        assert!(output("dm uclass").contains("uclass 3: blk\n0   * disk @ "));
        assert_eq!(output("dm uclass bl"), "");
        assert!(output("dm uclass -e bl").starts_with("uclass 3: blk\n"));
    }

    #[test]
    fn there_are_no_resources_and_no_static_data() {
        assert_eq!(output("dm devres"), "- root\n- bus0\n- disk\n- disk\n");
        let heading = "Driver                    Address\n---------------------------------\n";
        assert_eq!(output("dm static"), heading);
    }

    #[test]
    fn drivers_are_shown() {
        assert_eq!(
            output("dm drivers")
                .lines()
                .skip(2)
                .collect::<alloc::vec::Vec<_>>(),
            [
                "bus                       001 simple_bus           bus0",
                "disk                      003 blk                  disk",
                "                                                   disk",
                "idle                      002 nop                  <none>",
                "root_driver               000 root                 root"
            ]
        );
        assert_eq!(
            output("dm compat")
                .lines()
                .skip(2)
                .collect::<alloc::vec::Vec<_>>(),
            [
                "bus                   bus-1",
                "                      bus-2",
                "disk                ",
                "idle                ",
                "root_driver         "
            ]
        );
    }
}

command! {
    name: "dm",
    max_args: 5,
    repeatable: true,
    usage: "Driver model low level access",
    help: "compat        List the drivers with what they are compatible with\n\
           dm devres        List the devices with their resources\n\
           dm drivers       List the drivers with their uclasses and devices\n\
           dm static        List the drivers with data that is not from the device tree\n\
           dm tree [-s][-e][name]   Show the tree of devices (-s: sorted by uclass, -e: names that begin so)\n\
           dm uclass [-e][name]     List the devices of each uclass",
    subcommands: &["compat", "drivers", "tree", "uclass"],
    run: do_dm,
}
