// SPDX-License-Identifier: GPL-2.0-or-later
//! The tree of devices, and the steps of their lives.

use crate::blkcache::Cache;
use crate::driver::Step;
use crate::ofnode::OfNode;
use crate::{Device, Driver, Ops, UclassDriver, UclassId};
use alloc::string::{String, ToString};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use common::{Error, Result};
use core::ops::Range;
use fdt::Fdt;
use spin::Mutex;

/// All devices of the machine, with the tables they come from.
pub struct Model {
    drivers: &'static [Driver],
    uclasses: &'static [UclassDriver],
    tree: Option<&'static Fdt<'static>>,
    root: Arc<Device>,
    block_cache: Cache,
    exposed: Mutex<Vec<Range<u64>>>,
}

/// The driver of the root device.
static ROOT: Driver = Driver {
    name: "root_driver",
    id: UclassId::Root,
    ..Driver::new()
};

impl Model {
    /// A model with nothing bound but its root.
    pub fn new(
        drivers: &'static [Driver],
        uclasses: &'static [UclassDriver],
        tree: Option<&'static Fdt<'static>>,
    ) -> Model {
        let node = tree.and_then(|tree| OfNode::find(tree, "/"));
        let root = Device::new("root".to_string(), &ROOT, node, Weak::new(), 0);
        root.state().lock().active = true;
        Model {
            drivers,
            uclasses,
            tree,
            root,
            block_cache: Cache::default(),
            exposed: Mutex::default(),
        }
    }

    /// The root of the tree.
    pub fn root(&self) -> &Arc<Device> {
        &self.root
    }

    /// The cache of its disks.
    pub fn block_cache(&self) -> &Cache {
        &self.block_cache
    }

    /// RAM that others may still change although all devices were stopped, as their driver said last.
    pub fn exposed(&self) -> Vec<Range<u64>> {
        self.exposed.lock().clone()
    }

    /// For a driver that was stopped: what others may still change.
    pub fn set_exposed(&self, ranges: Vec<Range<u64>>) {
        *self.exposed.lock() = ranges;
    }

    /// The drivers, by name, with that of the root.
    pub fn drivers(&self) -> Vec<&'static Driver> {
        let mut drivers: Vec<_> = self.drivers.iter().chain([&ROOT]).collect();
        drivers.sort_by_key(|driver| driver.name);
        drivers
    }

    /// The driver of this name.
    pub fn driver(&self, name: &str) -> Option<&'static Driver> {
        self.drivers.iter().find(|driver| driver.name == name)
    }

    /// The uclasses, by identifier.
    pub fn uclasses(&self) -> Vec<&'static UclassDriver> {
        let mut uclasses: Vec<_> = self.uclasses.iter().collect();
        uclasses.sort_by_key(|uclass| uclass.id);
        uclasses
    }

    /// A uclass's name; "?" if the image does not have it.
    pub fn uclass_name(&self, id: UclassId) -> &'static str {
        self.uclass(id).map_or("?", |uclass| uclass.name)
    }

    /// The control device tree's node at a path.
    pub fn node(&self, path: &str) -> Option<OfNode> {
        OfNode::find(self.tree?, path)
    }

    /// The node that `/chosen/stdout-path` names, directly or by an alias.
    pub fn stdout_node(&self) -> Option<OfNode> {
        let path = self.node("/chosen")?.string("stdout-path")?;
        let path = path.split(':').next()?;
        match path.starts_with('/') {
            true => self.node(path),
            false => self.node(self.node("/aliases")?.string(path)?),
        }
    }

    /// All devices, parents before children.
    pub fn devices(&self) -> Vec<Arc<Device>> {
        let mut all = alloc::vec![self.root.clone()];
        let mut next = 0;
        while let Some(device) = all.get(next).cloned() {
            all.extend(device.children());
            next += 1;
        }
        all
    }

    /// The devices of a uclass, by sequence number.
    pub fn uclass_devices(&self, id: UclassId) -> Vec<Arc<Device>> {
        let mut devices: Vec<_> = self
            .devices()
            .into_iter()
            .filter(|device| device.uclass() == id)
            .collect();
        devices.sort_by_key(|device| device.seq());
        devices
    }

    /// Binds a driver to each enabled child of the parent's node that one handles.
    /// A node that no driver handles is left alone.
    ///
    /// # Errors
    /// The first error of a driver's `bind`.
    pub fn bind_children(&self, parent: &Arc<Device>) -> Result<()> {
        let Some(node) = parent.node() else {
            return Ok(());
        };
        for child in node.children().filter(|child| child.is_enabled()) {
            let name = child.name();
            // The most specific compatible string that has a driver decides.
            let driver = child.compatible().find_map(|c| self.driver_for(c));
            if let Some(driver) = driver {
                self.bind(parent, driver, name.to_string(), Some(child), None)?;
            }
        }
        Ok(())
    }

    /// Binds a driver to a new child of `parent` that has no node.
    ///
    /// `seq` asks for a sequence number; otherwise the next free one is taken.
    /// Numbers of block devices are unique among their parent's children,
    /// others in their uclass.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the image has no such driver, [`Error::Exists`]
    /// if the number is taken, or the driver's own error.
    pub fn bind_driver(
        &self,
        parent: &Arc<Device>,
        driver: &str,
        name: String,
        seq: Option<i32>,
    ) -> Result<Arc<Device>> {
        let driver = self.driver(driver).ok_or(Error::NotFound)?;
        self.bind(parent, driver, name, None, seq)
    }

    /// Binds a driver to a node, whatever the node says it is compatible with.
    ///
    /// # Errors
    /// As [`Model::bind_driver`].
    pub fn bind_node(
        &self,
        parent: &Arc<Device>,
        driver: &'static Driver,
        name: String,
        node: OfNode,
    ) -> Result<Arc<Device>> {
        self.bind(parent, driver, name, Some(node), None)
    }

    /// Makes a device usable, and its ancestors before it. Does nothing if it is already.
    ///
    /// # Errors
    /// What the driver says; the device is then as it was before.
    pub fn probe(&self, device: &Arc<Device>) -> Result<()> {
        if device.active() {
            return Ok(());
        }
        if let Some(parent) = device.parent() {
            self.probe(&parent)?;
        }
        // A parent's probe may have used this device.
        if device.active() {
            return Ok(());
        }
        let driver = device.driver();
        common::log!(
            common::log::DEBUG,
            self.uclass_name(device.uclass()),
            "probe {}",
            device.name()
        );
        let result = self
            .run(driver.of_to_plat, device)
            .and_then(|()| match driver.probe {
                Some(probe) => probe(self, device),
                None => Ok(Ops::None),
            });
        let ops = match result {
            Ok(ops) => ops,
            Err(error) => {
                device.clear_private();
                return Err(error);
            }
        };
        {
            let mut state = device.state().lock();
            state.ops = ops;
            state.active = true;
        }
        let post = self
            .uclass(device.uclass())
            .and_then(|uclass| uclass.post_probe);
        self.run(post, device)
            .inspect_err(|_| _ = self.remove(device))
    }

    /// Begins to probe children of a bus; each is to be probed then, or [`Model::give_up`] called.
    pub fn begin(&self, bus: &Arc<Device>, children: &[Arc<Device>]) {
        if let Some(begin) = bus.driver().begin
            // What is wrong with the bus is said when a child is probed.
            && self.probe(bus).is_ok()
        {
            begin(self, bus, children);
        }
    }

    /// Takes back what was begun for children of a bus that nobody has probed.
    pub fn give_up(&self, bus: &Arc<Device>) {
        if bus.active() {
            // It says itself what it cannot take back.
            _ = self.run(bus.driver().give_up, bus);
        }
    }

    /// Stops a device, its children before it. Does nothing if it is not probed.
    ///
    /// # Errors
    /// The first error met; the device is inactive all the same, since nothing
    /// more can be done about it.
    pub fn remove(&self, device: &Arc<Device>) -> Result<()> {
        let mut result = Ok(());
        for child in device.children().iter().rev() {
            result = result.and(self.remove(child));
        }
        if !device.active() || Arc::ptr_eq(device, &self.root) {
            return result;
        }
        let pre = self
            .uclass(device.uclass())
            .and_then(|uclass| uclass.pre_remove);
        result = result.and(self.run(pre, device));
        device.state().lock().ops = Ops::None;
        result = result.and(self.run(device.driver().remove, device));
        device.clear_private();
        device.state().lock().active = false;
        result
    }

    /// Stops all devices, in reverse order, before an operating system starts.
    ///
    /// # Errors
    /// The first error met; all devices have been told.
    pub fn remove_all(&self) -> Result<()> {
        self.remove(&self.root)
    }

    /// Takes a device and its children out of the tree, stopping them first.
    ///
    /// # Errors
    /// What the driver says; the device then stays bound.
    pub fn unbind(&self, device: &Arc<Device>) -> Result<()> {
        let parent = device
            .parent()
            .ok_or(Error::Invalid("the root cannot be unbound"))?;
        self.remove(device)?;
        for child in device.children().iter().rev() {
            self.unbind(child)?;
        }
        self.run(device.driver().unbind, device)?;
        parent
            .state()
            .lock()
            .children
            .retain(|child| !Arc::ptr_eq(child, device));
        Ok(())
    }

    fn bind(
        &self,
        parent: &Arc<Device>,
        driver: &'static Driver,
        name: String,
        node: Option<OfNode>,
        seq: Option<i32>,
    ) -> Result<Arc<Device>> {
        let peers = match driver.id {
            UclassId::Blk => parent
                .children()
                .into_iter()
                .filter(|c| c.uclass() == driver.id)
                .collect(),
            id => self.uclass_devices(id),
        };
        let taken = |seq: i32| peers.iter().any(|peer| peer.seq() == seq);
        let seq = match seq.or_else(|| self.alias_seq(driver.id, node)) {
            Some(seq) if taken(seq) => return Err(Error::Exists),
            Some(seq) => seq,
            None => (self.first_unaliased(driver.id)..)
                .find(|&seq| !taken(seq))
                .ok_or(Error::OutOfRange)?,
        };
        let device = Device::new(name, driver, node, Arc::downgrade(parent), seq);
        parent.state().lock().children.push(device.clone());
        if let Err(error) = self.run(driver.bind, &device) {
            parent
                .state()
                .lock()
                .children
                .retain(|child| !Arc::ptr_eq(child, &device));
            return Err(error);
        }
        Ok(device)
    }

    fn driver_for(&self, compatible: &str) -> Option<&'static Driver> {
        self.drivers
            .iter()
            .find(|driver| driver.of_match.iter().any(|m| m.compatible == compatible))
    }

    fn uclass(&self, id: UclassId) -> Option<&'static UclassDriver> {
        self.uclasses.iter().find(|uclass| uclass.id == id)
    }

    fn run(&self, step: Option<Step>, device: &Arc<Device>) -> Result<()> {
        step.map_or(Ok(()), |step| step(self, device))
    }

    /// The number that an alias such as `serial1` gives to a node.
    fn alias_seq(&self, id: UclassId, node: Option<OfNode>) -> Option<i32> {
        let node = node?;
        self.aliases(id)
            .into_iter()
            .find(|&(_, target)| target == node)
            .map(|(seq, _)| seq)
    }

    /// Devices without an alias are numbered after all that have one, as in U-Boot.
    fn first_unaliased(&self, id: UclassId) -> i32 {
        self.aliases(id)
            .into_iter()
            .map(|(seq, _)| seq.saturating_add(1))
            .max()
            .unwrap_or(0)
    }

    fn aliases(&self, id: UclassId) -> Vec<(i32, OfNode)> {
        let Some(uclass) = self.uclass(id).filter(|uclass| uclass.seq_alias) else {
            return Vec::new();
        };
        let Some(aliases) = self.node("/aliases") else {
            return Vec::new();
        };
        aliases
            .property_names()
            .filter_map(|name| {
                let seq = name.strip_prefix(uclass.name)?.parse().ok()?;
                Some((seq, self.node(aliases.string(name)?)?))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
