// SPDX-License-Identifier: GPL-2.0-or-later
//! The hypervisor's node of the device tree: the parent of all para-virtual devices.
#![cfg(target_os = "none")]

use crate::xen::hypercall::XenHypervisor;
use crate::xen::services::Services;
use alloc::string::ToString;
use alloc::sync::Arc;
use common::{Error, Result};
use dm::{Compatible, Device, Model, Ops, UclassId};
use include::xen::PAGE_SHIFT;

/// Binds the devices that XenStore and Xen describe rather than the device tree.
fn bind(model: &Model, xen: &Arc<Device>) -> Result<()> {
    for driver in ["serial_xen", "pvblock"] {
        // A driver may be switched off in the configuration.
        match model.bind_driver(xen, driver, driver.to_string(), None) {
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn probe(_model: &Model, xen: &Arc<Device>) -> Result<Ops> {
    let region = xen.node().ok_or(Error::NotFound)?.reg(0)?;
    let end = region
        .start
        .checked_add(region.size)
        .ok_or(Error::OutOfRange)?;
    let hypervisor = XenHypervisor::new(region.start..end)?;
    let services = Arc::new(Services::new(Arc::new(hypervisor)));
    xen.set_private(services.clone());
    Ok(Ops::Xen(services))
}

/// What back-ends keep mapped is no reason not to start an operating system, if
/// that leaves it alone; what is granted besides is.
fn remove(model: &Model, xen: &Arc<Device>) -> Result<()> {
    let services = xen.private::<Services>()?;
    services.grants.end_leaked();
    let page = |frame: u64| frame << PAGE_SHIFT..(frame + 1) << PAGE_SHIFT;
    let kept = services.grants.leaked_frames();
    model.set_exposed(kept.into_iter().map(page).collect());
    let left = services.grants.in_use() - services.grants.leaked();
    let granted = match left {
        0 => Ok(()),
        _ => Err(Error::Busy),
    };
    granted.and(services.settle()).and(services.hv.unmap_all())
}

dm::driver! {
    name: "xen",
    id: UclassId::Xen,
    of_match: &[Compatible { compatible: "xen,xen", data: 0 }],
    bind: Some(bind),
    probe: Some(probe),
    remove: Some(remove),
}
