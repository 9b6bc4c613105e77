// SPDX-License-Identifier: GPL-2.0-or-later
//! UCLASS_XEN: the hypervisor, as far as a user asks it something.

use crate::{Model, Ops, UclassId};
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::{Error, Result};

/// What Xen tells of itself and of this domain. Texts are as Xen gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XenInfo {
    /// Major version.
    pub major: u32,
    /// Minor version.
    pub minor: u32,
    /// What follows the version.
    pub extra: Vec<u8>,
    /// The kinds of guests that it runs.
    pub capabilities: Vec<u8>,
    /// The source it was built from.
    pub changeset: Vec<u8>,
    /// A bit for each feature; `include::xen::version::FEATURES` has the names.
    pub features: u32,
    /// Bytes in a page of its interface.
    pub page_size: u32,
    /// This domain's number, which XenStore knows.
    pub domain: Option<u16>,
}

/// The hypervisor.
pub trait Xen: Send + Sync {
    /// What it tells of itself.
    ///
    /// # Errors
    /// If it refuses.
    fn info(&self) -> Result<XenInfo>;

    /// XenStore.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if this domain has none.
    fn store(&self) -> Result<Arc<dyn Store>>;
}

/// XenStore. Paths without a leading slash begin at the domain's own home.
pub trait Store: Send + Sync {
    /// The value of a node: any bytes.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Permission`], [`Error::Timeout`], ...
    fn read(&self, path: &str) -> Result<Vec<u8>>;

    /// Sets the values of nodes, all or none, making those that are not there.
    ///
    /// # Errors
    /// As [`Store::read`].
    fn write(&self, nodes: &[(&str, Vec<u8>)]) -> Result<()>;

    /// Removes a node with all below it. It is no error if there is none.
    ///
    /// # Errors
    /// As [`Store::read`].
    fn remove(&self, path: &str) -> Result<()>;

    /// The names of a node's children.
    ///
    /// # Errors
    /// As [`Store::read`].
    fn directory(&self, path: &str) -> Result<Vec<Vec<u8>>>;

    /// Begins to watch a path and all below it; the path itself is the first to be reported.
    ///
    /// # Errors
    /// As [`Store::read`].
    fn watch(&self, path: &str) -> Result<()>;

    /// Ends a watch.
    ///
    /// # Errors
    /// As [`Store::read`].
    fn unwatch(&self, path: &str) -> Result<()>;

    /// Waits until something changes below a watched path, and says what.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Interrupted`], ...
    fn changed(&self, deadline: Deadline) -> Result<Vec<u8>>;
}

/// The hypervisor below us.
///
/// # Errors
/// [`Error::NoDevice`] if there is none, or why it cannot be reached.
pub fn get(model: &Model) -> Result<Arc<dyn Xen>> {
    let devices = model.uclass_devices(UclassId::Xen);
    let device = devices.first().ok_or(Error::NoDevice)?;
    model.probe(device)?;
    match device.ops() {
        Ops::Xen(xen) => Ok(xen),
        _ => Err(Error::Invalid("a hypervisor without operations")),
    }
}

#[cfg(CONFIG_XEN)]
crate::uclass!(UclassId::Xen, "xen");
