// SPDX-License-Identifier: GPL-2.0-or-later
//! `coninfo`: the consoles, and which one is in use.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/coninfo.rst`.
#![cfg(CONFIG_CMD_CONSOLE)]

use crate::{CmdResult, Context};
use common::{console, println};
use dm::{Ops, UclassId};

fn do_coninfo(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    println!("List of available devices");
    for device in ctx.dm.uclass_devices(UclassId::Serial) {
        let Ops::Serial(serial) = device.ops() else {
            continue; // Not probed.
        };
        println!("|-- {} (IO)", device.name());
        if console::is_device(&serial) {
            for file in ["stdin", "stdout", "stderr"] {
                println!("|   |-- {file}");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Context;
    use crate::testing;
    use alloc::string::ToString;
    use alloc::sync::Arc;
    use common::console::{self, Terminal};
    use dm::{Device, Driver, Model, Ops, UCLASSES, UclassId};

    struct Silent;

    impl Terminal for Silent {
        fn write(&self, _bytes: &[u8]) {}
        fn read(&self) -> Option<u8> {
            None
        }
        fn wait(&self, _timeout_us: u64) {}
    }

    static DRIVERS: [Driver; 1] = [Driver {
        name: "port",
        id: UclassId::Serial,
        probe: Some(|_: &Model, _: &Arc<Device>| Ok(Ops::Serial(Arc::new(Silent)))),
        ..Driver::new()
    }];

    #[test]
    fn probed_ports_are_listed() {
        let console = testing::capture();
        let model = Model::new(&DRIVERS, &UCLASSES, None);
        for name in ["one", "two", "idle"] {
            let port = model
                .bind_driver(model.root(), "port", name.to_string(), None)
                .unwrap();
            if name != "idle" {
                model.probe(&port).unwrap();
            }
        }
        let Context { ram, env, .. } = testing::context();
        let mut ctx = Context::new(ram, Arc::new(model), env);
        ctx.run_script("coninfo");
        assert_eq!(
            console.take(),
            "List of available devices\n|-- one (IO)\n|-- two (IO)\n"
        );
        let Ops::Serial(one) = ctx.dm.uclass_devices(UclassId::Serial)[0].ops() else {
            panic!("it is probed");
        };
        assert!(!console::is_device(&one));
    }
}

command! {
    name: "coninfo",
    max_args: 3,
    repeatable: true,
    usage: "print console devices and information",
    run: do_coninfo,
}
