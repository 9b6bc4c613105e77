// SPDX-License-Identifier: GPL-2.0-or-later
//! A device: a driver bound to a piece of hardware, or to another domain.

use crate::blk::BlockDevice;
use crate::cpu::Cpu;
use crate::ofnode::OfNode;
use crate::serial::Serial;
use crate::xen::Xen;
use crate::{Driver, UclassId};
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use common::{Error, Result};
use core::any::Any;
use spin::Mutex;

/// What a probed device can do: its uclass's interface.
#[derive(Clone, Default)]
pub enum Ops {
    /// Nothing of its own.
    #[default]
    None,
    /// A console.
    Serial(Arc<dyn Serial>),
    /// A disk.
    Blk(Arc<dyn BlockDevice>),
    /// A processor.
    Cpu(Arc<dyn Cpu>),
    /// The hypervisor.
    Xen(Arc<dyn Xen>),
}

/// A device of the tree; see the crate's documentation for its life.
pub struct Device {
    name: String,
    driver: &'static Driver,
    node: Option<OfNode>,
    parent: Weak<Device>,
    seq: i32,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub children: Vec<Arc<Device>>,
    pub active: bool,
    pub ops: Ops,
    plat: Option<Arc<dyn Any + Send + Sync>>,
    private: Option<Arc<dyn Any + Send + Sync>>,
    uclass_private: Option<Arc<dyn Any + Send + Sync>>,
}

impl Device {
    pub(crate) fn new(
        name: String,
        driver: &'static Driver,
        node: Option<OfNode>,
        parent: Weak<Device>,
        seq: i32,
    ) -> Arc<Device> {
        Arc::new(Device {
            name,
            driver,
            node,
            parent,
            seq,
            state: Mutex::default(),
        })
    }

    /// Its name: that of its node, or what its parent called it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its driver.
    pub fn driver(&self) -> &'static Driver {
        self.driver
    }

    /// Its uclass.
    pub fn uclass(&self) -> UclassId {
        self.driver.id
    }

    /// Its node in the control device tree, if it has one.
    pub fn node(&self) -> Option<OfNode> {
        self.node
    }

    /// Its parent; `None` for the root.
    pub fn parent(&self) -> Option<Arc<Device>> {
        self.parent.upgrade()
    }

    /// Its children, in the order they were bound.
    pub fn children(&self) -> Vec<Arc<Device>> {
        self.state().lock().children.clone()
    }

    /// Its number in its uclass.
    pub fn seq(&self) -> i32 {
        self.seq
    }

    /// Whether it is probed.
    pub fn active(&self) -> bool {
        self.state().lock().active
    }

    /// What it can do; [`Ops::None`] unless it is probed.
    pub fn ops(&self) -> Ops {
        self.state().lock().ops.clone()
    }

    /// The `data` of the driver's match entry for the most specific name that the device's node has there.
    pub fn match_data(&self) -> Option<usize> {
        let entries = self.driver.of_match;
        let mut compatible = self.node?.compatible();
        compatible.find_map(|name| {
            let entry = entries.iter().find(|entry| entry.compatible == name)?;
            Some(entry.data)
        })
    }

    /// Sets the platform data, which stays until the device is unbound.
    pub fn set_plat<T: Any + Send + Sync>(&self, plat: T) {
        self.state().lock().plat = Some(Arc::new(plat));
    }

    /// The platform data.
    ///
    /// # Errors
    /// If none of this type was set.
    pub fn plat<T: Any + Send + Sync>(&self) -> Result<Arc<T>> {
        downcast(self.state().lock().plat.clone())
    }

    /// Sets the driver's own data, which goes when the device is removed.
    pub fn set_private<T: Any + Send + Sync>(&self, private: Arc<T>) {
        self.state().lock().private = Some(private);
    }

    /// The driver's own data.
    ///
    /// # Errors
    /// If none of this type was set.
    pub fn private<T: Any + Send + Sync>(&self) -> Result<Arc<T>> {
        downcast(self.state().lock().private.clone())
    }

    /// Sets what the users of its uclass keep about it, which goes when the device is removed.
    pub fn set_uclass_private<T: Any + Send + Sync>(&self, private: T) {
        self.state().lock().uclass_private = Some(Arc::new(private));
    }

    /// What the users of its uclass keep about it.
    ///
    /// # Errors
    /// If none of this type was set.
    pub fn uclass_private<T: Any + Send + Sync>(&self) -> Result<Arc<T>> {
        downcast(self.state().lock().uclass_private.clone())
    }

    pub(crate) fn clear_private(&self) {
        let mut state = self.state().lock();
        state.private = None;
        state.uclass_private = None;
    }

    pub(crate) fn state(&self) -> &Mutex<State> {
        &self.state
    }
}

fn downcast<T: Any + Send + Sync>(data: Option<Arc<dyn Any + Send + Sync>>) -> Result<Arc<T>> {
    data.and_then(|data| data.downcast().ok())
        .ok_or(Error::Invalid("the device has no such data"))
}
