// SPDX-License-Identifier: GPL-2.0-or-later
//! The steps of U-Boot's `test/py/tests/test_bind.py`, on a tree made for them.

use crate::testing::{self, Captured};
use crate::{Context, fdt};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use dm::{DRIVERS, Model, UCLASSES};

struct Machine {
    console: Captured,
    ctx: Context,
}

impl Machine {
    /// `/bind-test` is a bus with `child1`, which nobody handles, and `child2`, a bus.
    fn new() -> Machine {
        let console = testing::capture();
        let mut blob = fdt::testing::tree();
        let mut tree = boot::fdt::FdtMut::new(&mut blob).unwrap();
        for (parent, name) in [
            ("/", "bind-test"),
            ("/bind-test", "child2"),
            ("/bind-test", "child1"),
        ] {
            let parent = tree.find(parent).unwrap();
            let node = tree.add_node(parent, name).unwrap();
            if name != "child1" {
                tree.set_property(node, "compatible", b"simple-bus\0")
                    .unwrap();
            }
        }
        let tree = ::fdt::Fdt::new(blob.leak()).unwrap();
        let model = Model::new(&DRIVERS, &UCLASSES, Some(Box::leak(Box::new(tree))));
        model.bind_children(model.root()).unwrap();
        let Context { ram, env, .. } = testing::context();
        Machine {
            console,
            ctx: Context::new(ram, Arc::new(model), env),
        }
    }

    fn run(&mut self, line: &str) -> (i32, String) {
        let status = self.ctx.run_script(line);
        (status, self.console.take())
    }

    #[track_caller]
    fn succeed(&mut self, line: &str) {
        assert_eq!(self.run(line), (0, String::new()), "{line}");
    }

    #[track_caller]
    fn fail(&mut self, line: &str, text: &str) {
        let (status, output) = self.run(line);
        assert_eq!((status, output.trim_end()), (1, text), "{line}");
    }

    /// The names in the tree below the root, with their drivers.
    fn tree(&mut self) -> String {
        let tree = self.run("dm tree").1;
        let lines = tree.lines().skip(3).map(|line| {
            let driver = line[26..46].trim_end();
            let name = line.rsplit("-- ").next().unwrap_or_default();
            alloc::format!("{name}={driver} ")
        });
        lines.collect()
    }
}

#[test]
fn nodes_are_bound_and_unbound() {
    let mut machine = Machine::new();
    let whole = "bind-test=simple_bus child2=simple_bus ";
    assert_eq!(machine.tree(), whole);
    machine.succeed("bind /bind-test/child1 simple_bus");
    assert_eq!(machine.tree(), alloc::format!("{whole}child1=simple_bus "));
    machine.succeed("unbind /bind-test/child1");
    machine.fail(
        "unbind /bind-test/child1",
        "Cannot find a device with path /bind-test/child1",
    );
    machine.succeed("unbind /bind-test/child2");
    assert_eq!(machine.tree(), "bind-test=simple_bus ");
    machine.succeed("bind /bind-test/child2 simple_bus");
    machine.succeed("unbind /bind-test");
    assert_eq!(machine.tree(), "");
    machine.fail("bind /none simple_bus", "/none is not a valid node path");
    machine.fail("bind /bind-test none", "none is not a valid driver name");
    machine.fail("unbind /none", "/none is not a valid node path");
    machine.succeed("bind /bind-test simple_bus");
    assert_eq!(machine.tree(), whole);
    // A node that has a device is the parent of what is bound to it.
    machine.succeed("bind /bind-test/child2 simple_bus");
    assert!(machine.run("dm tree").1.contains("    `-- child2\n"));
}

#[test]
fn devices_are_bound_and_unbound_by_class() {
    let mut machine = Machine::new();
    machine.succeed("bind simple_bus 1 simple_bus");
    assert!(
        machine
            .tree()
            .ends_with("child2=simple_bus simple_bus=simple_bus ")
    );
    machine.succeed("unbind simple_bus 2");
    machine.fail(
        "unbind simple_bus 2",
        "Cannot find device 2 of class simple_bus",
    );
    machine.succeed("bind simple_bus 1 simple_bus");
    machine.succeed("unbind simple_bus 1 simple_bus");
    let tree = machine.tree();
    machine.succeed("unbind simple_bus 1 simple_bus");
    assert_eq!(machine.tree(), tree);
    machine.fail("bind none 0 simple_bus", "none is not a valid uclass");
    machine.fail("bind simple_bus 0 none", "Cannot find driver 'none'");
    machine.fail("unbind simple_bus 0 none", "Cannot find driver 'none'");
    machine.fail(
        "bind simple_bus 9 simple_bus",
        "Cannot find device 9 of class simple_bus",
    );
    machine.fail(
        "unbind root 0",
        "Unable to unbind. err:-22 (invalid: the root cannot be unbound)",
    );
}

#[test]
fn what_is_no_use_is_explained() {
    let mut machine = Machine::new();
    for line in [
        "bind",
        "bind /x",
        "bind root 0",
        "bind /x 0 y",
        "unbind",
        "unbind root",
        "unbind /x 0",
    ] {
        let (status, text) = machine.run(line);
        assert!(status == 1 && text.contains("Usage:\n"), "{line}: {text}");
    }
}
