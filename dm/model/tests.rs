// SPDX-License-Identifier: GPL-2.0-or-later
//! The steps of devices' lives, in their order and when they fail.

use super::*;
use crate::Compatible;
use crate::fake_tree::Tree;
use alloc::format;
use std::cell::RefCell;

std::thread_local! {
    /// What the drivers were asked for.
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// The step that fails.
    static FAILS: RefCell<String> = const { RefCell::new(String::new()) };
}

fn log(step: &str, device: &Device) -> Result<()> {
    let entry = format!("{step} {}", device.name());
    LOG.with_borrow_mut(|log| log.push(entry.clone()));
    match FAILS.with_borrow(|fails| *fails == entry) {
        true => Err(Error::NoDevice),
        false => Ok(()),
    }
}

/// What happened since it was asked for last.
fn happened() -> Vec<String> {
    LOG.take()
}

fn fail(step: &str) {
    FAILS.set(step.to_string());
}

fn bus_bind(model: &Model, device: &Arc<Device>) -> Result<()> {
    bind(model, device)?;
    model.bind_children(device)
}

fn bind(_model: &Model, device: &Arc<Device>) -> Result<()> {
    log("bind", device)
}

fn of_to_plat(_model: &Model, device: &Arc<Device>) -> Result<()> {
    log("of_to_plat", device)?;
    device.set_plat(0x1234u32);
    Ok(())
}

fn probe(_model: &Model, device: &Arc<Device>) -> Result<Ops> {
    assert_eq!(*device.plat::<u32>()?, 0x1234);
    assert!(device.parent().unwrap().active());
    device.set_private(Arc::new(String::from("private")));
    log("probe", device)?;
    Ok(Ops::Serial(Arc::new(Port)))
}

fn remove(_model: &Model, device: &Arc<Device>) -> Result<()> {
    assert_eq!(*device.private::<String>()?, "private");
    assert!(device.active() && matches!(device.ops(), Ops::None));
    log("remove", device)
}

fn unbind(_model: &Model, device: &Arc<Device>) -> Result<()> {
    assert!(!device.active());
    log("unbind", device)
}

fn post_probe(_model: &Model, device: &Arc<Device>) -> Result<()> {
    assert!(device.active());
    log("post_probe", device)
}

fn pre_remove(_model: &Model, device: &Arc<Device>) -> Result<()> {
    assert!(matches!(device.ops(), Ops::Serial(_)));
    log("pre_remove", device)
}

struct Port;

impl common::console::Terminal for Port {
    fn write(&self, _bytes: &[u8]) {}
    fn read(&self) -> Option<u8> {
        None
    }
    fn wait(&self, _timeout_us: u64) {}
}

static DRIVERS: [Driver; 4] = [
    Driver {
        name: "uart",
        id: UclassId::Serial,
        of_match: &[
            Compatible {
                compatible: "test,uart",
                data: 1,
            },
            Compatible {
                compatible: "test,uart-2",
                data: 2,
            },
        ],
        bind: Some(bind),
        of_to_plat: Some(of_to_plat),
        probe: Some(probe),
        remove: Some(remove),
        unbind: Some(unbind),
        ..Driver::new()
    },
    Driver {
        name: "bus",
        id: UclassId::SimpleBus,
        of_match: &[Compatible {
            compatible: "simple-bus",
            data: 0,
        }],
        bind: Some(bus_bind),
        of_to_plat: Some(of_to_plat),
        probe: Some(probe),
        remove: Some(remove),
        unbind: Some(unbind),
        ..Driver::new()
    },
    Driver {
        name: "plain",
        id: UclassId::Nop,
        ..Driver::new()
    },
    Driver {
        name: "disk",
        id: UclassId::Blk,
        ..Driver::new()
    },
];

static UCLASSES: [UclassDriver; 3] = [
    UclassDriver::new(UclassId::SimpleBus, "simple_bus"),
    UclassDriver {
        seq_alias: true,
        post_probe: Some(post_probe),
        pre_remove: Some(pre_remove),
        ..UclassDriver::new(UclassId::Serial, "serial")
    },
    UclassDriver::new(UclassId::Blk, "blk"),
];

/// Two ports on a bus and one beside it; nodes that nobody handles or that are off.
fn tree() -> Tree {
    Tree::new()
        .begin("bus")
        .text("compatible", "simple-bus")
        .begin("uart@1")
        .text("compatible", "test,uart")
        .end()
        .begin("uart@2")
        .text("compatible", "test,newer\0test,uart-2\0test,uart")
        .text("status", "okay")
        .end()
        .begin("uart@3")
        .text("compatible", "test,uart")
        .text("status", "disabled")
        .end()
        .end()
        .begin("uart@4")
        .text("compatible", "test,uart")
        .end()
        .begin("other")
        .text("compatible", "test,unknown")
        .end()
        .begin("nothing")
        .end()
}

fn model(tree: Tree) -> Model {
    fail("");
    let model = Model::new(&DRIVERS, &UCLASSES, Some(tree.build()));
    happened();
    model
}

fn bound(tree: Tree) -> Model {
    let model = model(tree);
    model.bind_children(model.root()).unwrap();
    happened();
    model
}

fn find(model: &Model, name: &str) -> Arc<Device> {
    let mut devices = model.devices().into_iter();
    devices.find(|device| device.name() == name).unwrap()
}

fn names(devices: &[Arc<Device>]) -> Vec<&str> {
    devices.iter().map(|device| device.name()).collect()
}

#[test]
fn nodes_with_a_driver_are_bound_in_the_order_of_the_tree() {
    let model = model(tree());
    model.bind_children(model.root()).unwrap();
    let wanted = ["bind bus", "bind uart@1", "bind uart@2", "bind uart@4"];
    assert_eq!(happened(), wanted);
    let wanted = ["root", "bus", "uart@4", "uart@1", "uart@2"];
    assert_eq!(names(&model.devices()), wanted);
    assert!(model.devices().iter().skip(1).all(|d| !d.active()));
    // The most specific string that a driver knows.
    assert_eq!(find(&model, "uart@2").match_data(), Some(2));
    assert_eq!(find(&model, "uart@1").match_data(), Some(1));
    assert_eq!(find(&model, "uart@1").parent().unwrap().name(), "bus");
    assert_eq!(model.root().match_data(), None);
}

#[test]
fn a_life_from_bind_to_unbind() {
    let model = bound(tree());
    let port = find(&model, "uart@1");
    assert!(matches!(port.ops(), Ops::None));
    assert!(port.plat::<u32>().is_err());

    model.probe(&port).unwrap();
    let wanted = [
        "of_to_plat bus",
        "probe bus",
        "of_to_plat uart@1",
        "probe uart@1",
        "post_probe uart@1",
    ];
    assert_eq!(happened(), wanted);
    assert!(port.active() && matches!(port.ops(), Ops::Serial(_)));
    assert!(port.private::<u32>().is_err(), "it is of another type");
    model.probe(&port).unwrap();
    assert_eq!(happened(), [""; 0]);

    model.remove(&port).unwrap();
    assert_eq!(happened(), ["pre_remove uart@1", "remove uart@1"]);
    assert!(!port.active() && matches!(port.ops(), Ops::None));
    assert!(port.private::<String>().is_err());
    assert!(port.plat::<u32>().is_ok(), "platform data stays");
    model.remove(&port).unwrap();
    assert_eq!(happened(), [""; 0]);

    // Unbinding stops a device that is still probed.
    model.probe(&port).unwrap();
    happened();
    model.unbind(&port).unwrap();
    let wanted = ["pre_remove uart@1", "remove uart@1", "unbind uart@1"];
    assert_eq!(happened(), wanted);
    assert_eq!(names(&find(&model, "bus").children()), ["uart@2"]);
}

#[test]
fn everything_is_removed_in_reverse() {
    let model = bound(tree());
    for name in ["uart@4", "uart@1", "uart@2"] {
        model.probe(&find(&model, name)).unwrap();
    }
    happened();
    model.remove_all().unwrap();
    let wanted = [
        "pre_remove uart@4",
        "remove uart@4",
        "pre_remove uart@2",
        "remove uart@2",
        "pre_remove uart@1",
        "remove uart@1",
        "remove bus",
    ];
    assert_eq!(happened(), wanted);
    assert!(model.root().active());
    assert_eq!(model.devices().len(), 5);

    // A bus takes its children with it.
    model.unbind(&find(&model, "bus")).unwrap();
    let wanted = ["unbind uart@2", "unbind uart@1", "unbind bus"];
    assert_eq!(happened(), wanted);
    assert_eq!(names(&model.devices()), ["root", "uart@4"]);
    assert!(model.unbind(model.root()).is_err());
}

#[test]
fn a_probe_that_fails_leaves_the_device_as_it_was() {
    for step in ["of_to_plat uart@1", "probe uart@1", "post_probe uart@1"] {
        let model = bound(tree());
        let port = find(&model, "uart@1");
        fail(step);
        assert_eq!(model.probe(&port), Err(Error::NoDevice), "{step}");
        assert!(!port.active() && matches!(port.ops(), Ops::None));
        assert!(port.private::<String>().is_err());
        assert!(find(&model, "bus").active());
        // What had begun to work was told to stop.
        let stopped = happened().contains(&"remove uart@1".to_string());
        assert_eq!(stopped, step == "post_probe uart@1");
        fail("");
        model.probe(&port).unwrap();
    }
    // A parent that fails keeps its children from being tried.
    let model = bound(tree());
    fail("probe bus");
    let port = find(&model, "uart@1");
    assert_eq!(model.probe(&port), Err(Error::NoDevice));
    assert_eq!(happened(), ["of_to_plat bus", "probe bus"]);
}

#[test]
fn a_bind_that_fails_binds_nothing() {
    let model = model(tree());
    fail("bind uart@4");
    let result = model.bind_children(model.root());
    assert_eq!(result, Err(Error::NoDevice));
    assert_eq!(names(&model.devices()), ["root", "bus", "uart@1", "uart@2"]);
}

#[test]
fn a_remove_that_fails_stops_nobody_else() {
    let model = bound(tree());
    for name in ["uart@4", "uart@1", "uart@2"] {
        model.probe(&find(&model, name)).unwrap();
    }
    happened();
    fail("remove uart@2");
    assert_eq!(model.remove_all(), Err(Error::NoDevice));
    assert_eq!(happened().len(), 7);
    assert!(model.devices().iter().skip(1).all(|d| !d.active()));
}

#[test]
fn what_cannot_be_unbound_stays() {
    for step in ["remove uart@1", "unbind uart@1"] {
        let model = bound(tree());
        let port = find(&model, "uart@1");
        model.probe(&port).unwrap();
        fail(step);
        assert_eq!(model.unbind(&port), Err(Error::NoDevice));
        assert_eq!(names(&model.uclass_devices(UclassId::Serial)).len(), 3);
        fail("");
        model.unbind(&port).unwrap();
        assert_eq!(names(&model.uclass_devices(UclassId::Serial)).len(), 2);
    }
}

#[test]
fn numbers_come_from_aliases_and_then_in_the_order_of_binding() {
    let plain = bound(tree());
    let ports = plain.uclass_devices(UclassId::Serial);
    assert_eq!(names(&ports), ["uart@1", "uart@2", "uart@4"]);
    assert_eq!(ports.iter().map(|p| p.seq()).collect::<Vec<_>>(), [0, 1, 2]);

    let aliased = tree()
        .begin("aliases")
        .text("serial0", "/uart@4")
        .text("serial7", "/bus/uart@1")
        .text("serial9", "/nowhere")
        .text("serialx", "/bus/uart@2")
        .text("ethernet0", "/bus/uart@2")
        .end();
    let model = bound(aliased);
    let seq = |name| find(&model, name).seq();
    assert_eq!((seq("uart@4"), seq("uart@1")), (0, 7));
    assert_eq!(seq("uart@2"), 8, "after all that have an alias");
}

#[test]
fn numbers_may_be_asked_for_and_are_unique() {
    let model = bound(Tree::new());
    let root = model.root();
    let bind = |parent, driver, seq| {
        let device = model.bind_driver(parent, driver, "it".to_string(), seq);
        device.map(|device| device.seq())
    };
    assert_eq!(bind(root, "plain", Some(3)), Ok(3));
    assert_eq!(bind(root, "plain", Some(3)), Err(Error::Exists));
    assert_eq!(bind(root, "plain", None), Ok(0));
    assert_eq!(bind(root, "none", None), Err(Error::NotFound));

    // Disks are numbered on each bus by itself.
    let buses = ["plain", "plain"].map(|driver| {
        let bus = model.bind_driver(root, driver, "bus".to_string(), None);
        bus.unwrap()
    });
    assert_eq!(bind(&buses[0], "disk", None), Ok(0));
    assert_eq!(bind(&buses[0], "disk", Some(1)), Ok(1));
    assert_eq!(bind(&buses[1], "disk", Some(1)), Ok(1));
    assert_eq!(bind(&buses[1], "disk", Some(1)), Err(Error::Exists));
    assert_eq!(bind(&buses[1], "disk", None), Ok(0));
}

#[test]
fn the_tables_are_listed_in_order() {
    let model = bound(Tree::new());
    let drivers: Vec<_> = model.drivers().iter().map(|d| d.name).collect();
    assert_eq!(drivers, ["bus", "disk", "plain", "root_driver", "uart"]);
    let uclasses: Vec<_> = model.uclasses().iter().map(|u| u.name).collect();
    assert_eq!(uclasses, ["simple_bus", "blk", "serial"]);
    assert_eq!(model.uclass_name(UclassId::Serial), "serial");
    assert_eq!(model.uclass_name(UclassId::Xen), "?");
}

#[test]
fn the_console_is_what_the_tree_says() {
    for (path, wanted) in [
        ("/uart@4", Some("uart@4")),
        ("/uart@4:115200n8", Some("uart@4")),
        ("serial5:115200n8", Some("uart@1")),
        ("serial6", None),
        ("/nowhere", None),
    ] {
        let tree = tree()
            .begin("aliases")
            .text("serial5", "/bus/uart@1")
            .end()
            .begin("chosen")
            .text("stdout-path", path)
            .end();
        let node = bound(tree).stdout_node();
        assert_eq!(node.map(OfNode::name), wanted, "{path}");
    }
    assert!(bound(tree()).stdout_node().is_none());
    let nothing = Model::new(&DRIVERS, &UCLASSES, None);
    assert!(nothing.stdout_node().is_none() && nothing.node("/").is_none());
    nothing.bind_children(nothing.root()).unwrap();
}
