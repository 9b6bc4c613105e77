// SPDX-License-Identifier: GPL-2.0-or-later
//! A hypervisor and a XenStore of a test's own.

use crate::{Context, testing};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::{Error, Result};
use dm::xen::XenInfo;
use dm::{Device, Driver, Model, Ops, UCLASSES, UclassId};
use std::sync::Mutex;

/// A store; a path with the word `secret` in it may not be read.
#[derive(Default)]
pub struct Store {
    /// Values by path.
    pub nodes: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    /// What will change while it is watched.
    pub changes: Mutex<VecDeque<Vec<u8>>>,
    /// Watches in force.
    pub watches: Mutex<Vec<String>>,
    /// Each node has a child, for ever.
    pub endless: bool,
}

struct Xen(Arc<Store>);

impl dm::xen::Xen for Xen {
    fn info(&self) -> Result<XenInfo> {
        Ok(XenInfo {
            major: 4,
            minor: 17,
            extra: b".5-\x1b[2J".to_vec(),
            capabilities: b"xen-3.0-aarch64".to_vec(),
            changeset: b"<denied>".to_vec(),
            features: 1 << 2 | 1 << 14 | 1 << 31,
            page_size: 4096,
            domain: Some(1),
        })
    }

    fn store(&self) -> Result<Arc<dyn dm::xen::Store>> {
        Ok(self.0.clone())
    }
}

fn absolute(path: &str) -> Vec<u8> {
    match path.starts_with('/') {
        true => path.trim_end_matches('/').as_bytes().to_vec(),
        false => std::format!("/local/domain/1/{path}").into_bytes(),
    }
}

impl dm::xen::Store for Store {
    fn read(&self, path: &str) -> Result<Vec<u8>> {
        if path.contains("secret") {
            return Err(Error::Permission);
        }
        if self.endless {
            return Ok(Vec::new());
        }
        let nodes = self.nodes.lock().unwrap();
        nodes.get(&absolute(path)).cloned().ok_or(Error::NotFound)
    }

    fn write(&self, nodes: &[(&str, Vec<u8>)]) -> Result<()> {
        let new = nodes.iter().cloned();
        let new = new.map(|(path, value)| (absolute(path), value));
        self.nodes.lock().unwrap().extend(new);
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<()> {
        let (path, mut nodes) = (absolute(path), self.nodes.lock().unwrap());
        nodes.retain(|key, _| !key.starts_with(&path));
        Ok(())
    }

    fn directory(&self, path: &str) -> Result<Vec<Vec<u8>>> {
        if self.endless {
            return Ok(std::vec![b"x".to_vec()]);
        }
        if path.contains("secret") {
            return Err(Error::Permission);
        }
        let path = [&absolute(path)[..], b"/"].concat();
        let nodes = self.nodes.lock().unwrap();
        let below = nodes.keys().filter_map(|key| key.strip_prefix(&path[..]));
        let mut names: Vec<_> = below
            .map(|rest| rest.split(|&byte| byte == b'/').next().unwrap().to_vec())
            .collect();
        names.dedup();
        match names.is_empty() && !nodes.contains_key(&path[..path.len() - 1]) {
            true => Err(Error::NotFound),
            false => Ok(names),
        }
    }

    fn watch(&self, path: &str) -> Result<()> {
        if path.contains("secret") {
            return Err(Error::Permission);
        }
        self.watches.lock().unwrap().push(path.to_string());
        self.changes.lock().unwrap().push_front(path.into());
        Ok(())
    }

    fn unwatch(&self, path: &str) -> Result<()> {
        self.watches.lock().unwrap().retain(|watch| watch != path);
        Ok(())
    }

    fn changed(&self, _deadline: Deadline) -> Result<Vec<u8>> {
        let next = self.changes.lock().unwrap().pop_front();
        next.ok_or(Error::Timeout)
    }
}

/// The driver of the hypervisor.
pub static DRIVER: Driver = Driver {
    name: "xen",
    id: UclassId::Xen,
    probe: Some(probe),
    ..Driver::new()
};

static DRIVERS: [Driver; 1] = [Driver { ..DRIVER }];

fn probe(_model: &Model, device: &Arc<Device>) -> Result<Ops> {
    Ok(Ops::Xen(
        device.plat::<Arc<dyn dm::xen::Xen>>()?.as_ref().clone(),
    ))
}

/// Makes this the store of a model that has [`DRIVER`].
pub fn bind(model: &Model, store: Arc<Store>) {
    let device = model.bind_driver(model.root(), DRIVER.name, "xen".to_string(), None);
    let xen: Arc<dyn dm::xen::Xen> = Arc::new(Xen(store));
    device.unwrap().set_plat(xen);
}

/// A context of a guest with this store.
pub fn context(store: impl Into<Arc<Store>>) -> Context {
    let model = Model::new(&DRIVERS, &UCLASSES, None);
    bind(&model, store.into());
    let Context { ram, env, .. } = testing::context();
    Context::new(ram, Arc::new(model), env)
}
