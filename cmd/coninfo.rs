// SPDX-License-Identifier: GPL-2.0-or-later
//! `coninfo`: the consoles, and which one is in use.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/coninfo.rst`.
#![cfg(CONFIG_CMD_CONSOLE)]

use crate::{CmdResult, Context};
use common::console::{self, File};
use common::println;

fn do_coninfo(_ctx: &mut Context, _args: &[&str]) -> CmdResult {
    println!("List of available devices");
    for device in console::devices() {
        println!("|-- {device} (IO)");
        for file in File::ALL {
            if console::chosen(file).as_deref() == Some(&device) {
                println!("|   |-- {}", file.name());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{Context, testing};
    use alloc::string::{String, ToString};
    use alloc::sync::Arc;
    use common::console::Terminal;
    use dm::{Device, Driver, Model, Ops, UCLASSES, UclassId};
    use env::callback::ENV_CALLBACKS;
    use std::sync::Mutex;

    /// A port that keeps what it is given.
    #[derive(Default)]
    struct Port(Mutex<String>);

    impl Terminal for Port {
        fn write(&self, bytes: &[u8]) {
            let text = String::from_utf8_lossy(bytes);
            *self.0.lock().unwrap() += &text.replace('\r', "");
        }
        fn read(&self) -> Option<u8> {
            None
        }
        fn wait(&self, _timeout_us: u64) {}
    }

    impl Port {
        fn take(&self) -> String {
            core::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    static DRIVERS: [Driver; 1] = [Driver {
        name: "port",
        id: UclassId::Serial,
        probe: Some(|_: &Model, device: &Arc<Device>| {
            Ok(Ops::Serial(device.plat::<Arc<Port>>()?.as_ref().clone()))
        }),
        ..Driver::new()
    }];

    #[test]
    fn a_variable_chooses_a_device_that_is_there() {
        let _taken = testing::capture();
        let model = Model::new(&DRIVERS, &UCLASSES, None);
        let ports = ["one", "two"].map(|name| {
            let device = model.bind_driver(model.root(), "port", name.to_string(), None);
            let port = Arc::new(Port::default());
            device.unwrap().set_plat(port.clone());
            port
        });
        dm::serial::start_console(&model).unwrap();
        let Context { ram, mut env, .. } = testing::context();
        env.set_tables(&[], &ENV_CALLBACKS);
        let mut ctx = Context::new(ram, Arc::new(model), env);
        crate::start::show_console(&mut ctx.env);

        ctx.run_script(
            "printenv stdin stdout stderr; setenv stderr serial; setenv stdin two; coninfo",
        );
        assert_eq!(
            ports[0].take(),
            "stdin=one\nstdout=one\nstderr=one\nList of available devices\n\
             |-- one (IO)\n|   |-- stdout\n|-- serial (IO)\n|   |-- stderr\n\
             |-- two (IO)\n|   |-- stdin\n"
        );
        assert_eq!(ctx.run_script("setenv stdout two; echo here"), 0);
        assert_eq!(
            (ports[0].take(), ports[1].take()),
            ("".into(), "here\n".into())
        );
        for (script, message) in [
            (
                "setenv stdout none",
                "## Error inserting \"stdout\" variable, errno=22 (invalid: no such console device)\n",
            ),
            (
                "setenv -f stdin one,two",
                "## Error inserting \"stdin\" variable, errno=22 (invalid: no such console device)\n",
            ),
            ("setenv stdin", "Can't delete \"stdin\"\n"),
            ("env delete -f stdin", ""),
        ] {
            assert_eq!(ctx.run_script(script), 1, "{script}");
            assert_eq!(ports[1].take(), message);
        }
        ctx.run_script("echo ${stdin} ${stdout}");
        assert_eq!(ports[1].take(), "two two\n");
        ctx.dm.remove_all().unwrap();
        assert!(common::console::devices().is_empty());
    }
}

command! {
    name: "coninfo",
    max_args: 3,
    repeatable: true,
    usage: "print console devices and information",
    run: do_coninfo,
}
