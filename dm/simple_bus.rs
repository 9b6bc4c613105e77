// SPDX-License-Identifier: GPL-2.0-or-later
//! UCLASS_SIMPLE_BUS: nodes whose children are devices; and the root's uclass.

use crate::{Compatible, Device, Model, UclassId};
use alloc::sync::Arc;
use common::Result;

fn bind(model: &Model, bus: &Arc<Device>) -> Result<()> {
    model.bind_children(bus)
}

crate::uclass!(UclassId::Root, "root");
crate::uclass!(UclassId::SimpleBus, "simple_bus");
crate::uclass!(UclassId::Nop, "nop");

crate::driver! {
    name: "simple_bus",
    id: UclassId::SimpleBus,
    of_match: &[Compatible { compatible: "simple-bus", data: 0 }, Compatible { compatible: "simple-mfd", data: 0 }],
    bind: Some(bind),
}
