// SPDX-License-Identifier: GPL-2.0-or-later
//! What a user asks Xen and XenStore: the operations of the hypervisor's device.

use crate::xen::services::Services;
use crate::xen::xenstore::{NO_TRANSACTION, XenStore};
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::Result;
use dm::xen::{Store, Xen, XenInfo};
use include::xen::version;

/// The token of the user's watches.
const TOKEN: &str = "command";

impl Xen for Services {
    fn info(&self) -> Result<XenInfo> {
        let (major, minor) = self.hv.version();
        let domain = self.store().and_then(|store| store.read("domid"));
        Ok(XenInfo {
            major,
            minor,
            extra: self.hv.version_text(version::EXTRAVERSION)?,
            capabilities: self.hv.version_text(version::CAPABILITIES)?,
            changeset: self.hv.version_text(version::CHANGESET)?,
            features: self.hv.features()?,
            page_size: self.hv.page_size(),
            domain: domain.ok().and_then(|text| text.parse().ok()),
        })
    }

    fn store(&self) -> Result<Arc<dyn Store>> {
        Ok(Services::store(self)?)
    }
}

impl Store for XenStore {
    fn read(&self, path: &str) -> Result<Vec<u8>> {
        self.read_bytes(path)
    }

    fn write(&self, nodes: &[(&str, Vec<u8>)]) -> Result<()> {
        match nodes {
            [(path, value)] => self.write_bytes(NO_TRANSACTION, path, value),
            _ => {
                let store = self.together();
                store.transaction(|transaction| {
                    nodes
                        .iter()
                        .try_for_each(|(path, value)| store.write_bytes(transaction, path, value))
                })
            }
        }
    }

    fn remove(&self, path: &str) -> Result<()> {
        XenStore::remove(self, NO_TRANSACTION, path)
    }

    fn directory(&self, path: &str) -> Result<Vec<Vec<u8>>> {
        self.directory_bytes(path)
    }

    fn watch(&self, path: &str) -> Result<()> {
        XenStore::watch(self, path, TOKEN)
    }

    fn unwatch(&self, path: &str) -> Result<()> {
        XenStore::unwatch(self, path, TOKEN)
    }

    fn changed(&self, deadline: Deadline) -> Result<Vec<u8>> {
        Ok(self
            .wait_event(|token| token == TOKEN, deadline)?
            .path
            .into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xen::fake::Fixture;
    use common::Error;

    #[test]
    fn xen_tells_of_itself() {
        let fixture = Fixture::new();
        let info = || Xen::info(&*fixture.services).unwrap();
        assert_eq!(info().domain, None);
        fixture.world(|world| world.store.tree.set("/local/domain/1/domid", "1"));
        assert_eq!(
            info(),
            XenInfo {
                major: 4,
                minor: 17,
                extra: b".5".to_vec(),
                capabilities: b"xen-3.0-aarch64".to_vec(),
                changeset: b"<denied>".to_vec(),
                features: 1 << 14,
                page_size: 4096,
                domain: Some(1),
            }
        );
        fixture.world(|world| world.store.tree.set("/local/domain/1/domid", "-1"));
        assert_eq!(info().domain, None);
    }

    #[test]
    fn values_are_any_bytes() {
        let fixture = Fixture::new();
        let store = Xen::store(&*fixture.services).unwrap();
        let value = b"a\0\xff\x1b".to_vec();
        store.write(&[("a", value.clone())]).unwrap();
        assert_eq!(store.read("a").unwrap(), value);
        assert_eq!(store.directory("/local/domain/1").unwrap(), [b"a"]);
        store.remove("a").unwrap();
        assert_eq!(store.read("a"), Err(Error::NotFound));
    }

    #[test]
    fn all_nodes_are_written_or_none() {
        let fixture = Fixture::new();
        let store = Xen::store(&*fixture.services).unwrap();
        let nodes = [("a", b"1".to_vec()), ("bad/", b"2".to_vec())];
        assert!(store.write(&nodes).is_err());
        assert_eq!(store.read("a"), Err(Error::NotFound));
        store
            .write(&[("a", b"1".to_vec()), ("b", b"2".to_vec())])
            .unwrap();
        assert_eq!(store.read("b").unwrap(), b"2");
    }

    #[test]
    fn changes_are_reported_while_they_are_watched() {
        let fixture = Fixture::new();
        let store = Xen::store(&*fixture.services).unwrap();
        let changed = || store.changed(Deadline::after_ms(100));
        store.watch("a").unwrap();
        assert_eq!(changed().unwrap(), b"a");
        assert_eq!(changed(), Err(Error::Timeout));
        fixture.world(|world| world.store.tree.set("/local/domain/1/a/b", ""));
        assert_eq!(changed().unwrap(), b"a/b");
        store.unwatch("a").unwrap();
        assert_eq!(fixture.world(|world| world.store.tree.open()), 0);
    }
}
