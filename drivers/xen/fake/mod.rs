// SPDX-License-Identifier: GPL-2.0-or-later
//! A Xen made for tests, and a Domain-0 with the daemons and back-ends that
//! the front-ends speak to.
//!
//! All of it runs inside of [`Hypervisor::notify`] and [`Hypervisor::wait`], in
//! the thread of the test: what happens is the same in each run. A wait that
//! no event ends takes no time, since it moves the thread's clock instead.
//!
//! - [`machine`]: grants and event ports, as Xen keeps them
//! - [`heap`]: memory that must not be shown, counted
//! - [`memory`]: the guest's frames as another domain reaches them: by copies
//! - [`tree`], [`xenstored`]: the store, and its daemon
//! - [`xenconsoled`], [`blkback`], [`blkring`]: the other ends of the devices
//! - [`corrupted`]: guests whose other ends do anything
//! - [`terminal`]: a console that each test has for itself
//! - [`random`]: numbers that are the same in each run
#![allow(clippy::new_without_default, clippy::should_implement_trait)] // It is for tests only.

pub mod blkback;
pub mod blkring;
pub mod corrupted;
pub mod heap;
pub mod machine;
pub mod memory;
pub mod random;
pub mod terminal;
pub mod tree;
pub mod xenconsoled;
pub mod xenstored;

use crate::xen::blkconnect::Attempts;
use crate::xen::blkfront::BlkFront;
use crate::xen::hypervisor::Hypervisor;
use crate::xen::services::Services;
use crate::xen::shared::Shared;
use crate::xen::xenstore::XenStore;
use alloc::sync::Arc;
use alloc::vec::Vec;
use blkback::Blkback;
use common::{Error, Result};
use include::xen::{hvm, version};
use machine::Machine;
use spin::Mutex;
use xenconsoled::Xenconsoled;
use xenstored::Xenstored;

pub use memory::physical;

/// The guest's own domain.
pub const GUEST: u16 = 1;
/// Frames of the pages that the toolstack made.
const STORE_FRAME: u64 = 0x39000;
const CONSOLE_FRAME: u64 = 0x39001;
/// What a notification costs.
const NOTIFY_US: u64 = 100;
/// What a wait costs that an event ends.
const WAKE_US: u64 = 5000;

/// The hypervisor, and the world behind it.
pub struct FakeXen {
    /// What it hides.
    pub world: Mutex<World>,
}

/// Everything that is not the guest.
pub struct World {
    /// What Xen keeps.
    pub xen: Machine,
    /// XenStore's daemon.
    pub store: Xenstored,
    /// The console's daemon.
    pub console: Xenconsoled,
    /// Back-ends of disks.
    pub disks: Vec<Blkback>,
    /// Whether XenStore and the console exist; a guest may have neither.
    pub channels: bool,
}

impl FakeXen {
    fn new() -> FakeXen {
        let mut xen = Machine::new();
        let (store, console) = (xen.reserved_port(), xen.reserved_port());
        let world = World {
            xen,
            store: Xenstored::new(store),
            console: Xenconsoled::new(console),
            disks: Vec::new(),
            channels: true,
        };
        FakeXen {
            world: Mutex::new(world),
        }
    }
}

impl World {
    /// Lets everybody do what there is to do.
    fn step(&mut self) {
        self.store.run(&mut self.xen);
        for disk in &mut self.disks {
            disk.run(&mut self.xen, &mut self.store.tree);
        }
        self.store.deliver(&mut self.xen);
        self.console.run(&mut self.xen);
    }

    /// Requests that the disks have answered.
    fn answered(&self) -> usize {
        self.disks.iter().map(|disk| disk.behaviour.answered).sum()
    }
}

impl Hypervisor for FakeXen {
    fn version(&self) -> (u32, u32) {
        (4, 17)
    }

    fn version_text(&self, query: u64) -> Result<Vec<u8>> {
        match query {
            version::EXTRAVERSION => Ok(b".5".to_vec()),
            version::CAPABILITIES => Ok(b"xen-3.0-aarch64".to_vec()),
            version::CHANGESET => Ok(b"<denied>".to_vec()),
            _ => Err(Error::Invalid("no such text")),
        }
    }

    fn features(&self) -> Result<u32> {
        Ok(1 << 14)
    }

    fn page_size(&self) -> u32 {
        4096
    }

    fn hvm_param(&self, index: u32) -> Result<u64> {
        let world = self.world.lock();
        match index {
            _ if !world.channels => Ok(0),
            hvm::STORE_PFN => Ok(STORE_FRAME),
            hvm::STORE_EVTCHN => Ok(world.store.port.into()),
            hvm::CONSOLE_PFN => Ok(CONSOLE_FRAME),
            hvm::CONSOLE_EVTCHN => Ok(world.console.port.into()),
            _ => Err(Error::Invalid("no such parameter")),
        }
    }

    fn map_frame(&self, frame: u64) -> Result<Shared> {
        let world = self.world.lock();
        match frame {
            STORE_FRAME => Ok((*world.store.page).clone()),
            CONSOLE_FRAME => Ok((*world.console.page).clone()),
            _ => Err(Error::OutOfRange),
        }
    }

    fn map_grant_frame(&self, index: u32) -> Result<Shared> {
        self.world.lock().xen.grant_frame(index)
    }

    fn grant_frames(&self) -> u32 {
        self.world.lock().xen.grant_frames()
    }

    fn max_grant_frames(&self) -> u32 {
        self.world.lock().xen.max_grant_frames()
    }

    fn alloc_unbound(&self, remote: u16) -> Result<u32> {
        self.world.lock().xen.alloc_port(remote)
    }

    fn close_port(&self, port: u32) {
        self.world.lock().xen.close_port(port);
    }

    fn notify(&self, port: u32) {
        let mut world = self.world.lock();
        world.xen.guest_notified(port);
        world.step();
        arch::time::advance(NOTIFY_US);
    }

    fn take_pending(&self, port: u32) -> bool {
        self.world.lock().xen.take_pending(port)
    }

    fn wait(&self, port: u32, timeout_us: u64) {
        let mut world = self.world.lock();
        // The others go on until they have a reason to wake us, or nothing to do.
        let woken = loop {
            let before = world.answered();
            world.step();
            let woken = world.xen.is_pending(port);
            if woken || world.answered() == before {
                break woken;
            }
        };
        arch::time::advance(if woken {
            timeout_us.min(WAKE_US)
        } else {
            timeout_us
        });
    }

    fn unmap_all(&self) -> Result<()> {
        Ok(())
    }
}

/// A guest's services on a fake Xen.
pub struct Fixture {
    /// The hypervisor.
    pub fake: Arc<FakeXen>,
    /// What the front-ends are given.
    pub services: Arc<Services>,
}

impl Fixture {
    /// A guest without disks.
    pub fn new() -> Fixture {
        terminal::install();
        arch::time::advance(0);
        let fake = Arc::new(FakeXen::new());
        let services = Arc::new(Services::new(fake.clone()));
        Fixture { fake, services }
    }

    /// A guest with one disk, `xvda`.
    pub fn with_disk(config: blkback::Config) -> Fixture {
        let fixture = Fixture::new();
        fixture.attach(config);
        fixture
    }

    /// Adds a disk.
    pub fn attach(&self, config: blkback::Config) {
        self.world(|world| {
            let disk = Blkback::attach(config, &mut world.store.tree);
            world.disks.push(disk);
        });
    }

    /// Connects to the first disk.
    ///
    /// # Errors
    /// As [`Attempts::finish`].
    pub fn connect(&self) -> Result<BlkFront> {
        let number = self.world(|world| world.disks[0].config.number);
        let node = alloc::format!("device/vbd/{number}");
        Attempts::default().finish(&self.services, &node, "xvda", number)
    }

    /// XenStore.
    pub fn store(&self) -> Arc<XenStore> {
        self.services.store().unwrap()
    }

    /// Looks at the world, or changes it.
    pub fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.fake.world.lock())
    }

    /// Looks at the first disk's back-end, or changes it.
    pub fn disk<T>(&self, look: impl FnOnce(&mut Blkback) -> T) -> T {
        self.world(|world| look(&mut world.disks[0]))
    }

    /// A buffer of the user's: page-aligned but for `offset`.
    pub fn buffer(&self, len: usize, offset: usize) -> memory::UserBuffer {
        memory::UserBuffer::new(len, offset)
    }

    /// At a test's end: nothing of the guest's is left with Xen, but for grants that somebody kept.
    pub fn finish(self, kept: u32) {
        assert_eq!(self.services.grants.leaked(), kept, "grants kept mapped");
        assert_eq!(self.services.grants.in_use(), kept, "grants in use");
        self.world(|world| world.xen.assert_clean(kept));
    }
}
