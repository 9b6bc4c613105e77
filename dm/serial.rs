// SPDX-License-Identifier: GPL-2.0-or-later
//! UCLASS_SERIAL: consoles and serial ports.

use crate::{Device, Model, Ops, UclassId};
use alloc::sync::Arc;
use common::{Result, console};

/// What a serial port does: it is a terminal.
pub use common::console::Terminal as Serial;

/// Makes the first working serial port the console: the one that
/// `/chosen/stdout-path` names, else the first by sequence number. The others
/// can be chosen later; it is known by the name `serial`, too.
///
/// # Errors
/// The last driver's error, if none works.
pub fn start_console(model: &Model) -> Result<Arc<Device>> {
    let chosen = model.stdout_node();
    let mut ports = model.uclass_devices(UclassId::Serial);
    ports.sort_by_key(|port| (port.node().is_none() || port.node() != chosen, port.seq()));
    let mut console = Err(common::Error::NoDevice);
    for port in ports {
        let serial = model.probe(&port).and_then(|()| operations(&port));
        match serial {
            Ok(serial) if console.is_err() => {
                console::set_device(serial.clone());
                console::register("serial", serial);
                console = Ok(port);
            }
            // One that does not work is no loss if another one does.
            Err(error) if console.is_err() => console = Err(error),
            _ => {}
        }
    }
    console
}

fn operations(port: &Arc<Device>) -> Result<Arc<dyn Serial>> {
    match port.ops() {
        Ops::Serial(serial) => Ok(serial),
        _ => Err(common::Error::Invalid("a serial driver without operations")),
    }
}

fn post_probe(_model: &Model, port: &Arc<Device>) -> Result<()> {
    console::register(port.name(), operations(port)?);
    Ok(())
}

/// A port that goes can no longer be a console.
fn pre_remove(_model: &Model, port: &Arc<Device>) -> Result<()> {
    console::unregister(&operations(port)?);
    Ok(())
}

crate::uclass!(
    UclassId::Serial,
    "serial",
    seq_alias: true,
    post_probe: Some(post_probe),
    pre_remove: Some(pre_remove),
);
