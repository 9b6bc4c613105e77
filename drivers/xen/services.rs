// SPDX-License-Identifier: GPL-2.0-or-later
//! What the front-ends share: the hypervisor, the grant table, XenStore.

use crate::xen::blkpool::Pools;
use crate::xen::events::EventChannel;
use crate::xen::gnttab::GrantTable;
use crate::xen::hypervisor::Hypervisor;
use crate::xen::xenstore::XenStore;
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use common::{Error, Result};
use include::xen::hvm;
use spin::Mutex;

/// The private data of the hypervisor's device; its children take it from there.
pub struct Services {
    /// The hypervisor.
    pub hv: Arc<dyn Hypervisor>,
    /// Grants to other domains.
    pub grants: Arc<GrantTable>,
    store: Mutex<Option<Arc<XenStore>>>,
    /// Pages of disks, by the domain of their back-ends.
    pools: Mutex<BTreeMap<u16, Weak<Mutex<Pools>>>>,
}

impl Services {
    /// The services of a hypervisor.
    pub fn new(hv: Arc<dyn Hypervisor>) -> Services {
        let grants = GrantTable::new(hv.clone());
        Services {
            hv,
            grants,
            store: Mutex::new(None),
            pools: Mutex::default(),
        }
    }

    /// XenStore, connected on first use. A guest may have none.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if this guest has no XenStore.
    pub fn store(&self) -> Result<Arc<XenStore>> {
        let mut store = self.store.lock();
        if let Some(store) = &*store {
            return Ok(store.clone());
        }
        let (ring, event) = self.channel(hvm::STORE_PFN, hvm::STORE_EVTCHN)?;
        let new = Arc::new(XenStore::new(ring, event));
        *store = Some(new.clone());
        Ok(new)
    }

    /// Leaves XenStore, if it was used, as [`XenStore::settle`] does.
    ///
    /// # Errors
    /// As there.
    pub fn settle(&self) -> Result<()> {
        let store = self.store.lock().clone();
        store.map_or(Ok(()), |store| store.settle())
    }

    /// The pages that the disks of a domain share; they exist as long as one of these disks.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn pools(&self, domain: u16) -> Result<Arc<Mutex<Pools>>> {
        let mut all = self.pools.lock();
        if let Some(pools) = all.get(&domain).and_then(Weak::upgrade) {
            return Ok(pools);
        }
        let pools = Arc::new(Mutex::new(Pools::new(&self.grants, domain)?));
        all.insert(domain, Arc::downgrade(&pools));
        Ok(pools)
    }

    /// The page and the event port that two parameters of the domain name.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if either is not there.
    pub fn channel(
        &self,
        frame: u32,
        port: u32,
    ) -> Result<(crate::xen::shared::Shared, EventChannel)> {
        let frame = self.hv.hvm_param(frame)?;
        let port = u32::try_from(self.hv.hvm_param(port)?).unwrap_or(0);
        if frame == 0 || frame == u64::MAX || port == 0 {
            return Err(Error::NoDevice);
        }
        Ok((
            self.hv.map_frame(frame)?,
            EventChannel::existing(&self.hv, port),
        ))
    }
}
