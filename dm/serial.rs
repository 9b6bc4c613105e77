// SPDX-License-Identifier: GPL-2.0-or-later
//! UCLASS_SERIAL: consoles and serial ports.

use crate::{Device, Model, Ops, UclassId};
use alloc::sync::Arc;
use common::Result;

/// What a serial port does: it is a terminal.
pub use common::console::Terminal as Serial;

/// Makes the first working serial port the console: the one that
/// `/chosen/stdout-path` names, else the first by sequence number.
///
/// # Errors
/// The last driver's error, if none works.
pub fn start_console(model: &Model) -> Result<Arc<Device>> {
    let chosen = model.stdout_node();
    let mut ports = model.uclass_devices(UclassId::Serial);
    ports.sort_by_key(|port| (port.node().is_none() || port.node() != chosen, port.seq()));
    let mut result = Err(common::Error::NoDevice);
    for port in ports {
        result = model.probe(&port).and_then(|()| match port.ops() {
            Ops::Serial(serial) => {
                common::console::set_device(serial);
                Ok(port.clone())
            }
            _ => Err(common::Error::Invalid("a serial driver without operations")),
        });
        if result.is_ok() {
            break;
        }
    }
    result
}

/// A port that goes takes the console with it.
fn pre_remove(_model: &Model, _port: &Arc<Device>) -> Result<()> {
    common::console::clear_device();
    Ok(())
}

crate::uclass!(UclassId::Serial, "serial", seq_alias: true, pre_remove: Some(pre_remove));
